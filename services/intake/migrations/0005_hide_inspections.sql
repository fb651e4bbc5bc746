-- What an inspection found leaves with its publication and not before. A build before this one publishes the content of
-- inspections all the same: stop it first. What it published stands on the topics.
alter table aggregates add column inspection text
    constraint aggregates_know_how_an_inspection_stands check (inspection in ('hidden', 'published'));
comment on column aggregates.inspection is
    'Null: nothing was inspected. hidden: its facts are published without their content, until inspection.published.';
update aggregates g set inspection = f.state
from (
    select authority, matter,
        case when bool_or(type = 'inspection.published') then 'published' else 'hidden' end as state
    from facts where type in ('inspection.recorded', 'inspection.published') group by authority, matter
) f
where g.authority = f.authority and g.name = f.matter and g.topic = 'matter-events';
