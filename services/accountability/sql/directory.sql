-- add_directory_facts --
-- Keep facts of the directory; the entries of those that were not known yet.
insert into directory_facts (
    authority, post, source, event_id, event, kind, occurred_at, person, role, unit, learned_at, until, acting, other,
    of_post, unit_kind, issued_at, replaces_source, replaces_id
)
select * from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::text[],
    $10::text[], $11::timestamptz[], $12::timestamptz[], $13::boolean[], $14::text[], $15::text[], $16::text[],
    $17::timestamptz[], $18::text[], $19::text[]
)
on conflict (authority, post, source, event_id) do nothing
returning authority, post, source, event_id;

-- select_directory_facts --
-- All facts about these entries.
select f.* from directory_facts f
join unnest($1::text[], $2::text[]) u(authority, post) using (authority, post);

-- delete_entries --
-- Drop what was derived of these entries, to be derived anew; rings of units are not of one entry.
with u as (select * from unnest($1::text[], $2::text[]) u(authority, entry)),
h as (delete from holdings d using u where d.authority = u.authority and d.post = u.entry),
v as (delete from vacancies d using u where d.authority = u.authority and d.post = u.entry),
t as (delete from posts d using u where d.authority = u.authority and d.post = u.entry),
p as (delete from unit_places d using u where d.authority = u.authority and d.unit = u.entry),
l as (delete from leaves d using u where d.authority = u.authority and d.person = u.entry)
delete from directory_conflicts d using u where d.authority = u.authority and d.entry = u.entry and d.code <> 'cycle';

-- delete_rings --
-- Drop what was found of rings among the units of these authorities.
delete from directory_conflicts where code = 'cycle' and authority = any($1::text[]);

-- select_directory --
-- One answer to all that attribution asks about a span of time: the holdings of these units' posts and of all units that
-- they ever stood below, those of the whole authorities, the places of the units, the leaves of the holders, and where
-- nobody holds a post. What a build before known_since has written is known since all of it is.
with recursive above(authority, unit) as (
    select * from unnest($1::text[], $2::text[])
    union
    select p.authority, p.parent from above a
    join unit_places p on p.authority = a.authority and p.unit = a.unit
    where p.parent is not null
),
held as materialized (
    select h.* from above a join holdings h on h.authority = a.authority and h.unit = a.unit
    where coalesce(h.until, 'infinity') > $4 and h.since <= $5
    union all
    select h.* from holdings h where h.authority = any($3::text[]) and h.unit is null
        and coalesce(h.until, 'infinity') > $4 and h.since <= $5
)
select 'holding' as what, authority, post as entry, since, until, learned_at,
    coalesce(known_since, learned_at) as known_since, person, role, unit, acting
from held
union all
select 'place', p.authority, p.unit, p.since, p.until, p.learned_at, coalesce(p.known_since, p.learned_at), p.kind,
    null, p.parent, false
from above a join unit_places p on p.authority = a.authority and p.unit = a.unit
where (p.until is null or p.until > $4) and p.since <= $5
union all
select 'leave', l.authority, l.person, l.since, l.until, l.learned_at, coalesce(l.known_since, l.learned_at), l.deputy,
    null, nullif(l.of_post, ''), false
from (select distinct authority, person from held) h
join leaves l on l.authority = h.authority and l.person = h.person
where (l.until is null or l.until > $4) and l.since <= $5
union all
select 'vacancy', v.authority, v.post, v.since, v.until, v.known_since, v.known_since, null, v.role, v.unit, false
from above a join vacancies v on v.authority = a.authority and v.unit = a.unit
where (v.until is null or v.until > $4) and v.since <= $5
union all
select 'vacancy', v.authority, v.post, v.since, v.until, v.known_since, v.known_since, null, v.role, null, false
from vacancies v
where v.authority = any($3::text[]) and v.unit is null and (v.until is null or v.until > $4) and v.since <= $5;

-- select_directory_versions --
-- Which directory each of these authorities has.
select authority, version from directory_versions where authority = any($1::text[]);

-- is_unit_served --
-- Whether a post ever served this unit.
select exists (select from holdings where authority = $1 and unit = $2);

-- select_holders_of_post --
-- Who held a post at an instant, with the leave they were on.
select h.*, l.since as leave_since, l.until as leave_until, l.deputy, l.of_post, l.learned_at as leave_learned_at,
    coalesce(l.known_since, l.learned_at) as leave_known_since
