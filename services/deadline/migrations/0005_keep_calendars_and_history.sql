-- Calendars are published while the service runs; which one counts is a row, so that all replicas count alike. What a
-- change of it may have moved is folded again; what was said before stays readable.
create table calendar_versions (
    authority text not null,
    code text not null,
    source text not null,
    event_id text not null,
    event text not null,
    effective_at timestamptz not null,
    received_at timestamptz not null,
    says json not null,
    primary key (authority, code, source, event_id)
);
comment on table calendar_versions is 'Append-only: what was published beside the calendars of the build (R3).';

create table calendars_in_force (
    code text primary key,
    version text not null,
    as_of timestamptz not null,
    changes_at timestamptz,
    editions bigint not null,
    content json not null
);
comment on table calendars_in_force is 'The calendar by which everybody counts; it moves in one transaction with the recalculation that it needs.';
comment on column calendars_in_force.changes_at is 'When the next version known so far takes effect.';
comment on column calendars_in_force.editions is 'How many rows of calendar_versions were known to whoever wrote this.';

create table recalculations (
    id bigint generated always as identity primary key,
    code text not null,
    version text not null,
    former text,
    first_day date not null,
    last_day date not null,
    wider boolean not null,
    since timestamptz not null,
    switched_in xid8 not null default pg_current_xact_id(),
    pass int not null default 1,
    after_late_from timestamptz,
    after_authority text not null default '',
    after_matter text not null default '',
    folded bigint not null default 0,
    folded_in_pass bigint not null default 0,
    failed bigint not null default 0,
    finished_at timestamptz,
    constraint recalculations_end_after_they_begin check (finished_at is null or finished_at >= since)
);
create index recalculations_to_do on recalculations (code) where finished_at is null;
comment on table recalculations is 'Clocks to fold again because their calendar changed between two days; finished when none is left that was counted by another version.';
comment on column recalculations.switched_in is 'The transaction in which the calendar changed: whoever still counts by the former one began before it.';

create table superseded_statements (
    authority text not null,
    matter text not null,
    clock text not null,
    subject text not null,
    revision bigint not null,
    superseded_at timestamptz not null,
    says json not null,
    primary key (authority, matter, clock, subject, superseded_at, revision)
);
comment on table superseded_statements is 'Append-only: what was said of a clock until then, where its count was replaced by another.';

create function rests_on(says json, late_from timestamptz, c text, v text, first_day date, last_day date)
returns boolean language sql stable
return late_from >= first_day - 40
    and says -> 'counted' ->> 'calendar' <> v
    and starts_with(says -> 'counted' ->> 'calendar', c || '-')
    and position('-' in substr(says -> 'counted' ->> 'calendar', length(c) + 2)) = 0
    and (late_from >= first_day - 2 or says -> 'counted' -> 'limit' ->> 'roll' = 'previous')
    and (select min((f ->> 'occurred_at')::date) from json_array_elements(says -> 'facts') f) <= last_day + 2;
comment on function rests_on is 'Whether a clock was counted by another version than v of the calendar c, over one of these days. Where its last day rolled back, its count went on for some days after its end.';

create view next_firing as
select least(
    (
        select min(first.at)
        from generate_series(0, (select max(lane) from clocks where next_alarm_at is not null)) as l (lane)
        cross join lateral (
            select next_alarm_at as at from clocks
            where lane = l.lane and next_alarm_at is not null order by next_alarm_at limit 1
        ) first
    ),
    (select refold_at from matters where refold_at is not null order by refold_at limit 1)
) as at;

-- What is awaited besides, by whoever waits until nothing is in flight.
create or replace view next_alarm as
select least(
    (select at from next_firing),
    (select min(since) from recalculations where finished_at is null),
    (select min(changes_at) from calendars_in_force)
) as at;
