-- Since when it was known here that a holding began, which is what an attribution rests on (R25); learned_at is renewed
-- by its end. Where nobody holds a post, and since when that is known. And a mark by which a replica sees that what it
-- keeps of an authority's directory is the directory still. Additive: a build before this one leaves known_since empty,
-- which then is learned_at, and leaves no vacancies; the mark is renewed by a trigger, whichever build learns a fact.
alter table holdings add column known_since timestamptz;
alter table unit_places add column known_since timestamptz;
alter table leaves add column known_since timestamptz;
comment on column holdings.known_since is 'When the fact by which it began was recorded here; learned_at: the last that shaped it, its end included.';
comment on column unit_places.known_since is 'As of holdings.';
comment on column leaves.known_since is 'As of holdings.';

update holdings h set known_since = coalesce((
    select min(f.learned_at) from directory_facts f
    where f.authority = h.authority and f.post = h.post and f.kind = 'assigned' and f.occurred_at = h.since
        and f.person = h.person
), h.learned_at);
update unit_places p set known_since = coalesce((
    select min(f.learned_at) from directory_facts f
    where f.authority = p.authority and f.post = p.unit and f.kind = 'placed' and f.occurred_at = p.since
), p.learned_at);
update leaves l set known_since = coalesce((
    select min(f.learned_at) from directory_facts f
    where f.authority = l.authority and f.post = l.person and f.kind = 'leave-taken' and f.occurred_at = l.since
), l.learned_at);

-- Of a unit's posts ten holders a post are history: what had ended by then is not read.
drop index holdings_by_unit;
create index holdings_by_unit on holdings (authority, unit, coalesce(until, 'infinity'));

create table vacancies (
    authority text not null,
    post text not null,
    since timestamptz not null,
    until timestamptz,
    role text not null constraint vacancies_have_a_known_role check (role in ('direct', 'leading', 'principal')),
    unit text,
    known_since timestamptz not null,
    constraint vacancies_end_after_they_begin check (until > since)
);
comment on table vacancies is 'Which post nobody held, [since, until), though it had a holder before, or was established: derived.';
create index vacancies_by_post on vacancies (authority, post);
create index vacancies_by_unit on vacancies (authority, unit);

insert into vacancies (authority, post, since, until, role, unit, known_since)
select h.authority, h.post, h.until, n.since, h.role, h.unit, h.learned_at
from holdings h
left join lateral (
    select since from holdings n
    where n.authority = h.authority and n.post = h.post and n.role = h.role and n.unit is not distinct from h.unit
        and n.since >= h.until
    order by since limit 1
) n on true
where h.until is not null and (n.since is null or n.since > h.until);

create table directory_versions (
    authority text primary key,
    version uuid not null
);
comment on table directory_versions is 'Another version after each fact of an authority''s directory: what a replica keeps of it holds while this is the same.';
insert into directory_versions select authority, gen_random_uuid() from directory_facts group by authority;

create function renew_directory_versions() returns trigger language plpgsql as $$
begin
    insert into directory_versions (authority, version)
    select authority, gen_random_uuid() from fresh group by authority order by authority
    on conflict (authority) do update set version = excluded.version;
    return null;
end
$$;
create trigger directory_facts_renew_versions after insert on directory_facts
    referencing new table as fresh for each statement execute function renew_directory_versions();

-- An attribution tells the facts it rests on and since when they were known, as its event does.
create or replace view attributions as
    select
        authority, matter, case_id,
        row_number() over (partition by authority, matter, case_id order by n)::int as n,
        occurred_at as decided_at,
        case type
            when 'case.opened' then 'opened' when 'case.reinstated' then 'reinstated'
            else says::json ->> 'reason'
        end as reason,
        cause_source, cause_id,
        (
            select json_agg((
                jsonb_build_object('role', r -> 'role', 'person', r -> 'person', 'rule', r -> 'rule', 'because', r -> 'because')
                || jsonb_strip_nulls(jsonb_build_object('facts', r -> 'facts', 'known_since', r -> 'known_since'))
            )::json order by place)
            from json_array_elements(says::json -> 'responsible') with ordinality as named (r, place)
        ) as proposal
    from case_events
    where type in ('case.opened', 'case.reinstated', 'case.revised');
