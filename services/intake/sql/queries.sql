-- claim_revisions --
-- Lock the sources of a batch, alone those of a watermark; then matters and posts in key order (D11), made where they
-- are new, and raise each by what a batch may add to it. In one statement: each further one costs every batch its way.
with locked as materialized (
    select count(case when alone then pg_advisory_xact_lock(k)::text else pg_advisory_xact_lock_shared(k)::text end) n
    from (select hashtextextended(s, 8), bool_or(a) from unnest($5::text[], $6::bool[]) u(s, a) group by 1 order by 1)
        o(k, alone)
)
insert into aggregates as g (authority, name, topic, revision)
select a, n, t, r from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) u(a, n, t, r)
where (select l.n from locked l) >= 0 order by a, n, t
on conflict (authority, name, topic) do update set revision = g.revision + excluded.revision
returning authority, name, topic, revision, inspection

-- find_known --
-- What these identities stand for already. The limit keeps it an index look-up for each, whatever the statistics say.
select f.source, f.event_id, f.digest, f.published_id, f.topic, f.subject
from unnest($1::text[], $2::text[]) u(s, i)
cross join lateral (select * from facts where source = u.s and event_id = u.i limit 1) f

-- set_revisions --
-- Record how many events matters and posts have by now, where it is fewer than were claimed.
update aggregates g set revision = u.r
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) u(a, n, t, r)
where g.authority = u.a and g.name = u.n and g.topic = u.t

-- set_inspections --
-- How inspections stand now, of matters that this transaction has locked.
update aggregates g set inspection = u.s
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) u(a, n, t, s)
where g.authority = u.a and g.name = u.n and g.topic = u.t

-- select_withheld --
-- What was submitted about these matters, in order of receipt: of it their content was withheld.
select f.authority, f.matter, f.topic, f.source, f.event_id, f.type, f.submission
from unnest($1::text[], $2::text[], $3::text[]) u(a, n, t)
join facts f on f.authority = u.a and f.matter = u.n and f.topic = u.t
order by f.authority, f.matter, f.revision

-- insert_rejections --
-- Keep refusals, with their bytes where they came by Kafka.
insert into rejections (id, transport, topic, partition, position, subject, source, event_id, sha256, size, reasons,
    received_at, headers, raw)
select i, tr, tp, pa, po, su, so, ev, sh, si, re::jsonb, at, he, ra
from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::bigint[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::bigint[], $11::text[], $12::timestamptz[], $13::bytea[], $14::bytea[])
    u(i, tr, tp, pa, po, su, so, ev, sh, si, re, at, he, ra)
on conflict do nothing

-- claim_key --
-- Take an idempotency key; a second request with the same key waits here until the first has committed.
insert into idempotency_keys (key, fingerprint) values ($1, $2) on conflict do nothing returning key

-- find_answer --
-- The request a key stands for and the answer it was given.
select fingerprint, status, media_type, answer from idempotency_keys where key = $1

-- keep_answer --
-- The answer of the request that holds the key.
update idempotency_keys set status = $2, media_type = $3, answer = $4 where key = $1

-- find_matters --
-- The matters that an id may mean: one by its full key, or all with that bare id.
select authority, name, revision, inspection from aggregates
where topic = 'matter-events' and (name = $1 or (authority = $2 and name = $3)) and revision > 0
order by authority, name

-- read_facts --
-- The facts of one matter in order of receipt.
select source, event_id, type, version, subject, occurred_at, issued_at, received_at, transport, submission, revision,
    published_id, published_type
from facts where authority = $1 and matter = $2 and topic = 'matter-events' order by revision

-- lock_sources --
-- What is known of these sources, locked in ascending order.
select source, heard_at, usual_gap from sources where source = any($1::text[]) order by source for update

-- save_sources --
-- When each was heard last; another replica may have heard it later.
insert into sources as s (source, heard_at, usual_gap)
select * from unnest($1::text[], $2::timestamptz[], $3::interval[])
on conflict (source) do update set heard_at = excluded.heard_at, usual_gap = excluded.usual_gap
where s.heard_at < excluded.heard_at

-- select_quiet_sources --
-- Sources of which nothing was taken in since an instant.
select source, heard_at, usual_gap from sources where heard_at < $1

-- select_sources --
-- Every source that was ever heard.
select source, heard_at, usual_gap from sources order by source
