-- insert_holder_facts --
-- Keep facts of the directory; one that is known is left alone.
insert into holder_facts (
    authority, post, source, id, occurred_at, person, role, unit, kind, until, acting, other, of_post, unit_kind,
    issued_at, replaces_source, replaces_id
)
select * from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::timestamptz[], $11::boolean[], $12::text[], $13::text[], $14::text[], $15::timestamptz[], $16::text[],
    $17::text[]
)
on conflict do nothing

-- select_holder_facts --
-- All facts of every post that ever served one of these units, one above it, or the whole of one of these authorities;
-- of these units; and of the leaves of who ever held these posts.
with recursive up(authority, unit) as (
    select * from unnest($1::text[], $2::text[]) u(authority, unit) where unit is not null
    union
    select f.authority, f.unit from up
    join holder_facts f on f.authority = up.authority and f.post = up.unit
    where f.kind = 'placed' and f.unit is not null
),
posts as (
    select p.authority, p.post from up
    join holder_facts p on p.authority = up.authority and p.unit = up.unit and p.role is not null
    union
    select p.authority, p.post from holder_facts p
    where p.authority = any($1::text[]) and p.unit is null and p.role is not null
),
entries as (
    select * from posts union select * from up union
    select f.authority, f.person from posts join holder_facts f using (authority, post) where f.person is not null
)
select f.authority, f.post, f.source, f.id, f.occurred_at, f.person, f.role, f.unit, f.kind, f.until, f.acting, f.other,
    f.of_post, f.unit_kind, f.issued_at, f.replaces_source, f.replaces_id
from entries e join holder_facts f on f.authority = e.authority and f.post = e.post

-- select_cases --
-- What is remembered of these cases.
select c.matter_key, c.id, c.revision, c.named, c.item, c.unit, c.clock, c.due
from cases c join unnest($1::text[], $2::text[]) k(matter_key, id) on c.matter_key = k.matter_key and c.id = k.id

-- upsert_cases --
-- Remember cases, in ascending key; an older revision replaces nothing (D3).
insert into cases as c (matter_key, id, revision, named, item, unit, clock, due)
select k, i, r, n::jsonb, t, u, l, d
from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
    as s(k, i, r, n, t, u, l, d)
order by k, i
on conflict (matter_key, id) do update set revision = excluded.revision, named = excluded.named,
    item = coalesce(excluded.item, c.item), unit = coalesce(excluded.unit, c.unit),
    clock = coalesce(excluded.clock, c.clock), due = coalesce(excluded.due, c.due)
where c.revision < excluded.revision

-- select_new_notices --
-- Those of these notices that are not there.
select u.i as id from unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) u(r, s, a, i)
where not exists (
    select from notices n where n.recipient = u.r and n.about_source = u.s and n.about_id = u.a and n.channel = $5
)

-- count_told --
-- Count notices on each recipient's ration, in ascending order (D11): a new window begins at 0, a past one is over.
insert into rations as r (recipient, channel, since, told)
select p, $3, $4, n from unnest($1::text[], $2::int[]) u(p, n) order by p
on conflict (recipient, channel) do update set since = greatest(r.since, excluded.since),
    told = case when excluded.since > r.since then excluded.told else r.told + excluded.told end
returning recipient, since, told

-- insert_digests --
-- Open digests.
insert into digests (id, recipient, since, channel, created_at)
select i, r, s, $4, $5 from unnest($1::uuid[], $2::text[], $3::timestamptz[]) u(i, r, s) order by i
on conflict do nothing

-- insert_notices --
-- Keep notices; the ids of those that were not there (I13).
insert into notices (recipient, about_source, about_id, channel, id, kind, matter_key, case_id, role, state, reason,
    facts, digest, created_at)
select r, s, a, $14, i, k, m, c, o, t, n, f::json, d, $13
from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::uuid[])
    as u(r, s, a, i, k, m, c, o, t, n, f, d)
order by r, s, a
on conflict do nothing
returning id

