-- select_imported --
-- The imported cases whose last word rests on a fact that this source stated, in the order of locks.
select c.* from cases c
where c.origin = 'import' and $1 = coalesce(
    (select v.says::json -> 'facts' -> 0 ->> 'source' from verdicts v
    where v.case_id = c.case_id and v.source = c.miss_source and v.event_id = c.miss_id limit 1),
    (select l.fact_source from leads l where l.case_id = c.case_id)
)
order by c.authority, c.matter, c.case_id;

-- select_in_proceedings --
-- Those of these cases that somebody has taken up.
select p.case_id from proceedings p join unnest($1::uuid[]) u(case_id) using (case_id);

-- set_live --
-- They are imported history no more; the caller holds their locks.
update cases set origin = 'live' where case_id = any($1);

-- select_going_live --
-- When a source went live, the earliest first.
select * from going_live where source = $1 order by at;

-- select_live_sources --
-- When these sources went live.
select source, at from going_live where source = any($1);

-- add_going_live --
-- A source goes live; nothing where this very call was made before.
insert into going_live (source, at, called_at, called_by) values ($1, $2, $3, $4) on conflict do nothing;

-- lock_going_live --
-- One call, so that nobody else works on it.
select * from going_live where source = $1 and at = $2 for update;

-- count_live --
-- So many more cases went live by this call.
update going_live set cases = cases + $3 where source = $1 and at = $2;

-- finish_going_live --
-- All of its cases are live.
update going_live set finished_at = $3 where source = $1 and at = $2 and finished_at is null;

-- is_told_live --
-- Whether the n-th going live of a source is on record.
select exists (select from case_events where authority = $1 and matter = $2 and case_id = $3 and n = $4);

-- count_imported_cards --
-- The cards of these matters that are imported history, revoked ones too, by level.
select case c.rule when 'slip' then 'slip:' || c.level else c.level end as level, count(*)::int as n
from (select distinct a, m from unnest($1::text[], $2::text[]) u(a, m)) u
join cards c on c.authority = u.a and c.matter = u.m and c.origin = 'import'
group by 1 order by 1;
