-- By which event a case stands, so that a rung's limit of a former standing is told apart; and which rungs have fired,
-- so that they may arrive in any order.
alter table cases add column standing_event text, add column fired jsonb not null default '[]';
update cases c set
    standing_event = (
        select e.event_id from case_events e
        where e.authority = c.authority and e.matter = c.matter and e.case_id = c.case_id
            and e.type in ('case.opened', 'case.reinstated')
        order by e.n desc limit 1
    ),
    fired = coalesce((
        select jsonb_agg(f.rung order by f.rung) from escalations f
        where f.authority = c.authority and f.matter = c.matter and f.case_id = c.case_id
            and f.standing_no = c.standing_no
    ), '[]');
alter table cases alter column standing_event set not null, alter column fired drop default;
comment on column cases.standing_event is 'The id of the case.opened or case.reinstated by which it stands, or stood last; its rungs'' limits start from it.';
comment on column cases.fired is 'The rungs that have fired in this standing, ascending; rung is the highest of them, else 0.';
comment on column cases.rung is 'The highest rung that has fired in this standing; never goes down within it (R22).';