-- select_inbox --
-- What a person was told, by notices and digests, newest first, from a cursor on.
select * from (
    (select id, kind, about_source, about_id, matter_key, case_id, role, created_at, recipient, facts,
        subject_en, body_en, subject_zh, body_zh, null::timestamptz as since
    from notices
    where recipient = $1 and channel = 'inbox' and state = 'sent' and digest is null and (created_at, id) < ($2, $3)
    order by created_at desc, id desc limit $4)
    union all
    (select id, 'notices.digest', null, null, null, null, null, created_at, recipient, null, null, null, null, null, since
    from digests
    where recipient = $1 and channel = 'inbox' and (created_at, id) < ($2, $3)
    order by created_at desc, id desc limit $4)
) told order by created_at desc, id desc limit $4

-- select_gathered --
-- What a digest gathers, newest first, from a cursor on.
select id, kind, about_source, about_id, matter_key, case_id, role, created_at, recipient, facts,
    subject_en, body_en, subject_zh, body_zh
from notices
where digest = $2 and recipient = $1 and (created_at, id) < ($3, $4)
order by created_at desc, id desc limit $5

-- select_digests --
-- How many notices each of these digests gathers, and $2 of them, the first first.
select d.id as digest, g.gathered, n.id, n.kind, n.about_source, n.about_id, n.role, n.recipient, n.facts
from unnest($1::uuid[]) d(id)
cross join lateral (select count(*) as gathered from notices where digest = d.id) g
cross join lateral (
    select id, kind, about_source, about_id, role, recipient, facts, created_at from notices
    where digest = d.id order by created_at, id limit $2
) n
order by d.id, n.created_at, n.id

-- select_notices_of_matter --
-- Everything decided about one matter, told or not, newest first.
select id, kind, about_source, about_id, matter_key, case_id, role, created_at, recipient, channel, state, reason
from notices
where matter_key = $1 and ($2::text is null or state = $2) and (created_at, id) < ($3, $4)
order by created_at desc, id desc limit $5

-- select_notices_not_sent --
-- What was suppressed, or what failed, newest first (D9).
select id, kind, about_source, about_id, matter_key, case_id, role, created_at, recipient, channel, state, reason
from notices
where state = $1 and state <> 'sent' and (created_at, id) < ($2, $3)
order by created_at desc, id desc limit $4

-- insert_subscription --
-- Start a subscription.
insert into subscriptions (id, url, types, secret, state, created_at) values ($1, $2, $3, $4, 'active', $5)

-- select_active_subscriptions --
-- What every batch is matched against.
select id, types from subscriptions where state = 'active' order by id

-- select_subscriptions --
-- Subscriptions that were not deleted, newest first; their secrets stay here.
select id, url, types, state, created_at, ended_at from subscriptions
where state <> 'deleted' and (created_at, id) < ($1, $2)
order by created_at desc, id desc limit $3

-- end_subscriptions --
-- End subscriptions and forget their secrets; the ids of those that changed. A disabled one may still be deleted.
update subscriptions set state = $2, secret = null, ended_at = $3
where id = any($1::uuid[]) and (state = 'active' or (state = 'disabled' and $2 = 'deleted'))
returning id

-- lock_pending_deliveries --
-- Lock what is pending for these subscriptions, in ascending order (D11).
select id from deliveries where subscription = any($1::uuid[]) and state = 'pending' order by id for update

-- fail_deliveries --
-- Give up on these.
update deliveries set state = 'failed', reason = $2, next_attempt_at = null
where id = any($1::uuid[]) and state = 'pending'
returning id, subscription, about_source, about_id, kind, matter_key, attempts, state, reason

-- insert_deliveries --
-- One delivery for each subscription and event; the ids of those that were not there (I13).
insert into deliveries (id, subscription, about_source, about_id, kind, matter_key, body, state, reason,
    next_attempt_at, created_at)
select i, s, o, a, k, m, b, t, n, case when t = 'pending' then statement_timestamp() end, $10
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::text[])
    as u(i, s, o, a, k, m, b, t, n)
order by i
on conflict do nothing
returning id

