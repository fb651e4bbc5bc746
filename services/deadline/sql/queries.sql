-- insert_matters --
-- Make sure that there is a row to lock for each matter; those that nobody knew before.
insert into matters (authority, matter)
select a, m from unnest($1::text[], $2::text[]) u (a, m) order by a, m
on conflict do nothing
returning authority, matter

-- lock_matters --
-- In the order of their keys, so that no two batches wait for each other (D11).
select from matters x join unnest($1::text[], $2::text[]) u (a, m) on x.authority = u.a and x.matter = u.m
order by x.authority, x.matter
for update of x

-- insert_facts --
-- Keep the facts that are new; what those are about.
insert into facts (authority, matter, source, event_id, event, type, subject, occurred_at, occurred_on, issued_at, received_at,
    revision, says)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::timestamptz[], $9::date[], $10::timestamptz[], $11::timestamptz[], $12::bigint[], $13::json[])
on conflict do nothing
returning authority, matter, subject

-- select_facts --
-- All facts of the subjects, null for whole matters, in no order: the fold has its own.
select f.*, u.s as part from unnest($1::text[], $2::text[], $3::text[]) u (a, m, s)
join facts f on f.authority = u.a and f.matter = u.m and (u.s is null or f.subject = u.s)

-- select_clocks --
-- All clocks of the subjects, null for whole matters, as they were left.
select c.*, u.s as part from unnest($1::text[], $2::text[], $3::text[]) u (a, m, s)
join clocks c on c.authority = u.a and c.matter = u.m
    and (u.s is null or c.subject = u.s or (u.s = '' and c.subject not like 'case:%'))

-- claim_due_matters --
-- Matters with a clock in these lanes whose alarm has come, earliest first, locked. Those another transaction works on
-- are left to it; those with a fact that has become known are folded first: their rows may say what is not true (D7).
-- Nor is true what rests on a calendar that is being replaced.
select m.authority, m.matter from unnest($1::int[]) l
cross join lateral (
    select authority, matter, next_alarm_at from clocks k
    where lane = l and next_alarm_at <= $2 and not exists (
        select from recalculations r
        where r.finished_at is null and rests_on(k.says, k.late_from, r.code, r.version, r.first_day, r.last_day)
    )
    order by next_alarm_at limit $4
) c
join matters m on m.authority = c.authority and m.matter = c.matter
where m.refold_at is null or m.refold_at > $3
order by c.next_alarm_at
limit $4
for update of m skip locked

-- select_due_clocks --
-- Looked up again under the lock: what was due may have been met meanwhile. In the order in which they fell due.
select c.* from unnest($1::text[], $2::text[]) u (a, m)
join clocks c on c.authority = u.a and c.matter = u.m
where c.next_alarm_at <= $3 and c.lane = any($4::int[]) and not exists (
    select from recalculations r
    where r.finished_at is null and rests_on(c.says, c.late_from, r.code, r.version, r.first_day, r.last_day)
)
order by c.authority, c.matter, c.next_alarm_at, c.late_from, c.clock, c.subject

-- claim_matters_to_refold --
-- Matters with a fact that is known by now, locked.
select authority, matter from matters
where refold_at <= $1
order by refold_at
limit $2
for update skip locked

-- save_clocks --
-- Write the rows as folded or fired.
insert into clocks (authority, matter, clock, subject, lane, state, item, unit, zone, due_on, late_from, done_at, done_on,
    withdrawn, warned, next_alarm_at, alarms, says, missed_late_from, digest, applies, revision,
    known_at, confirmed_at, unconfirmed)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::date[], $11::timestamptz[], $12::timestamptz[], $13::date[], $14::boolean[],
    $15::text[], $16::timestamptz[], $17::jsonb[], $18::json[], $19::timestamptz[], $20::text[], $21::boolean[],
    $22::bigint[], $23::timestamptz[], $24::timestamptz[], $25::boolean[])
on conflict (authority, matter, clock, subject) do update set
    state = excluded.state, item = excluded.item, unit = excluded.unit, zone = excluded.zone, due_on = excluded.due_on,
    late_from = excluded.late_from, done_at = excluded.done_at, done_on = excluded.done_on,
    withdrawn = excluded.withdrawn, warned = excluded.warned, next_alarm_at = excluded.next_alarm_at,
    alarms = excluded.alarms, says = excluded.says, missed_late_from = excluded.missed_late_from,
    digest = excluded.digest, applies = excluded.applies, revision = excluded.revision,
    known_at = excluded.known_at, confirmed_at = excluded.confirmed_at, unconfirmed = excluded.unconfirmed

-- save_fired --
-- Write what the sweep changed of rows that it has locked: all else in them stays as it was folded.
update clocks c set
    state = u.state, warned = u.warned, next_alarm_at = u.next_alarm_at, alarms = u.alarms,
    missed_late_from = u.missed_late_from, revision = u.revision, confirmed_at = $10, unconfirmed = u.unconfirmed
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::jsonb[],
    $9::timestamptz[], $11::bigint[], $12::boolean[])
    u (authority, matter, clock, subject, state, warned, next_alarm_at, alarms, missed_late_from, revision, unconfirmed)
