-- lock_directories --
-- Serialise changes of an authority's directory with the cases that are opened by it, in ascending order of the lock.
select case when l.alone then pg_advisory_xact_lock($1, l.k) else pg_advisory_xact_lock_shared($1, l.k) end
from (
    select k, bool_or(alone) as alone from unnest($2::int[], $3::boolean[]) u(k, alone) group by k order by k
) l;

-- lock_cases --
-- The cases of a batch, locked in ascending key (D11).
select c.* from cases c
join unnest($1::text[], $2::text[], $3::uuid[]) u(authority, matter, case_id) using (authority, matter, case_id)
order by c.authority, c.matter, c.case_id
for update of c;

-- select_refuted --
-- Of misses without a case: the last word that took them back.
select v.authority, v.matter, v.case_id, max(v.revision) as revision from verdicts v
join unnest($1::text[], $2::text[], $3::uuid[]) u(authority, matter, case_id) using (authority, matter, case_id)
group by v.authority, v.matter, v.case_id;

-- select_holdings_of_units --
-- Every holding of the posts of these units, and of the posts that serve their whole authorities.
select h.* from holdings h
join unnest($1::text[], $2::text[]) u(authority, unit) on h.authority = u.authority and h.unit = u.unit
union all
select h.* from holdings h where h.authority = any($3::text[]) and h.unit is null;

-- save_cases --
-- Insert new cases, renew those that are known; the caller holds their locks.
insert into cases as c (
    authority, matter, case_id, clock, subject, due, late_from, item, unit, held_since, held_until, held_unit, held_by,
    origin, zone, calendar, rulebook, ladder, state, verdict_revision, miss_source, miss_id, detected_at, opened_at,
    standing_since, standing_no, withdrawn_at, withdrawn_because, answered_at, answered_by, rung, at_last_rung,
    revision, attributions, direct_person, leading_person, principal_person, proposal, addressed, told
)
select
    authority, matter, case_id, clock, subject, due, late_from, item, unit, held_since, held_until, held_unit, held_by,
    origin, zone, calendar, rulebook, ladder::jsonb, state, verdict_revision, miss_source, miss_id, detected_at,
    opened_at, standing_since, standing_no, withdrawn_at, withdrawn_because, answered_at, answered_by, rung,
    at_last_rung, revision, attributions, direct_person, leading_person, principal_person, proposal::jsonb, addressed::jsonb, told::jsonb