-- claim_deliveries --
-- Take due deliveries: $1 for each subscription at most, one where calls failed lately, $2 in all, for $3. Who has
-- waited longest comes first, so that nobody starves behind $2 of others. The attempt is on record before the call; one
-- that was under way and lost its sender ended with an unknown outcome.
with waiting as materialized (
    select s.id, s.url, s.secret, s.failures from subscriptions s
    cross join lateral (
        select next_attempt_at as since from deliveries
        where subscription = s.id and state = 'pending' and next_attempt_at <= statement_timestamp()
        order by next_attempt_at limit 1
    ) oldest
    where s.state = 'active' and (s.resume_at is null or s.resume_at <= statement_timestamp())
    order by oldest.since, s.id
), due as (
    select d.id, s.url, s.secret, s.failures from waiting s
    cross join lateral (
        select id from deliveries
        where subscription = s.id and state = 'pending' and next_attempt_at <= statement_timestamp()
        order by next_attempt_at limit case when s.failures > 0 then 1 else $1 end
        for update skip locked
    ) d
    limit $2
), lost as (
    update attempts a set outcome = 'unknown', ended_at = clock_timestamp()
    from due where a.delivery = due.id and a.outcome is null
), claimed as (
    update deliveries d set attempts = d.attempts + 1, next_attempt_at = clock_timestamp() + $3
    from due where d.id = due.id
    returning d.id, d.subscription, d.body, d.attempts, due.url, due.secret, due.failures
), recorded as (
    insert into attempts (delivery, number, started_at)
    select id, attempts, clock_timestamp() from claimed
    returning delivery, started_at
)
select claimed.*, recorded.started_at from claimed join recorded on recorded.delivery = claimed.id order by claimed.id

-- lock_deliveries --
-- Lock deliveries in ascending order (D11).
select id from deliveries where id = any($1::uuid[]) order by id for update

-- record_attempts --
-- What came of attempts; also of one that was taken for lost meanwhile.
update attempts a set outcome = u.outcome, status = u.status, ended_at = clock_timestamp()
from unnest($1::uuid[], $2::int[], $3::text[], $4::int[]) u(delivery, number, outcome, status)
where a.delivery = u.delivery and a.number = u.number and (a.outcome is null or a.outcome = 'unknown')

-- settle_deliveries --
-- What becomes of deliveries after an attempt. Only a success counts from an attempt that is not the last. A body is
-- kept until its delivery has arrived.
update deliveries d set state = u.state, reason = u.reason,
    next_attempt_at = case when u.state = 'pending' then clock_timestamp() + make_interval(secs => u.delay_s) end,
    body = case when u.state = 'sent' then null else d.body end
from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::float8[]) u(id, number, state, reason, delay_s)
where d.id = u.id and d.state = 'pending' and (u.state = 'sent' or d.attempts = u.number)
returning d.id, d.subscription, d.about_source, d.about_id, d.kind, d.matter_key, d.attempts, d.state, d.reason

-- note_failures --
-- How many calls of a subscription failed in a row, and until when it is left alone but for a probe.
update subscriptions s set failures = u.failures,
    resume_at = case when u.failures > 0 then clock_timestamp() + make_interval(secs => u.delay_s) end
from unnest($1::uuid[], $2::int[], $3::float8[]) u(id, failures, delay_s)
where s.id = u.id

-- oldest_pending_s --
-- How long the oldest delivery that is due waits, in seconds on the database's clock; 0 when none is.
select coalesce(max(extract(epoch from statement_timestamp() - d.next_attempt_at)), 0)::float8
from subscriptions s cross join lateral (
    select next_attempt_at from deliveries
    where subscription = s.id and state = 'pending' and next_attempt_at <= statement_timestamp()
    order by next_attempt_at limit 1
) d

-- select_deliveries --
-- Deliveries, newest first, from a cursor on.
select id, subscription, about_source, about_id, kind, matter_key, state, reason, attempts, next_attempt_at, created_at
from deliveries
where ($1::text is null or state = $1) and ($2::uuid is null or subscription = $2) and (created_at, id) < ($3, $4)
order by created_at desc, id desc limit $5

-- select_attempts --
-- Every attempt of these deliveries, in order.
select delivery, number, started_at, ended_at, outcome, status from attempts
where delivery = any($1::uuid[]) order by delivery, number
