-- insert_rectification --
-- A new order.
insert into rectifications (
    rectification_id, authority, matter, case_id, origin, zone, calendar, rulebook, unit, person, state, round, within,
    ordered_by, ordered_at, reported_by, overdue_at, ended_at, revision, heard_revision
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20);

-- update_rectification --
-- As it stands after a step; the caller holds its lock.
update rectifications set
    state = $4, round = $5, within = $6, reported_by = $7, overdue_at = $8, ended_at = $9, revision = $10,
    heard_revision = $11
where rectification_id = $1 and authority = $2 and matter = $3;

-- add_rectification_step --
-- One step, kept for ever.
insert into rectification_steps (
    rectification_id, n, authority, matter, kind, round, by_person, words, evidence, taken_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- select_rectification --
-- One, to read.
select * from rectifications where rectification_id = $1;

-- lock_rectifications --
-- These, locked in ascending key (D11), after their cases.
select * from rectifications where rectification_id = any($1::uuid[])
order by authority, matter, rectification_id
for update;

-- select_rectification_steps --
-- What was done about one, in order.
select * from rectification_steps where rectification_id = $1 order by n;

-- page_of_rectifications --
-- In order of their orders, after a position.
select * from rectifications r
where ($1::timestamptz is null or (r.ordered_at, r.rectification_id) > ($1, $2::uuid))
    and ($3::uuid is null or r.case_id = $3)
    and ($4::text is null or r.unit = $4)
    and ($5::text is null or r.person = $5)
    and ($6::text is null or case $6 when 'overdue' then r.state = 'issued' and r.overdue_at is not null
        else r.state = $6 end)
order by r.ordered_at, r.rectification_id
limit $7;
