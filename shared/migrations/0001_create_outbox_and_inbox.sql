-- What every service has in its own schema: events to send, offsets consumed, messages that could not be processed.
create table outbox (
    id bigint generated always as identity,
    bucket int not null,
    topic text not null,
    key text not null,
    event_id text not null,
    headers bytea not null,
    body bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    sent_at timestamptz,
    quarantined_at timestamptz,
    quarantine_reason text,
    primary key (bucket, id),
    constraint outbox_sent_or_quarantined check (sent_at is null or quarantined_at is null),
    constraint outbox_quarantined_with_its_reason check ((quarantined_at is null) = (quarantine_reason is null))
);
comment on table outbox is 'Events of committed transactions; bucket = partition, so one relay sends a key in order (D14).';
comment on column outbox.quarantined_at is 'The broker refuses the row for what it is; set both columns to null to send it.';
create index outbox_unsent on outbox (bucket, id) where sent_at is null and quarantined_at is null;

create table published_offsets (
    topic text not null,
    partition int not null,
    next_offset bigint not null,
    primary key (topic, partition)
);
comment on table published_offsets is
    'Up to where our events stand on each partition, as the broker acknowledged: who has stored less lags behind.';

create table outbox_leases (
    bucket int primary key,
    holder text not null,
    epoch bigint not null,
    expires_at timestamptz not null
);

create table consumed_offsets (
    topic text not null,
    partition int not null,
    next_offset bigint not null,
    primary key (topic, partition)
);
comment on table consumed_offsets is 'Moves in the transaction of the batch: the truth about what was consumed (D13).';

create table dead_letters (
    topic text not null,
    partition int not null,
    position bigint not null,
    key bytea,
    value bytea,
    headers bytea not null,
    reason text not null,
    failed_at timestamptz not null default clock_timestamp(),
    primary key (topic, partition, position)
);
