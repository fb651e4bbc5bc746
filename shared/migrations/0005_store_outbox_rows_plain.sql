-- A row with an event of 1.7 kB is a little larger than what Postgres keeps as it is: compressing it cost 8 us of CPU an
-- event, and reading it back some more, for rows that are deleted after a month.
alter table outbox set (toast_tuple_target = 8160);
