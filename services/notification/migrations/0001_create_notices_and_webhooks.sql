-- Who holds which post; what is remembered of a case; notices to people; webhook subscriptions, deliveries, attempts.
create table holder_facts (
    authority text not null,
    post text not null,
    source text not null,
    id text not null,
    occurred_at timestamptz not null,
    person text not null,
    role text,
    unit text,
    primary key (authority, post, source, id)
);
comment on table holder_facts is 'Facts of directory-events; role null: the person holds the post no more.';
create index holder_facts_by_unit on holder_facts (authority, unit) where role is not null;

create table cases (
    matter_key text not null,
    id text not null,
    revision bigint not null,
    named jsonb not null,
    item text,
    unit text,
    clock text,
    due text,
    primary key (matter_key, id)
);
comment on table cases is 'What case.revised does not repeat: who was named before, [[role, person], ...] (D3, D18).';

create table notices (
    recipient text not null,
    about_source text not null,
    about_id text not null,
    channel text not null,
    id uuid not null,
    kind text not null,
    matter_key text not null,
    case_id text,
    role text,
    state text not null,
    reason text,
    subject_en text not null,
    body_en text not null,
    subject_zh text not null,
    body_zh text not null,
    created_at timestamptz not null,
    constraint notices_one_per_event_recipient_and_channel primary key (recipient, about_source, about_id, channel),
    constraint notices_are_sent_suppressed_or_failed check (state in ('sent', 'suppressed', 'failed')),
    constraint notices_give_a_reason_unless_sent check ((state = 'sent') = (reason is null))
);
comment on table notices is 'What people are told, decided once (I13); created_at is business time.';
create index notices_newest on notices (recipient, created_at desc, id desc);
create index notices_of_matter on notices (matter_key, created_at desc, id desc);
create index notices_not_sent on notices (state, created_at desc, id desc) where state <> 'sent';

create table subscriptions (
    id uuid primary key,
    url text not null,
    types text[] not null,
    secret text,
    state text not null,
    created_at timestamptz not null,
    ended_at timestamptz,
    failures int not null default 0,
    resume_at timestamptz,
    constraint subscriptions_are_active_disabled_or_deleted check (state in ('active', 'disabled', 'deleted')),
    constraint subscriptions_keep_their_secret_while_active check ((state = 'active') = (secret is not null)),
    constraint subscriptions_end_when_not_active check ((state = 'active') = (ended_at is null))
);
comment on table subscriptions is 'resume_at, on the database''s clock: after failures in a row one delivery probes then.';

create table deliveries (
    id uuid primary key,
    subscription uuid not null references subscriptions,
    about_source text not null,
    about_id text not null,
    kind text not null,
    matter_key text not null,
    body bytea,
    state text not null,
    reason text,
    attempts int not null default 0,
    next_attempt_at timestamptz,
    created_at timestamptz not null,
    constraint deliveries_one_per_subscription_and_event unique (subscription, about_source, about_id),
    constraint deliveries_are_pending_sent_failed_or_suppressed
        check (state in ('pending', 'sent', 'failed', 'suppressed')),
    constraint deliveries_have_a_next_attempt_while_pending check ((state = 'pending') = (next_attempt_at is not null)),
    constraint deliveries_keep_their_body_while_pending check (state <> 'pending' or body is not null),
    constraint deliveries_give_a_reason_when_not_sent check ((state in ('failed', 'suppressed')) = (reason is not null))
);
comment on table deliveries is 'created_at is business time; next_attempt_at is the database''s, and the lease while under way.';
create index deliveries_due on deliveries (subscription, next_attempt_at) where state = 'pending';
create index deliveries_newest on deliveries (created_at desc, id desc);

create table attempts (
    delivery uuid not null references deliveries,
    number int not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    outcome text,
    status int,
    primary key (delivery, number),
    constraint attempts_end_with_an_outcome check ((ended_at is null) = (outcome is null)),
    constraint attempts_have_a_known_outcome
        check (outcome in ('sent', 'gone', 'refused', 'timeout', 'unreachable', 'blocked', 'unknown'))
);
comment on table attempts is 'Written before the call; outcome null: under way. unknown: the sender died meanwhile.';
create index attempts_under_way on attempts (delivery) where outcome is null;
