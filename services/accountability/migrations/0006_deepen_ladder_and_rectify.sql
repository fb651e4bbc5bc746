-- What people do about a case beside answering it, whose duty passed, rectification with its evidence, and the answers
-- to requests that may be sent again.
create table ladder_steps (
    case_id uuid not null,
    n int not null,
    authority text not null,
    matter text not null,
    standing_no int not null,
    kind text not null constraint ladder_steps_are_of_a_known_kind check (kind in ('acknowledged', 'assigned', 'snoozed')),
    by_person text not null,
    assignee text,
    amount text,
    reason uuid,
    taken_at timestamptz not null,
    primary key (case_id, n, authority, matter),
    constraint ladder_steps_say_whom_they_assign check ((kind = 'assigned') = (assignee is not null)),
    constraint ladder_steps_say_how_long_they_snooze check ((kind = 'snoozed') = (amount is not null))
);
comment on table ladder_steps is 'Never changed. What is asked of each standing of a case is counted in these rows.';
comment on column ladder_steps.n is 'The revision of the case that the step made.';
comment on column ladder_steps.reason is 'The id of a text.';
create unique index ladder_steps_one_acknowledgement_each on ladder_steps (case_id, standing_no, by_person, authority, matter)
    where kind = 'acknowledged';

create table overseer_misses (
    case_id uuid not null,
    clock text not null,
    late_from timestamptz not null,
    authority text not null,
    matter text not null,
    told_at timestamptz not null,
    addressee text,
    cause_source text not null,
    cause_id text not null,
    constraint overseer_misses_once_for_each_due primary key (case_id, clock, late_from, authority, matter)
);
comment on table overseer_misses is 'Each duty of a case that passed undone and was told, once for each due (I1); it never opens a case (D17).';
comment on column overseer_misses.addressee is 'Null: every post that the rulebook names was vacant.';

create table rectifications (
    rectification_id uuid not null,
    authority text not null,
    matter text not null,
    case_id uuid,
    origin text not null constraint rectifications_have_a_known_origin check (origin in ('live', 'import')),
    zone text not null,
    calendar text not null,
    rulebook text not null,
    unit text not null,
    person text,
    state text not null constraint rectifications_have_a_known_state check (state in ('issued', 'reported', 'verified')),
    round int not null constraint rectifications_begin_with_round_one check (round >= 1),
    within text not null,
    ordered_by text not null,
    ordered_at timestamptz not null,
    reported_by text,
    overdue_at timestamptz,
    ended_at timestamptz,
    revision int not null,
    primary key (rectification_id, authority, matter),
    constraint rectifications_reported_say_by_whom check ((state = 'issued') = (reported_by is null)),
    constraint rectifications_verified_say_when check ((state = 'verified') = (ended_at is not null))
);
comment on table rectifications is 'What was ordered to be put right, for a case or for a matter alone, as it stands.';
comment on column rectifications.case_id is 'Null: it stands alone, and its events count its own revisions.';
comment on column rectifications.round is 'One, and one more each time that it is sent back.';
comment on column rectifications.within is 'The limit of this round, as an amount.';
comment on column rectifications.overdue_at is 'When it was told that the limit of this round had passed.';
comment on column rectifications.revision is 'Steps taken; where it stands alone, its events.';
create index rectifications_of_cases on rectifications (case_id) where case_id is not null;
create index rectifications_in_order on rectifications (ordered_at, rectification_id);

create table rectification_steps (
    rectification_id uuid not null,
    n int not null,
    authority text not null,
    matter text not null,
    kind text not null constraint rectification_steps_are_of_a_known_kind
        check (kind in ('ordered', 'reported', 'verified', 'rejected', 'overdue')),
    round int not null,
    by_person text,
    words uuid,
    evidence uuid[] not null,
    taken_at timestamptz not null,
    primary key (rectification_id, n, authority, matter)
);
comment on table rectification_steps is 'Every step of a rectification; never changed.';
comment on column rectification_steps.words is 'The id of a text: what was demanded, reported, found.';

create table evidence (
    evidence_id uuid not null,
    authority text not null,
    matter text not null,
    rectification_id uuid not null,
    media_type text not null,
    bytes int not null constraint evidence_is_not_empty check (bytes > 0),
    sha256 bytea not null constraint evidence_has_a_whole_digest check (length(sha256) = 32),
    given_by text not null,
    given_at timestamptz not null,
    primary key (evidence_id, authority, matter),
    constraint evidence_once_for_each_rectification unique (rectification_id, sha256, authority, matter)
);
comment on table evidence is 'What was handed in to show that something was put right; never changed. Its content is kept by its digest.';

create table evidence_parts (
    sha256 bytea not null,
    n int not null,
    content bytea not null,
    primary key (sha256, n)
);
comment on table evidence_parts is 'The content of evidence where it is kept in Postgres, in parts; the same content is kept once.';

create table given_answers (
    person text not null,
    key text not null,
    asked bytea not null,
    status int,
    tag text,
    says text,
    at timestamptz not null,
    primary key (person, key)
);
comment on table given_answers is 'What a request with an Idempotency-Key was answered, by who asked (I3).';
comment on column given_answers.asked is 'The digest of method, path and body: the same key with another request is refused.';
