-- A clock may stand still, and be told of again after it was missed; a miss that its publisher's feed has not reached
-- is kept back until the feed has passed it or a person confirms it (D8).
alter table clocks drop constraint clocks_state_check;
alter table clocks add constraint clocks_state_check
    check (state in ('not_started', 'running', 'paused', 'warned', 'met', 'missed', 'missed_done', 'void'));
alter table clocks drop constraint clocks_with_a_due_know_when_they_are_late;
alter table clocks add constraint clocks_with_a_due_know_when_they_are_late
    check (late_from is not null or state in ('not_started', 'paused', 'void'));
alter table clocks drop constraint clocks_at_rest_have_no_alarm;
alter table clocks add constraint clocks_at_rest_have_no_alarm
    check (next_alarm_at is null or state in ('running', 'paused', 'warned', 'missed'));
alter table clocks add column unconfirmed boolean not null default false;
comment on column clocks.unconfirmed is 'Late, but its publisher has not said that all up to then is sent: nobody is named (D8).';
create index clocks_unconfirmed on clocks (authority, late_from) where unconfirmed;

create table watermarks (
    authority text not null,
    source text not null,
    partition int not null,
    up_to timestamptz not null,
    primary key (authority, source, partition)
);
comment on table watermarks is 'Up to when a publisher has sent everything, as far as each partition of matter-events has told (D8).';