where c.authority = u.authority and c.matter = u.matter and c.clock = u.clock and c.subject = u.subject

-- raise_watermarks --
-- A source has sent everything up to then, as far as these partitions tell.
insert into watermarks (authority, source, partition, up_to)
select * from unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[])
on conflict (authority, source, partition) do update set up_to = greatest(watermarks.up_to, excluded.up_to)

-- wake_unconfirmed --
-- What was late but not confirmed, and is so now, is folded again. The matters of cases do not wait for a source.
update matters m set refold_at = least(m.refold_at, $5)
from unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[]) u (authority, source, partition, up_to)
join clocks c on c.unconfirmed and c.authority = u.authority and c.late_from <= u.up_to and c.lane / 2 = u.partition
    and c.subject not like $6 and c.says -> 'facts' -> 0 ->> 'source' = u.source
where m.authority = c.authority and m.matter = c.matter

-- select_watermarks --
-- What was heard of the sources of these authorities.
select authority, source, partition, up_to from watermarks where authority = any($1::text[])

-- save_refolds --
-- When each matter is to be folded again.
-- What was folded of a matter in part says nothing of its other parts: their fold, planned before, stays.
update matters m set refold_at = case when u.whole then u.at else least(m.refold_at, u.at) end
from unnest($1::text[], $2::text[], $3::boolean[], $4::timestamptz[]) u (a, m, whole, at)
where m.authority = u.a and m.matter = u.m

-- add_clock_counts --
-- What a batch changed of the numbers of clocks.
insert into clock_counts (kind, n) select * from unnest($1::text[], $2::bigint[])

-- add_up_clock_counts --
-- One row for each kind instead of one for each batch; what is added meanwhile stays beside it.
with gone as (delete from clock_counts returning kind, n)
insert into clock_counts (kind, n) select kind, sum(n) from gone group by kind returning kind, n

-- select_awaited_alarms --
-- Alarms that have come: how many are to be fired, how many are not confirmed yet, since when the first one waits.
with lanes (lane) as (
    select generate_series(0, (select max(lane) from clocks where next_alarm_at is not null))
)
select
    (select count(*) from (
        select from lanes l cross join lateral (select from clocks where lane = l.lane and next_alarm_at <= $1 limit $3) c limit $3
    ) d) as due,
    (select count(*) from (
        select from lanes l cross join lateral (
            select from clocks where lane = l.lane and next_alarm_at > $1 and next_alarm_at <= $2 limit $3
        ) c limit $3
    ) u) as unconfirmed,
    (select min(f.at) from lanes l cross join lateral (
        select next_alarm_at as at from clocks
        where lane = l.lane and next_alarm_at <= $1 order by next_alarm_at limit 1
    ) f) as oldest

-- select_next_alarm --
-- The earliest alarm of all, null when nothing is awaited.
select at from next_firing

-- select_matters_named --
-- Matters of these bare ids, whatever their authority.
select authority, matter from matters where matter = any($1::text[]) order by authority, matter

-- select_unpublished --
-- Of these matters, the inspections (no other registration has evidence, or withholds it) that no fact has published.
select u.authority, u.matter from unnest($1::text[], $2::text[]) u(authority, matter)
where (
    select bool_or(f.type = 'matter.registered' and coalesce(f.says ->> 'evidence', f.says ->> 'withheld') is not null)
        and not bool_or(f.type = 'inspection.published')
    from facts f where f.authority = u.authority and f.matter = u.matter
)

-- select_deadlines --
-- A page of clocks with a due, in the order in which they become late.
select * from clocks
where applies and late_from is not null
    and (not $10 or unconfirmed)
    and ($1::text is null or state = $1)
    and ($2::text is null or unit = $2)
    and ($3::timestamptz is null or late_from <= $3)
    and ($4::timestamptz is null or (late_from, authority, matter, clock, subject) > ($4, $5, $6, $7, $8))
order by late_from, authority, matter, clock, subject
limit $9

-- insert_calendar_versions --
-- Keep what was published; an event that is here was taken into account.
insert into calendar_versions (authority, code, source, event_id, event, effective_at, received_at, says)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::json[])
on conflict do nothing

-- select_calendar_versions --
-- Everything that was published.
select authority, code, source, event_id, effective_at, received_at, says from calendar_versions

-- select_calendars_in_force --
-- By which version each calendar counts, and how many publications there are by now.
select f.code, f.version, f.as_of, f.changes_at, f.editions, (select count(*) from calendar_versions) as known
from calendars_in_force f order by f.code

-- select_calendar_content --
-- A calendar in force, whole.
select content from calendars_in_force where code = $1 and version = $2

