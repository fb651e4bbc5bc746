-- Intake's tables: the facts (source of truth for ten years, D15), what was refused, and the answers given.
create table aggregates (
    authority text not null,
    name text not null,
    topic text not null check (topic in ('matter-events', 'directory-events')),
    revision bigint not null default 0 check (revision >= 0),
    primary key (authority, name, topic)
);
comment on table aggregates is 'One row for each matter or post: the lock for its facts, and how many it has (D3, D11).';
create index aggregates_by_name on aggregates (name, topic);

create table facts (
    authority text not null,
    matter text not null,
    source text not null,
    event_id text not null,
    type text not null,
    version int not null,
    subject text not null,
    occurred_at timestamptz not null,
    issued_at timestamptz not null,
    received_at timestamptz not null,
    transport text not null check (transport in ('kafka', 'http')),
    submission text not null,
    digest bytea not null,
    topic text not null,
    revision bigint not null check (revision >= 1),
    published_id text not null,
    published_type text not null,
    published_version int not null,
    published_body text not null,
    primary key (authority, matter, source, event_id),
    constraint facts_one_per_identity unique (source, event_id),
    constraint facts_one_per_revision unique (authority, matter, topic, revision),
    constraint facts_digest_is_of_the_submission check (digest = sha256(convert_to(submission, 'UTF8')))
);
comment on table facts is 'Every accepted submission, and the event it became: all topics of intake can be built from here.';
comment on column facts.matter is 'The matter, or the post for changes of office.';
comment on column facts.occurred_at is 'Known from (D6); for a correction or retraction, when it was issued.';
comment on column facts.submission is 'Canonical JSON of type, subject, time and data; its hash is the digest (D1).';

create table rejections (
    id text primary key,
    transport text not null check (transport in ('kafka', 'http')),
    topic text,
    partition int,
    position bigint,
    subject text,
    source text,
    event_id text,
    sha256 text not null,
    size bigint not null,
    reasons jsonb not null,
    received_at timestamptz not null,
    headers bytea,
    raw bytea,
    constraint rejections_from_kafka_have_a_position check ((transport = 'kafka') = (position is not null))
);
comment on table rejections is 'Every refusal; with the bytes where they came by Kafka and can be had nowhere else.';

create table idempotency_keys (
    key text primary key,
    fingerprint text not null,
    status int,
    media_type text,
    answer bytea,
    created_at timestamptz not null default clock_timestamp()
);
comment on table idempotency_keys is 'The answer given to a key, in the transaction of the facts it brought (I3).';