from holdings h
left join lateral (
    select * from leaves l
    where l.authority = h.authority and l.person = h.person and l.of_post in ('', h.post)
        and l.since <= $3 and (l.until is null or l.until > $3)
    order by l.of_post desc limit 1
) l on true
where h.authority = $1 and h.post = $2 and h.since <= $3 and (h.until is null or h.until > $3);

-- select_holdings_of_person --
-- The posts that a person held, at an instant or at any, in order of time.
select * from holdings
where person = $1 and ($2::timestamptz is null or (since <= $2 and (until is null or until > $2)))
order by since, authority, post;

-- select_holdings_of_persons --
-- Every holding of these persons within these authorities.
select h.* from holdings h
join unnest($1::text[], $2::text[]) u(authority, person) on h.person = u.person and h.authority = u.authority;

-- select_places --
-- Where the units of an authority stood: of all its units.
select * from unit_places where authority = any($1::text[]);

-- select_units_below --
-- The units that ever stood below one of these, at any depth.
with recursive below(authority, top, unit) as (
    select authority, unit, unit from unnest($1::text[], $2::text[]) u(authority, unit)
    union
    select p.authority, b.top, p.unit from below b
    join unit_places p on p.authority = b.authority and p.parent = b.unit
)
select authority, top, unit from below where unit <> top;

-- select_cases_concerned --
-- The standing cases of these units due in the spans of their authorities, in the order in which rows are locked.
select c.authority, c.matter, c.case_id
from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::boolean[]) a(authority, after, upto, wide)
join cases c on c.authority = a.authority
    and c.late_from > a.after and c.late_from <= coalesce(a.upto, 'infinity')
where c.state = 'standing' and (a.wide or c.unit in (select unnest($5::text[])))
order by c.authority, c.matter, c.case_id;

-- page_of_conflicts --
-- Where facts do not fit each other, after a position.
select * from directory_conflicts
where ($1::text is null or authority = $1)
    and ($2::text is null or (authority, entry, code, at, source, event_id) > ($2, $3, $4, $5, $6, $7))
order by authority, entry, code, at, source, event_id
limit $8;

-- select_unknown --
-- What is named and was never set up, where an authority sets up what it names: units above units, units of posts, and
-- posts of holders. A bounded list.
(select distinct p.authority, p.unit as entry, 'unknown-parent' as code, p.parent as named from unit_places p
where p.parent is not null and ($1::text is null or p.authority = $1)
    and not exists (select from unit_places u where u.authority = p.authority and u.unit = p.parent) limit $2)
union all
(select distinct h.authority, h.post, 'unknown-unit', h.unit from holdings h
where h.unit is not null and ($1::text is null or h.authority = $1)
    and exists (select from unit_places u where u.authority = h.authority)
    and not exists (select from unit_places u where u.authority = h.authority and u.unit = h.unit) limit $2)
union all
(select distinct h.authority, h.post, 'unknown-post', h.post from holdings h
where ($1::text is null or h.authority = $1)
    and exists (select from posts t where t.authority = h.authority)
    and not exists (select from posts t where t.authority = h.authority and t.post = h.post) limit $2);

-- count_conflicts --
-- How many facts do not fit others.
select count(*) from directory_conflicts;

-- select_authorities_of_entry --
-- Whose posts or units have this id (D1).
select distinct authority from directory_facts where post = $1 order by authority limit 20;

-- select_known_posts --
-- Which of these entries are posts that were ever established; with an empty post, which authorities establish any.
select t.authority, t.post from posts t
join unnest($1::text[], $2::text[]) u(authority, post) on t.authority = u.authority and t.post = u.post
union
select u.authority, '' from unnest($3::text[]) u(authority)
where exists (select from posts t where t.authority = u.authority);

-- upsert_people --
-- What these pseudonyms stand for, from now on.
insert into people (person, name, written_at, written_by)
select u.person, u.name, $3, $4 from unnest($1::text[], $2::text[]) u(person, name) order by u.person
on conflict (person) do update set
    name = excluded.name, written_at = excluded.written_at, written_by = excluded.written_by;

-- select_people --
-- What is known of these pseudonyms.
select person, name, written_at from people where person = any($1::text[]);

-- delete_person --
-- Forget what a pseudonym stands for.
delete from people where person = $1;
