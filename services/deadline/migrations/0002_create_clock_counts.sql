-- How many clocks there are of each kind operators ask for, without counting millions of rows: each batch adds what it
-- changed, in its own transaction and on rows of its own, so that no two batches wait for each other.
create table clock_counts (
    kind text not null,
    n bigint not null
);
comment on table clock_counts is 'The sum for each kind is the number of clocks; rows are added up now and then.';

insert into clock_counts (kind, n) select state, count(*) from clocks where applies group by state;
insert into clock_counts (kind, n) select 'uncountable', count(*) from clocks where applies and says ? 'problem';
insert into clock_counts (kind, n)
select 'provisional', count(*) from clocks
where applies and state in ('running', 'warned') and (says -> 'scheduled' ->> 'provisional')::boolean;
