-- Texts are made when they are read, from the facts kept here; what was told before keeps its texts. Who is told of much
-- at once is told of the rest by a digest.
alter table notices add column facts json, add column digest uuid;
alter table notices alter column subject_en drop not null, alter column body_en drop not null,
    alter column subject_zh drop not null, alter column body_zh drop not null;
alter table notices add constraint notices_are_told_by_facts_or_texts check ((facts is null) = (body_en is not null));
comment on column notices.digest is 'Read there, and not by itself.';
drop index notices_newest;
create index notices_by_themselves on notices (recipient, created_at desc, id desc) where digest is null;
create index notices_of_digest on notices (digest, created_at desc, id desc) where digest is not null;

create table digests (
    id uuid primary key,
    recipient text not null,
    channel text not null,
    since timestamptz not null,
    created_at timestamptz not null,
    constraint digests_one_per_recipient_channel_and_window unique (recipient, channel, since)
);
comment on table digests is 'What it gathers are the notices that name it; since and created_at are business time.';
create index digests_newest on digests (recipient, created_at desc, id desc);

create table rations (
    recipient text not null,
    channel text not null,
    since timestamptz not null,
    told int not null,
    primary key (recipient, channel)
);
comment on table rations is 'How many notices a person was given in the window that began at since, gathered ones among them.';
