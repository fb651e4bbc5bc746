-- Calendars are published under authority/code, on a topic of their own. Before or after the new build starts.
alter table aggregates drop constraint aggregates_topic_check;
alter table aggregates add constraint aggregates_topic_check
    check (topic in ('matter-events', 'directory-events', 'calendar-events'));
comment on table aggregates is
    'One row for each matter, post or calendar: the lock for its facts, and how many it has (D3, D11).';
