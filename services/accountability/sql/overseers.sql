-- select_overseer_misses --
-- Of these misses of duties, those that were told.
select m.case_id, m.clock, m.late_from from overseer_misses m
join unnest($1::uuid[], $2::text[], $3::timestamptz[]) u(case_id, clock, late_from) using (case_id, clock, late_from);

-- select_taken_up --
-- Of these cases, those that somebody has taken up.
select case_id from proceedings where case_id = any($1::uuid[]) and state <> 'withdrawn';
