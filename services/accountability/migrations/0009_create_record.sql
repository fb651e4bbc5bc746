-- Free texts and names, salted and hashed apart from the events that speak of them.
create table texts (
    id uuid not null,
    authority text not null,
    matter text not null,
    case_id uuid,
    kind text not null,
    salt bytea,
    sha256 bytea not null,
    body text,
    kept_at timestamptz not null,
    erased_at timestamptz,
    primary key (id, authority, matter),
    constraint texts_have_a_whole_digest check (length(sha256) = 32),
    constraint texts_erased_have_neither_salt_nor_body check (
        (erased_at is null) = (body is not null) and (erased_at is null) = (salt is not null)
    )
);
comment on table texts is 'What people wrote, and names. Kept for ever, or until two people erase it on a legal ground (R31).';
comment on column texts.matter is 'Empty for what belongs to none.';
comment on column texts.sha256 is 'Of salt and body; all that stays of an erased text.';
create index texts_of_cases on texts (case_id) where case_id is not null;

-- The record nobody can bend: rows that are never changed, chained by their hashes some seconds after they are written.
-- xid finds what is not sealed yet; what stood here before has that of this migration.
alter table case_events add column xid bigint not null default pg_current_xact_id()::text::bigint;
alter table directory_facts add column xid bigint not null default pg_current_xact_id()::text::bigint;
alter table texts add column xid bigint not null default pg_current_xact_id()::text::bigint;
comment on column case_events.xid is 'The transaction that wrote the row, by which the sealer finds it; no part of what is sealed.';
comment on column directory_facts.xid is 'As case_events.xid.';
comment on column texts.xid is 'As case_events.xid.';
create index case_events_by_transaction on case_events using brin (xid) with (autosummarize = on);
create index directory_facts_by_transaction on directory_facts (xid);
create index texts_by_transaction on texts (xid);

-- What a seal names: a key of text columns has no place in it.
alter table directory_facts add column row_id uuid not null generated always as (
    md5(authority || e'\x1f' || post || e'\x1f' || source || e'\x1f' || event_id)::uuid
) stored;
comment on column directory_facts.row_id is 'Derived from the key, for seals.';
create index directory_facts_by_row_id on directory_facts (row_id);

create table readings (
    reading_id uuid not null,
    authority text not null,
    matter text not null,
    person text not null,
    what text not null constraint readings_are_of_a_known_kind check (what in ('case', 'list', 'readings', 'export')),
    cases uuid[] not null,
    read_at timestamptz not null,
    xid bigint not null default pg_current_xact_id()::text::bigint,
    primary key (reading_id, authority, matter)
);
comment on table readings is 'Who was shown which named cases; never changed. A case is not shown where this cannot be written (I19).';
comment on column readings.matter is 'Of one case; of a list it is empty, as is authority, and the chain is that of the reader.';
comment on column readings.person is 'Pseudonymous; empty where identities are not checked.';
create index readings_of_cases on readings using gin (cases);
create index readings_by_transaction on readings (xid);

create table record_acts (
    act_id uuid not null,
    authority text not null,
    matter text not null,
    act text not null constraint record_acts_are_of_a_known_kind
        check (act in ('hold', 'release', 'erasure-proposed', 'erasure')),
    texts uuid[] not null,
    by_person text not null,
    confirms uuid,
    legal_basis text not null,
    ground text,
    acted_at timestamptz not null,
    xid bigint not null default pg_current_xact_id()::text::bigint,
    primary key (act_id, authority, matter),
    constraint record_acts_erase_what_was_proposed check ((act = 'erasure') = (confirms is not null))
);
comment on table record_acts is 'Legal holds of matters and their end, erasures of texts: proposed by one, confirmed by another. Never changed.';
comment on column record_acts.ground is 'Why a text is erased before its time: of a closed list; null where its time is over.';
create index record_acts_of_matters on record_acts (authority, matter, acted_at);
create index record_acts_by_transaction on record_acts (xid);

create table chains (
    chain smallint primary key constraint chains_are_numbered_from_zero check (chain between 0 and 63),
    n bigint not null,
    hash bytea not null
);
comment on table chains is 'The last row of each chain (I14). Before the first, the hash is that of the chain''s name.';
insert into chains (chain, n, hash)
select c, 0, sha256(convert_to('duban record 1, chain ' || c, 'utf8')) from generate_series(0, 63) c;

create table seals (
    chain smallint not null,
    n bigint not null constraint seals_are_counted_from_one check (n >= 1),
    kind text not null constraint seals_are_of_a_known_kind
        check (kind in ('case-event', 'directory-fact', 'reading', 'text', 'act')),
    row_id uuid not null,
    row_n int not null,
    hash bytea not null,
    primary key (chain, n),
    constraint seals_one_per_row unique (row_id, row_n, kind, chain)
);
comment on table seals is 'h(n) = SHA-256(h(n-1) and the canonical JSON of the row), for each chain, without gaps (I14).';

create table sealing (
    one boolean primary key default true check (one),
    sealed_below bigint not null,
    cluster text not null,
    reached_at timestamptz not null default clock_timestamp()
);
comment on table sealing is 'Where the sealer is: who holds this row''s lock seals, one at a time.';
comment on column sealing.sealed_below is 'Every row of an earlier transaction is sealed.';
comment on column sealing.cluster is 'Whose transactions are meant: in another cluster they are counted anew.';
comment on column sealing.reached_at is 'When last nothing was left to seal.';
insert into sealing (sealed_below, cluster) values (0, '');

create table record_heads (
    n bigint primary key,
    made_at timestamptz not null default clock_timestamp(),
    body text not null,
    hash bytea not null,
    signature bytea not null
);
comment on table record_heads is 'Each signed head over all chains, as it was published; its body holds the one before it by its hash.';
comment on column record_heads.body is 'The canonical JSON that is signed.';

create table record_keys (
    key text primary key,
    public bytea not null,
    first_used_at timestamptz not null default clock_timestamp()
);
comment on table record_keys is 'Public keys of heads, by what heads call them. Trust those that you were given otherwise.';
