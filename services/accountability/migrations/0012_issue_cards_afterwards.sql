-- Cards are issued after the cases: a batch leaves what was said, one row for all of it, and a loop works that off.
-- Additive: a build before this one issues its cards within the batch and leaves nothing here.

create table told_words (
    id bigint generated always as identity primary key,
    words bytea not null,
    amount int not null constraint told_words_are_some check (amount > 0),
    told_at timestamptz not null default clock_timestamp(),
    set_aside_at timestamptz,
    reason text,
    constraint told_words_set_aside_with_their_reason check ((set_aside_at is null) = (reason is null))
);
alter table told_words alter column words set storage external;
comment on table told_words is 'What the deadline service said that concerns cards and is in no card yet: empty at rest.';
comment on column told_words.words is 'As JSON, of a whole batch; deleted by the transaction that keeps them in card_words.';
comment on column told_words.set_aside_at is 'No card could be made of it; set both columns to null to try again.';
