-- A clock's statement says each thing once and is read back whole, as a fact's words are: half the bytes, and no tree to
-- build for each write. A clock waits in a lane: a matter's fires when its partition of matter-events is read to its
-- end, a case's when that of case-events is, too.
alter table clocks rename column bucket to lane;
update clocks set lane = 2 * lane + (subject like 'case:%')::int;
comment on column clocks.lane is 'Twice the partition of its matter, and one more for the clocks of a case.';
alter table clocks alter column says type json using (
    (says - 'scheduled' - 'missed')
    || case when says ? 'scheduled'
        then jsonb_build_object('counted', (says -> 'scheduled') - 'facts', 'holdings', says -> 'missed' -> 'holdings')
        else '{}' end
)::json;
update clocks set digest = null;
comment on column clocks.digest is 'Of what the miss says; null where a former build wrote it in another way: then nothing is said anew.';
alter table facts alter column says type json using says::json;
drop index clocks_to_fire;
create index clocks_to_fire on clocks (lane, next_alarm_at) where next_alarm_at is not null;

create or replace view next_alarm as
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
drop index clocks_by_next_alarm;
