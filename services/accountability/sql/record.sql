-- lock_sealing --
-- Who has this row's lock seals; others find nothing and come again.
select sealed_below, cluster from sealing for update skip locked;

-- select_horizon --
-- Transactions below it have ended, and what they wrote is seen by every later statement; whose cluster this is.
select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as below,
    (select system_identifier from pg_control_system()) || '/'
    || (select oid from pg_database where datname = current_database()) as cluster;

-- plan_for_sealing --
-- For the rest of the transaction: rows by their transaction, seals by their row, whatever the planner believes.
select set_config(name, 'off', true) from unnest(array['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin']) s(name);

-- select_chains --
-- Where the chains end, in their order.
select chain, n, hash from chains order by chain;

-- move_chains --
-- The new ends of chains.
update chains c set n = u.n, hash = u.hash
from unnest($1::smallint[], $2::bigint[], $3::bytea[]) u(chain, n, hash) where c.chain = u.chain;

-- move_sealing --
-- Everything of earlier transactions is sealed.
update sealing set sealed_below = $1, cluster = $2,
    reached_at = case when $3::boolean then clock_timestamp() else reached_at end;

-- summarise_transactions --
-- Note in the block range index which transactions wrote what is new: without it each pass reads all that is new since
-- the last vacuum. Only the owner of the table may.
select brin_summarize_new_values('case_events_by_transaction') from pg_class
where oid = 'case_events'::regclass and pg_has_role(relowner, 'usage');

-- count_unsealed --
-- Rows that wait for the sealer, up to a number for each table; for how long something may have waited, in seconds.
select (
    (select count(*) from (select from case_events where xid >= s.sealed_below limit $1) r)
    + (select count(*) from (select from directory_facts where xid >= s.sealed_below limit $1) r)
    + (select count(*) from (select from texts where xid >= s.sealed_below limit $1) r)
    + (select count(*) from (select from readings where xid >= s.sealed_below limit $1) r)
    + (select count(*) from (select from record_acts where xid >= s.sealed_below limit $1) r)
)::int as waiting, extract(epoch from clock_timestamp() - s.reached_at)::float8 as age_s
from sealing s;

-- select_last_head --
-- The last head, and whether it is old enough for another.
select n, body, hash, made_at <= clock_timestamp() - $1::interval as due from record_heads order by n desc limit 1;

-- keep_key --
-- Remember a key that signs.
insert into record_keys (key, public) values ($1, $2) on conflict do nothing;

-- keep_head --
-- Keep a head as it was signed.
insert into record_heads (n, body, hash, signature) values ($1, $2, $3, $4);

-- select_head_age --
-- Since when a chain is longer than the last head says, in seconds; 0 where none is.
select coalesce((
    select extract(epoch from clock_timestamp() - coalesce(h.made_at, s.first_at))::float8
    from (select min(applied_at) as first_at from migrations where name like 'own/%create_record') s
    left join lateral (select made_at, body from record_heads order by n desc limit 1) h on true
    where exists (
        select from chains c where c.n > coalesce((h.body::json -> 'lengths' ->> c.chain::int)::bigint, 0)
    )
), 0);

-- select_keys --
-- Public keys of heads.
select key, encode(public, 'hex') as public from record_keys order by first_used_at, key;

-- select_heads_to_export --
-- All heads of the last 1,440, the last of each day before, and no others unless all are wanted.
select n, body, signature from record_heads h
where $1::boolean or n > (select max(n) - 1440 from record_heads) or not exists (
    select from record_heads l where l.n > h.n and l.made_at < date_trunc('day', h.made_at) + interval '1 day'
)
order by n;

-- page_of_seals --
-- Seals in the order of their chains, after a place.
select chain, n, kind, row_id, row_n, hash from seals where (chain, n) > ($1::smallint, $2::bigint)
order by chain, n limit $3;

-- page_of_texts --
-- Texts in the order of their ids, after one of them.
select id, authority, matter, salt, body, erased_at from texts
where (id, authority, matter) > ($1::uuid, $2::text, $3::text) order by id, authority, matter limit $4;

-- select_sealing --
-- Where the sealer is, and whether it counts this cluster's transactions.
select s.sealed_below, s.cluster = h.cluster as here from sealing s, (
    select (select system_identifier from pg_control_system()) || '/'
    || (select oid from pg_database where datname = current_database()) as cluster
) h;

-- wait_for_slow_readers --
-- For the rest of the transaction: who reads an export slowly is waited for.
select set_config('idle_in_transaction_session_timeout', '10min', true);

-- add_reading --
-- Who was shown which cases, or what else that is a reading.
insert into readings (reading_id, authority, matter, person, what, cases, about, read_at)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- page_of_readings --
-- Who was shown a case, the last first, before a position.
select reading_id, person, what, about, read_at from readings
where cases @> array[$1::uuid] and ($2::timestamptz is null or (read_at, reading_id) < ($2, $3::uuid))
order by read_at desc, reading_id desc limit $4;

-- lock_texts --
-- Texts by their ids, locked, with the last event of their cases and whether their matters are held.
select t.id, t.authority, t.matter, t.kept_at, t.erased_at, (
    select max(e.occurred_at) from case_events e where e.case_id = t.case_id
) as last_event_at, coalesce((
    select a.act = 'hold' from record_acts a
    where a.authority = t.authority and a.matter = t.matter and a.act in ('hold', 'release')
    order by a.acted_at desc, a.act_id desc limit 1
), false) as held
from texts t where t.id = any($1::uuid[]) order by t.id for update;

-- select_open_proposals --
-- Erasures of exactly these texts that were proposed and not confirmed.
select a.act_id, a.by_person, a.legal_basis, a.ground, a.acted_at from record_acts a
where a.act = 'erasure-proposed' and a.authority = $1 and a.matter = $2 and a.texts = $3
    and not exists (select from record_acts c where c.confirms = a.act_id)
order by a.acted_at desc, a.act_id;

-- lock_holds --
-- Serialise holds of a matter, and erasures with them.
select pg_advisory_xact_lock($1, hashtext($2));

-- select_hold --
-- Whether a matter is held.
select coalesce((
    select act = 'hold' from record_acts where authority = $1 and matter = $2 and act in ('hold', 'release')
    order by acted_at desc, act_id desc limit 1
), false);

-- add_act --
-- Keep what was done with the record.
insert into record_acts (act_id, authority, matter, act, texts, by_person, confirms, legal_basis, ground, acted_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- erase_texts --
-- Take the words and the salt away; the digest stays.
update texts set body = null, salt = null, erased_at = $2 where id = any($1::uuid[]) and erased_at is null;

-- select_record --
-- How far the record is sealed and signed.
select (select sum(n)::bigint from chains) as rows, (select reached_at from sealing) as reached_at, h.n, h.hash
from (select) one left join (select n, hash from record_heads order by n desc limit 1) h on true;

-- select_states --
-- Cases whose last event is the one of this number, with that event, and where their proceedings stand.
select c.*, e.event_id as last_event, e.occurred_at as last_at, p.state as stage
from unnest($1::uuid[], $2::int[]) u(case_id, n)
join cases c on c.case_id = u.case_id and c.revision = u.n
join case_events e on e.case_id = c.case_id and e.n = c.revision
left join proceedings p on p.case_id = c.case_id;
