-- add_ladder_step --
-- One step on the ladder of a case, kept for ever.
insert into ladder_steps (
    case_id, n, authority, matter, standing_no, kind, by_person, assignee, amount, reason, taken_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- select_ladder_steps --
-- What was done on the ladder of a case, in order.
select * from ladder_steps where case_id = $1 order by n;
