create table matters (
    authority text not null,
    matter text not null,
    refold_at timestamptz,
    primary key (authority, matter)
);
comment on table matters is 'One row to lock for each matter (D11); refold_at is when its earliest future fact is known (D7).';
create index matters_by_bare_id on matters (matter);
create index matters_to_refold on matters (refold_at) where refold_at is not null;

create table facts (
    authority text not null,
    matter text not null,
    source text not null,
    event_id text not null,
    event text not null,
    type text not null,
    subject text not null,
    occurred_at timestamptz not null,
    occurred_on date,
    issued_at timestamptz not null,
    received_at timestamptz not null,
    revision bigint not null,
    says jsonb not null,
    primary key (authority, matter, source, event_id)
);
comment on table facts is 'Append-only. The inbox too: an event that is here was taken into account. revision orders the facts of a case, 0 for a matter.';

create table clocks (
    authority text not null,
    matter text not null,
    clock text not null,
    subject text not null,
    bucket int not null,
    state text not null
        check (state in ('not_started', 'running', 'warned', 'met', 'missed', 'missed_done', 'void')),
    item text,
    unit text,
    zone text not null,
    due_on date,
    late_from timestamptz,
    done_at timestamptz,
    done_on date,
    withdrawn boolean not null,
    warned text,
    next_alarm_at timestamptz,
    alarms jsonb not null,
    says jsonb not null,
    missed_late_from timestamptz,
    digest text,
    applies boolean not null,
    revision bigint not null,
    known_at timestamptz not null,
    confirmed_at timestamptz not null,
    primary key (authority, matter, clock, subject),
    constraint clocks_with_a_due_know_when_they_are_late check (late_from is not null or state in ('not_started', 'void')),
    constraint clocks_missed_while_they_apply check (missed_late_from is null or (applies and state in ('missed', 'missed_done'))),
    constraint clocks_met_are_done check (state not in ('met', 'missed_done') or done_at is not null),
    constraint clocks_at_rest_have_no_alarm check (next_alarm_at is null or state in ('running', 'warned'))
);
comment on table clocks is 'The last fold of each clock; the sweep fires from it without loading facts (D12).';
create index clocks_to_fire on clocks (bucket, next_alarm_at) where next_alarm_at is not null;
create index clocks_by_next_alarm on clocks (next_alarm_at) where next_alarm_at is not null;
create index clocks_by_due on clocks (late_from, authority, matter, clock, subject) where applies and late_from is not null;
create index clocks_by_unit on clocks (unit, late_from) where applies and late_from is not null;

create view next_alarm as
select least(
    (select next_alarm_at from clocks where next_alarm_at is not null order by next_alarm_at limit 1),
    (select refold_at from matters where refold_at is not null order by refold_at limit 1)
) as at;

create view report as
select authority, matter, clock, subject, due_on, late_from - interval '1 microsecond' as due_at, late_from, zone,
    done_at, done_on, case when done_at is null then null when withdrawn then 'withdrawn' else 'stop' end as done_kind, applies
from clocks
where late_from is not null;
