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
