-- ask_by_index --
-- Until the end of the transaction: look keys up, whatever the planner believes of the size of the tables.
select set_config(name, 'off', true)
from unnest(array['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin']) s(name);

-- lock_directories --
-- Serialise changes of an authority's directory with the cases that are opened by it, in ascending order of the lock.
select case when l.alone then pg_advisory_xact_lock($1, l.k) else pg_advisory_xact_lock_shared($1, l.k) end
from (
    select k, bool_or(alone) as alone from unnest($2::int[], $3::boolean[]) u(k, alone) group by k order by k
) l;

-- lock_cases --
-- Cases by their ids, locked in ascending key (D11).
select c.* from cases c
join unnest($1::uuid[]) u(case_id) using (case_id)
order by c.authority, c.matter, c.case_id
for update of c;

-- select_last_revisions --
-- Of the misses of which anything was heard: the revision of the last word.
select v.authority, v.matter, v.case_id, max(v.revision) as revision from verdicts v
join unnest($1::uuid[]) u(case_id) using (case_id)
group by v.authority, v.matter, v.case_id;

-- update_cases --
-- Renew known cases; the caller holds their locks.
update cases c set
    due = u.due, item = u.item, unit = u.unit, zone = u.zone, calendar = u.calendar, state = u.state, verdict_revision
    = u.verdict_revision, held_since = u.held_since, held_until = u.held_until, held_unit = u.held_unit, held_by =
    u.held_by, miss_source = u.miss_source, miss_id = u.miss_id, detected_at = u.detected_at, standing_since =
    u.standing_since, standing_no = u.standing_no, withdrawn_at = u.withdrawn_at, withdrawn_because =
    u.withdrawn_because, answered_at = u.answered_at, answered_by = u.answered_by, rung = u.rung, at_last_rung =
    u.at_last_rung, revision = u.revision, attributions = u.attributions, direct_person = u.direct_person,
    leading_person = u.leading_person, principal_person = u.principal_person, standing_event = u.standing_event,
    proposal = u.proposal::json, addressed = u.addressed::json, told = u.told::json, fired = u.fired::json
from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
    $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::text[], $14::text[], $15::timestamptz[],
    $16::timestamptz[], $17::int[], $18::timestamptz[], $19::text[], $20::timestamptz[], $21::text[], $22::int[],
    $23::boolean[], $24::int[], $25::int[], $26::text[], $27::text[], $28::text[], $29::text[], $30::text[],
    $31::text[], $32::text[], $33::text[]
) u(
    case_id, due, item, unit, zone, calendar, state, verdict_revision, held_since, held_until, held_unit, held_by,
    miss_source, miss_id, detected_at, standing_since, standing_no, withdrawn_at, withdrawn_because, answered_at,
    answered_by, rung, at_last_rung, revision, attributions, direct_person, leading_person, principal_person,
    standing_event, proposal, addressed, told, fired
)
where c.case_id = u.case_id;

-- lock_case_by_id --
-- One case, locked.
select * from cases where case_id = $1 for update;

-- select_case_by_id --
-- One case, to read.
select * from cases where case_id = $1;

-- select_answer --
-- The answer to a case in its present standing.
select a.person, coalesce(t.body, a.text) as text, a.answered_at
from answers a left join texts t on t.id = a.text_id and t.authority = a.authority and t.matter = a.matter
where a.authority = $1 and a.matter = $2 and a.case_id = $3 and a.standing_no = $4;

-- add_answer --
-- Keep the first answer of a standing.
insert into answers (authority, matter, case_id, standing_no, person, text_id, answered_at)
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
select a.standing_no, a.person, a.answered_at, a.text_id, coalesce(t.body, a.text) as text
from answers a left join texts t on t.id = a.text_id and t.authority = a.authority and t.matter = a.matter
where a.authority = $1 and a.matter = $2 and a.case_id = $3 order by a.standing_no;