from unnest(
    $1::text[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::text[],
    $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
    $17::text[], $18::text[], $19::text[], $20::bigint[], $21::text[], $22::text[], $23::timestamptz[],
    $24::timestamptz[], $25::timestamptz[], $26::int[], $27::timestamptz[], $28::text[], $29::timestamptz[],
    $30::text[], $31::int[], $32::boolean[], $33::int[], $34::int[], $35::text[], $36::text[], $37::text[],
    $38::text[], $39::text[], $40::text[]
) u(
    authority, matter, case_id, clock, subject, due, late_from, item, unit, held_since, held_until, held_unit, held_by,
    origin, zone, calendar, rulebook, ladder, state, verdict_revision, miss_source, miss_id, detected_at, opened_at,
    standing_since, standing_no, withdrawn_at, withdrawn_because, answered_at, answered_by, rung, at_last_rung,
    revision, attributions, direct_person, leading_person, principal_person, proposal, addressed, told
)
on conflict (authority, matter, case_id) do update set
    due = excluded.due, item = excluded.item, unit = excluded.unit, held_since = excluded.held_since,
    held_until = excluded.held_until, held_unit = excluded.held_unit, held_by = excluded.held_by,
    zone = excluded.zone, calendar = excluded.calendar, state = excluded.state,
    verdict_revision = excluded.verdict_revision, miss_source = excluded.miss_source, miss_id = excluded.miss_id,
    detected_at = excluded.detected_at, standing_since = excluded.standing_since, standing_no = excluded.standing_no,
    withdrawn_at = excluded.withdrawn_at, withdrawn_because = excluded.withdrawn_because,
    answered_at = excluded.answered_at, answered_by = excluded.answered_by, rung = excluded.rung,
    at_last_rung = excluded.at_last_rung, revision = excluded.revision, attributions = excluded.attributions,
    direct_person = excluded.direct_person, leading_person = excluded.leading_person,
    principal_person = excluded.principal_person,
    proposal = excluded.proposal, addressed = excluded.addressed, told = excluded.told;

-- add_verdicts --
-- Keep what the deadline service said.
insert into verdicts (authority, matter, case_id, revision, kind, source, event_id, says, recorded_at)
select a, m, c, r, k, s, e, b::jsonb, $9 from unnest(
    $1::text[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[]
) u(a, m, c, r, k, s, e, b);

-- add_case_events --
-- Keep what is published.
insert into case_events (
    authority, matter, case_id, n, event_id, type, occurred_at, cause_source, cause_id, says
)
select a, m, c, n, e, t, o, s, i, b::jsonb from unnest(
    $1::text[], $2::text[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::text[],
    $10::text[]
) u(a, m, c, n, e, t, o, s, i, b);

-- add_attributions --
-- Keep each attribution as decided.
insert into attributions (authority, matter, case_id, n, decided_at, reason, cause_source, cause_id, proposal)
select a, m, c, n, d, r, s, i, p::jsonb from unnest(
    $1::text[], $2::text[], $3::uuid[], $4::int[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[]
) u(a, m, c, n, d, r, s, i, p);

-- add_escalations --
-- Record each rung that fires; a rung that has fired before is an error, not a duplicate.
insert into escalations (
    authority, matter, case_id, standing_no, rung, late_from, escalated_at, addressee, cause_source, cause_id
)
select * from unnest(
    $1::text[], $2::text[], $3::uuid[], $4::int[], $5::int[], $6::timestamptz[], $7::timestamptz[], $8::text[],
    $9::text[], $10::text[]
);

-- add_directory_facts --
-- Keep directory facts; the posts of those that were not known yet.
insert into directory_facts (
    authority, post, source, event_id, event, kind, occurred_at, person, role, unit, learned_at
)
select * from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::text[],
    $10::text[], $11::timestamptz[]
)
on conflict (authority, post, source, event_id) do nothing
returning authority, post, source, event_id;

-- select_directory_facts --
-- All facts about these posts.
select f.* from directory_facts f
join unnest($1::text[], $2::text[]) u(authority, post) using (authority, post);

-- select_holdings_of_posts --
-- The holdings of these posts as derived so far, in order of time.
select h.* from holdings h
join unnest($1::text[], $2::text[]) u(authority, post) using (authority, post)
order by h.authority, h.post, h.since;

-- delete_holdings --
-- Drop the derived holdings of these posts, to be derived anew.
delete from holdings h using unnest($1::text[], $2::text[]) u(authority, post)
where h.authority = u.authority and h.post = u.post;

-- add_holdings --
-- The derived holdings of posts.
insert into holdings (authority, post, since, until, person, role, unit, learned_at)
select * from unnest(
    $1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::timestamptz[]
);

-- select_cases_concerned --
-- The standing cases whose due instant lies where a post changed hands, in the order in which rows are locked.
select distinct c.authority, c.matter, c.case_id
from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[]) a(authority, unit, after, upto)
join cases c on c.authority = a.authority and (a.unit is null or c.unit = a.unit)
    and c.late_from > a.after and c.late_from <= coalesce(a.upto, 'infinity')
where c.state = 'standing'
order by c.authority, c.matter, c.case_id;

-- lock_case_by_id --
-- One case, locked.
select * from cases where case_id = $1 for update;

-- select_case_by_id --
-- One case, to read.
select * from cases where case_id = $1;

-- select_answer --
-- The answer to a case in its present standing.
select person, text, answered_at from answers
where authority = $1 and matter = $2 and case_id = $3 and standing_no = $4;

-- add_answer --
-- Keep the first answer of a standing.
insert into answers (authority, matter, case_id, standing_no, person, text, answered_at)
values ($1, $2, $3, $4, $5, $6, $7);

-- count_cases_at_last_rung --
-- Standing, unanswered, and nobody left to go to.
select count(*) from cases where at_last_rung and state = 'standing' and answered_at is null;

-- page_of_cases --
-- Cases in order of opening, after a position.
select * from cases
where ($1::timestamptz is null or (opened_at, case_id) > ($1, $2::uuid))
    and ($3::text is null or state = $3)
    and ($4::text is null or unit = $4)
    and ($5::text is null or $5 in (direct_person, leading_person, principal_person))
    and ($6::text is null or matter = $6)
    and ($7::text is null or authority = $7)
    and ($8::boolean is null or (at_last_rung and state = 'standing' and answered_at is null) = $8)
order by opened_at, case_id
limit $9;

-- select_authorities_of_matter --
-- Whose matters have this id, as far as cases know (D1).
select distinct authority from cases where matter = $1 order by authority limit 20;

-- select_case_events --
-- The history of a case.
select * from case_events where authority = $1 and matter = $2 and case_id = $3 order by n;

-- select_attributions --
-- Every attribution of a case, as decided.
select * from attributions where authority = $1 and matter = $2 and case_id = $3 order by n;

-- select_verdicts --
-- What the deadline service said of the miss.
select * from verdicts where authority = $1 and matter = $2 and case_id = $3 order by revision;

-- select_answers --
-- The answers of a case, one for each standing.
select * from answers where authority = $1 and matter = $2 and case_id = $3 order by standing_no;