-- lock_calendars --
-- Whoever is to change what is in force comes one after the other; those who only count do not wait.
select pg_advisory_xact_lock(4919)

-- save_calendar_in_force --
-- From now on everybody counts by this version.
insert into calendars_in_force (code, version, as_of, changes_at, editions, content)
values ($1, $2, $3, $4, $5, $6::json)
on conflict (code) do update set version = excluded.version, as_of = excluded.as_of, changes_at = excluded.changes_at,
    editions = excluded.editions, content = excluded.content

-- insert_recalculation --
-- What may have been moved is to be folded again. Where there is no clock yet there is nothing to do.
insert into recalculations (code, version, former, first_day, last_day, wider, since, rolled_from)
select $1, $2, $3, $4, $5, $6, $7, $8 where exists (select from clocks)

-- overtake_recalculations --
-- A former one of the same calendar that is not finished: the next one must look at its days, too.
update recalculations set finished_at = greatest($2, since) where code = $1 and finished_at is null
returning first_day, last_day, wider, rolled_from

-- claim_recalculation --
-- The oldest that nobody else works on; and whether all that counted by the former calendar has ended.
select *, switched_in < pg_snapshot_xmin(pg_current_snapshot()) as settled from recalculations
where finished_at is null order by id limit 1
for update skip locked

-- select_clocks_to_recalculate --
-- Clocks in the order of their ends whose count may touch the changed days and that another version of the same calendar
-- counted; those that roll back end before these. Most are passed over by their text, unparsed: a quote within a value
-- is escaped, so none can feign a field.
select c.authority, c.matter, c.late_from from clocks c
where c.applies and c.late_from >= $9::date - 2
    and (c.late_from, c.authority, c.matter) > (coalesce($3::timestamptz, '-infinity'), $4::text, $5::text)
    and (c.late_from >= $1::date - 2 or strpos(c.says::text, '"previous"') > 0)
    and strpos(c.says::text, '"calendar":"' || $7::text || '"') = 0 and strpos(c.says::text, '"' || $6::text || '-') > 0
    and rests_on(c.says, c.late_from, $6::text, $7::text, $1::date, $2::date)
order by c.late_from, c.authority, c.matter, c.clock, c.subject
limit $8

-- lock_matters_to_recount --
-- As lock_matters; and when each is to be folded again.
select x.authority, x.matter, x.refold_at
from matters x join unnest($1::text[], $2::text[]) u (a, m) on x.authority = u.a and x.matter = u.m
order by x.authority, x.matter
for update of x

-- save_recounted --
-- Write what another calendar changed of rows that are locked, each looked up once, and keep what was said until now.
with said as (
    select c.ctid as at, c.revision as before, c.says as said, u.*
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::timestamptz[], $9::text[],
        $10::timestamptz[], $11::jsonb[], $12::json[], $13::text[], $14::bigint[], $15::timestamptz[])
        u (a, m, k, s, state, due_on, late_from, warned, next_alarm_at, alarms, says, digest, revision, confirmed_at)
    join clocks c on c.authority = u.a and c.matter = u.m and c.clock = u.k and c.subject = u.s
),
kept as (
    insert into superseded_statements (authority, matter, clock, subject, revision, superseded_at, says)
    select a, m, k, s, before, $1, said from said
    on conflict do nothing
)
update clocks c set
    state = u.state, due_on = u.due_on, late_from = u.late_from, warned = u.warned, next_alarm_at = u.next_alarm_at,
    alarms = u.alarms, says = u.says, digest = u.digest, revision = u.revision, known_at = $1, confirmed_at = u.confirmed_at
from said u where c.ctid = u.at

-- select_uncountable_clocks --
-- Matters with a limit that could not be counted: more years are known now.
select c.authority, c.matter from clocks c
where c.applies and c.late_from is null and c.state = 'not_started' and c.says ->> 'problem' is not null
    and (c.authority, c.matter) > ($1, $2)
group by c.authority, c.matter order by c.authority, c.matter limit $3

-- save_recalculation --
-- How far it has come.
update recalculations set pass = $2, after_late_from = $3, after_authority = $4, after_matter = $5, folded = $6,
    folded_in_pass = $7, failed = $8, finished_at = $9
where id = $1

-- select_recalculations --
-- What is under way, and what was done last.
select * from recalculations order by id desc limit $1

-- insert_superseded_statements --
-- What was said until now.
insert into superseded_statements (authority, matter, clock, subject, revision, superseded_at, says)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::json[])
on conflict do nothing

-- select_superseded_statements --
-- What was said of a clock before, in order.
select revision, superseded_at, says from superseded_statements
where authority = $1 and matter = $2 and clock = $3 and subject = $4
order by superseded_at, revision

-- add_live_sources --
-- Sources went live; one call is heard once.
insert into live_sources (source, at) select * from unnest($1::text[], $2::timestamptz[]) on conflict do nothing

-- select_live_sources --
-- Since when these sources are live.
select source, at from live_sources where source = any($1::text[])
