-- select_proceedings --
-- The proceedings of these cases, whose locks the caller holds or which are only read.
select p.* from proceedings p
join unnest($1::uuid[]) u(case_id) using (case_id);

-- save_proceeding --
-- A proceeding as it stands now.
insert into proceedings (
    case_id, authority, matter, round, state, since, rulebook, begun_at, filed_at, noticed_at, deliberated_at,
    concluded_at, served_at, revoked_at, ended_at, last_at, violation, outcome, decide_until, extended,
    revocation_source, revocation_id, investigators, recused, members, votes, parties, passed, proposed
) values (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
    $26, $27, $28, $29
)
on conflict (case_id, authority, matter) do update set
    round = excluded.round, state = excluded.state, since = excluded.since, rulebook = excluded.rulebook,
    begun_at = excluded.begun_at, filed_at = excluded.filed_at, noticed_at = excluded.noticed_at,
    deliberated_at = excluded.deliberated_at, concluded_at = excluded.concluded_at, served_at = excluded.served_at,
    revoked_at = excluded.revoked_at, ended_at = excluded.ended_at,
    last_at = excluded.last_at, violation = excluded.violation, outcome = excluded.outcome,
    decide_until = excluded.decide_until, extended = excluded.extended,
    revocation_source = excluded.revocation_source, revocation_id = excluded.revocation_id,
    investigators = excluded.investigators, recused = excluded.recused, members = excluded.members,
    votes = excluded.votes, parties = excluded.parties, passed = excluded.passed, proposed = excluded.proposed;

-- add_proceeding_step --
-- Keep a step, for ever.
insert into proceeding_steps (
    case_id, n, authority, matter, round, kind, state, by_persons, taken_at, recorded_at, texts, kinds, party
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- select_proceeding_steps --
-- The steps of a case, in order.
select * from proceeding_steps where case_id = $1 and authority = $2 and matter = $3 order by n;

-- save_measures --
-- What was decided against the parties of a case, as it stands.
insert into proceeding_measures (
    case_id, person, authority, matter, role, measure, decided_at, influence_until, lifted_at
)
select $1, u.person, $2, $3, u.role, u.measure, $4, u.until, case when u.lifted then $5::timestamptz end
from unnest($6::text[], $7::text[], $8::text[], $9::date[], $10::boolean[]) u(person, role, measure, until, lifted)
on conflict (case_id, person, authority, matter) do update set
    measure = case when excluded.lifted_at is null then excluded.measure else proceeding_measures.measure end,
    influence_until = excluded.influence_until, lifted_at = excluded.lifted_at;

-- count_earlier_measures --
-- How often each of these people had a measure since then, in other cases of the authority (R27).
select m.person, count(*)::int as times from proceeding_measures m
where m.authority = $1 and m.person = any($2::text[]) and m.decided_at >= $3 and m.decided_at <= $4
    and m.lifted_at is null and m.measure <> 'none' and m.case_id <> $5
group by m.person;
