-- What an operator decides about a dead letter, and what came of it. A log that was made anew counts its offsets from 0
-- again: the letters of earlier logs stay beside those of the present one.
alter table dead_letters add column logs_ago int not null default 0;
alter table dead_letters drop constraint dead_letters_pkey;
alter table dead_letters add constraint dead_letters_pkey primary key (topic, partition, position, logs_ago);
alter table dead_letters add column retry_asked_at timestamptz;
alter table dead_letters add column retries int not null default 0;
alter table dead_letters add column settled_at timestamptz;
alter table dead_letters add column settled_how text
    constraint dead_letters_are_settled_in_a_known_way check (settled_how in ('processed', 'discarded'));
alter table dead_letters add column settled_because text;
alter table dead_letters add constraint dead_letters_are_settled_somehow
    check ((settled_at is null) = (settled_how is null));
comment on column dead_letters.retry_asked_at is 'An operator asks to try again: the next consumer that looks does.';
create index dead_letters_to_retry on dead_letters (retry_asked_at) where retry_asked_at is not null;