-- select_card_words --
-- What was said of these limits before.
select w.* from card_words w
join unnest($1::uuid[]) u(limit_id) using (limit_id);

-- select_cards --
-- Cards by their ids.
select c.* from cards c
join unnest($1::uuid[]) u(card_id) using (card_id);

-- update_cards --
-- Renew known cards: what they say, and whether they stand.
update cards c set
    grounds = u.grounds::json, counted = u.counted::json, due = u.due, quarter = u.quarter, late_from = u.late_from,
    origin = u.origin, item = u.item, unit = u.unit, person = u.person, rulebook = u.rulebook,
    revoked_at = u.revoked_at, revoked_because = u.revoked_because, revision = u.revision,
    cause_source = u.cause_source, cause_id = u.cause_id, urgent = u.urgent
from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::timestamptz[], $13::text[], $14::int[], $15::text[], $16::text[],
    $17::boolean[]
) u(
    card_id, grounds, counted, due, quarter, late_from, origin, item, unit, person, rulebook, revoked_at,
    revoked_because, revision, cause_source, cause_id, urgent
)
where c.card_id = u.card_id;

-- lock_accounts --
-- Serialise who counts the yellow cards of a person, in ascending order of the lock.
select pg_advisory_xact_lock($1, l.k) from (select distinct k from unnest($2::int[]) u(k) order by k) l;

-- select_yellow_cards --
-- The first yellow cards of these persons in these quarters that stand, in the order in which they are counted.
select y.* from unnest($1::text[], $2::text[], $3::text[], $4::int[]) a(authority, person, quarter, times)
cross join lateral (
    select * from cards c
    where c.authority = a.authority and c.person = a.person and c.quarter = a.quarter
        and c.level = 'yellow' and c.revoked_at is null and c.person is not null
    order by c.late_from, c.card_id limit a.times
) y;

-- select_repetitions --
-- The red cards of these persons in these quarters that stand for repetition.
select c.* from unnest($1::text[], $2::text[], $3::text[]) a(authority, person, quarter)
join cards c on c.authority = a.authority and c.person = a.person and c.quarter = a.quarter
where c.rule = 'repetition' and c.revoked_at is null;

-- page_of_cards --
-- Cards in order of issue, after a position.
select * from cards
where ($1::timestamptz is null or (issued_at, card_id) > ($1, $2::uuid))
    and ($3::text is null or person = $3)
    and ($4::text is null or unit = $4)
    and ($5::text is null or level = $5)
    and ($6::text is null or matter = $6)
    and ($7::text is null or authority = $7)
    and ($8::boolean is null or (revoked_at is null) = $8)
order by issued_at, card_id
limit $9;

-- select_authorities_of_carded_matter --
-- Whose matters of this id have cards (D1).
select distinct authority from cards where matter = $1 order by authority limit 20;

-- add_told_words --
-- Leave a batch's words for whoever issues cards.
insert into told_words (words, amount) values ($1, $2);

-- lock_told_words --
-- Until the end of the transaction, unless somebody else works them off.
select pg_try_advisory_xact_lock($1, 0);

-- take_told_words --
-- The oldest rows, as many as hold about so many words, or one row.
delete from told_words t
using (
    select id from (
        select id, sum(amount) over (order by id) - amount as before
        from (select id, amount from told_words where set_aside_at is null order by id limit 200) oldest
    ) counted
    where before < $1
) next
where t.id = next.id
returning t.id, t.words;

-- set_aside_told_words --
-- Nothing can be made of these words: keep them, with the reason.
insert into told_words (words, amount, set_aside_at, reason) values ($1, $2, clock_timestamp(), $3);

-- measure_told_words --
-- Since when the oldest wait, in seconds, and how many rows were set aside and not given up.
select coalesce(extract(epoch from clock_timestamp() - min(told_at) filter (where set_aside_at is null)), 0)::float8 as age_s,
    count(*) filter (where set_aside_at is not null and given_up_at is null) as aside
from told_words;
