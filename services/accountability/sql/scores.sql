-- keep_ended_limits --
-- Limits that ended, each by its last word.
insert into ended_limits (
    authority, matter, limit_id, clock, subject, kind, unit, item, due, late_from, ended, revision
)
select * from unnest(
    $1::text[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::timestamptz[], $11::text[], $12::bigint[]
)
on conflict (authority, matter, limit_id) do update set
    kind = excluded.kind, unit = excluded.unit, item = excluded.item, due = excluded.due,
    late_from = excluded.late_from, ended = excluded.ended, revision = excluded.revision
where ended_limits.revision < excluded.revision;

-- amend_ended_limits --
-- Of limits that had ended: what ended in time has another due, all else has not ended after all.
update ended_limits e set
    kind = case when u.kind = 'moved' and e.kind = 'met' then 'met' else 'open' end,
    due = case when u.kind = 'moved' then u.due else e.due end,
    late_from = case when u.kind = 'moved' then u.late_from else e.late_from end,
    revision = u.revision
from unnest(
    $1::text[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::bigint[]
) u(authority, matter, limit_id, kind, due, late_from, revision)
where e.authority = u.authority and e.matter = u.matter and e.limit_id = u.limit_id and e.revision < u.revision;

-- select_authorities_of_unit --
-- Whose unit of this id had something due in a month, as far as scores know (D1).
select authority from ended_limits
where unit = $1 and left(due, 7) = $2 and late_from > $3 and late_from < $4 and kind <> 'open'
union
select authority from cards
where unit = $1 and left(due, 7) = $2 and late_from > $3 and late_from < $4 and revoked_at is null
order by authority limit 20;

-- select_ended_limits --
-- All limits that ended of the matters that had one of the unit's, due in the month, that did.
select e.* from (
    select distinct authority, matter from ended_limits
    where authority = $1 and unit = $2 and left(due, 7) = $3 and late_from > $4 and late_from < $5 and kind <> 'open'
) m
join ended_limits e on e.authority = m.authority and e.matter = m.matter
where e.kind <> 'open';

-- select_cards_of_unit --
-- The cards of a unit's limits due in the month that stand.
select card_id, matter, clock, subject, rule, level, due, late_from, item, person from cards
where authority = $1 and unit = $2 and left(due, 7) = $3 and late_from > $4 and late_from < $5
    and revoked_at is null;
