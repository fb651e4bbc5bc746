-- Cases, the verdicts they rest on, what was published of them, and the directory by which people are named.
create table cases (
    authority text not null,
    matter text not null,
    case_id uuid not null,
    clock text not null,
    subject text not null,
    due text not null,
    late_from timestamptz not null,
    item text,
    unit text,
    held_since timestamptz,
    held_until timestamptz,
    held_unit text,
    held_by text,
    origin text not null constraint cases_have_a_known_origin check (origin in ('live', 'import')),
    zone text not null,
    calendar text not null,
    rulebook text not null,
    ladder jsonb not null,
    state text not null constraint cases_have_a_known_state check (state in ('standing', 'withdrawn')),
    verdict_revision bigint not null,
    miss_source text not null,
    miss_id text not null,
    detected_at timestamptz not null,
    opened_at timestamptz not null,
    standing_since timestamptz not null,
    standing_no int not null,
    withdrawn_at timestamptz,
    withdrawn_because text
        constraint cases_are_withdrawn_for_a_known_reason check (withdrawn_because in ('met', 'due-moved', 'voided')),
    answered_at timestamptz,
    answered_by text,
    rung int not null,
    at_last_rung boolean not null,
    revision int not null,
    attributions int not null,
    direct_person text,
    leading_person text,
    principal_person text,
    proposal jsonb not null,
    addressed jsonb not null,
    told jsonb not null,
    primary key (authority, matter, case_id),
    constraint cases_one_per_missed_deadline unique (authority, matter, clock, subject, late_from),
    constraint cases_withdrawn_say_when check ((state = 'withdrawn') = (withdrawn_at is not null)),
    constraint cases_withdrawn_say_why check ((state = 'withdrawn') = (withdrawn_because is not null)),
    constraint cases_answered_say_by_whom check ((answered_at is null) = (answered_by is null)),
    constraint cases_stand_at_least_once check (standing_no >= 1),
    constraint cases_begin_at_the_lowest_rung check (rung >= 0),
    constraint cases_have_events_for_each_attribution check (revision >= attributions and attributions >= 1)
);
comment on table cases is 'Authoritative for what stands. The id is derived from what was missed (D2); never deleted.';
comment on column cases.due is 'As written: a bare date for a day limit, else an instant with its offset.';
comment on column cases.unit is 'The unit that had the matter at the due instant.';
comment on column cases.verdict_revision is 'Of the deadline service''s last word on the miss; an older one is ignored (D3).';
comment on column cases.revision is 'Events published of this case, 1..n (I17).';
comment on column cases.direct_person is 'As leading_person and principal_person: the person of the current proposal, null for a vacancy.';
create unique index cases_found_by_id on cases (case_id);
create index cases_in_order_of_opening on cases (opened_at, case_id);
create index cases_standing_by_due on cases (authority, late_from) where state = 'standing';
create index cases_waiting_at_last_rung on cases (opened_at, case_id)
    where at_last_rung and state = 'standing' and answered_at is null;

create table verdicts (
    authority text not null,
    matter text not null,
    case_id uuid not null,
    revision bigint not null,
    kind text not null constraint verdicts_have_a_known_kind check (kind in ('missed', 'withdrawn')),
    source text not null,
    event_id text not null,
    says jsonb not null,
    recorded_at timestamptz not null,
    primary key (authority, matter, case_id, revision)
);
comment on table verdicts is
    'What the deadline service said of each miss and was heeded, kept for ever. A withdrawal without a case bars the older miss that comes after it.';

create table case_events (
    authority text not null,
    matter text not null,
    case_id uuid not null,
    n int not null constraint case_events_are_counted_from_one check (n >= 1),
    event_id text not null,
    type text not null,
    occurred_at timestamptz not null,
    cause_source text,
    cause_id text,
    says jsonb not null,
    primary key (authority, matter, case_id, n)
);
comment on table case_events is 'Every published event of a case, kept for ever; the outbox forgets, this does not.';

create table attributions (
    authority text not null,
    matter text not null,
    case_id uuid not null,
    n int not null,
    decided_at timestamptz not null,
    reason text not null constraint attributions_have_a_known_reason
        check (reason in ('opened', 'reinstated', 'miss-republished', 'directory-fact')),
    cause_source text not null,
    cause_id text not null,
    proposal jsonb not null,
    primary key (authority, matter, case_id, n)
);
comment on table attributions is 'Each attribution as it was decided (D18, I12); the last one of a case is its proposal.';

create table escalations (
    authority text not null,
    matter text not null,
    case_id uuid not null,
    standing_no int not null,
    rung int not null,
    late_from timestamptz not null,
    escalated_at timestamptz not null,
    addressee text,
    cause_source text not null,
    cause_id text not null,
    constraint escalations_one_per_rung primary key (authority, matter, case_id, standing_no, rung)
);
comment on table escalations is 'Each rung fires once for each time that a case comes to stand (I1).';

create table answers (
    authority text not null,
    matter text not null,
    case_id uuid not null,
    standing_no int not null,
    person text not null,
    text text not null,
    answered_at timestamptz not null,
    constraint answers_one_per_standing primary key (authority, matter, case_id, standing_no)
);
comment on table answers is 'The first answer. Its text stays here: what is on Kafka cannot be called back (D19).';

create table directory_facts (
    authority text not null,
    post text not null,
    source text not null,
    event_id text not null,
    event text not null,
    kind text not null constraint directory_facts_have_a_known_kind check (kind in ('assigned', 'ended')),
    occurred_at timestamptz not null,
    person text not null,
    role text constraint directory_facts_have_a_known_role check (role in ('direct', 'leading', 'principal')),
    unit text,
    learned_at timestamptz not null,
    primary key (authority, post, source, event_id),
    constraint directory_facts_assign_a_role check ((kind = 'assigned') = (role is not null))
);
comment on table directory_facts is 'Append-only; the truth of which holdings are a fold.';

create table holdings (
    authority text not null,
    post text not null,
    since timestamptz not null,
    until timestamptz,
    person text not null,
    role text not null constraint holdings_have_a_known_role check (role in ('direct', 'leading', 'principal')),
    unit text,
    learned_at timestamptz not null,
    primary key (authority, post, since),
    constraint holdings_end_after_they_begin check (until > since)
);
comment on table holdings is 'Who held which post, [since, until): derived from directory_facts, rewritten by the fold.';
create index holdings_by_unit on holdings (authority, unit);

create view report as
    select authority, matter, clock, subject, late_from, case_id, state,
        direct_person as direct, leading_person as "leading", principal_person as principal
    from cases;
comment on view report is 'The current proposal of every case, for reports.';
