-- Due process: a case that somebody took up, each step that was taken, and the measures that came of it.
create table proceedings (
    case_id uuid not null,
    authority text not null,
    matter text not null,
    round int not null constraint proceedings_begin_with_round_one check (round >= 1),
    state text not null constraint proceedings_have_a_known_state check (state in (
        'preliminary-review', 'dismissed', 'filed', 'investigating', 'notice-and-defence', 'deliberation', 'exempted',
        'decided', 'referred', 'served', 'executing', 'under-review', 'upheld', 'varied', 'revoked', 'closed',
        'withdrawn'
    )),
    since timestamptz not null,
    rulebook text not null,
    begun_at timestamptz not null,
    filed_at timestamptz,
    noticed_at timestamptz,
    deliberated_at timestamptz,
    concluded_at timestamptz,
    served_at timestamptz,
    asked_at timestamptz,
    revoked_at timestamptz,
    ended_at timestamptz,
    last_at timestamptz,
    violation text constraint proceedings_have_a_known_violation check (violation in ('omission', 'delay', 'misconduct')),
    outcome text constraint proceedings_have_a_known_outcome check (outcome in ('exemption', 'decision', 'referral')),
    asked text constraint proceedings_have_a_known_remedy check (asked in ('review', 'appeal')),
    decide_until date,
    extended boolean not null,
    answer_until date,
    investigators json not null,
    recused json not null,
    members json not null,
    votes json not null,
    parties json not null,
    passed json not null,
    proposed json,
    revocation_source text,
    revocation_id text,
    primary key (case_id, authority, matter),
    constraint proceedings_beyond_review_were_filed check (
        state in ('preliminary-review', 'dismissed', 'withdrawn') or filed_at is not null
    ),
    constraint proceedings_are_never_deliberated_without_notice check (deliberated_at is null or noticed_at is not null),
    constraint proceedings_are_never_concluded_without_deliberation check (
        (concluded_at is null or deliberated_at is not null) and (concluded_at is null) = (outcome is null)
    ),
    constraint proceedings_beyond_deliberation_were_concluded check (
        concluded_at is not null or state in (
            'preliminary-review', 'dismissed', 'filed', 'investigating', 'notice-and-defence', 'deliberation', 'withdrawn'
        )
    ),
    constraint proceedings_are_served_once_concluded check (
        (served_at is null or concluded_at is not null)
        and (served_at is not null or revoked_at is not null
            or state not in ('served', 'executing', 'under-review', 'upheld', 'varied', 'closed'))
    ),
    constraint proceedings_under_review_say_what_was_asked check (
        (asked is null) = (asked_at is null) and (asked is not null or state not in ('under-review', 'upheld', 'varied'))
    ),
    constraint proceedings_revoked_say_when check (state <> 'revoked' or revoked_at is not null),
    constraint proceedings_ended_say_when check ((state in ('dismissed', 'closed', 'withdrawn')) = (ended_at is not null)),
    constraint proceedings_to_revoke_name_their_cause check ((revocation_source is null) = (revocation_id is null))
);
comment on table proceedings is 'A case that was taken up, as it stands. A case without a row is a lead.';
comment on column proceedings.round is 'One, and one more where a withdrawn case stands again and is taken up again.';
comment on column proceedings.rulebook is 'The edition pinned when the case was taken up.';
comment on column proceedings.last_at is 'When the last step was taken, as those who took it say.';
comment on column proceedings.passed is 'The case''s limits that the deadline service says are past, with their late_from.';
comment on column proceedings.proposed is 'A sensitive step that one person asked for and nobody has confirmed yet.';

create table proceeding_steps (
    case_id uuid not null,
    n int not null,
    authority text not null,
    matter text not null,
    round int not null,
    kind text not null,
    state text not null,
    by_persons text[] not null,
    taken_at timestamptz not null,
    recorded_at timestamptz not null,
    texts uuid[] not null,
    kinds text[] not null,
    primary key (case_id, n, authority, matter),
    constraint proceeding_steps_are_recorded_after_they_were_taken check (recorded_at >= taken_at),
    constraint proceeding_steps_say_what_each_text_is check (cardinality(texts) = cardinality(kinds))
);
comment on table proceeding_steps is 'Every step of a proceeding; never changed.';
comment on column proceeding_steps.n is 'The revision of the case that the step made.';
comment on column proceeding_steps.by_persons is 'Who took it: two where it takes two; nobody where the cause of the case moved it.';

create table proceeding_measures (
    case_id uuid not null,
    person text not null,
    authority text not null,
    matter text not null,
    role text not null,
    measure text not null,
    decided_at timestamptz not null,
    influence_until date,
    lifted_at timestamptz,
    primary key (case_id, person, authority, matter)
);
comment on table proceeding_measures is 'What was decided against whom, as it stands: repetition within a year is counted here (R27).';
comment on column proceeding_measures.influence_until is 'Until when it counts against the person, known from service on; null: it does not, or not yet.';
comment on column proceeding_measures.lifted_at is 'When it was revoked or varied to none.';
create index proceeding_measures_of_a_person on proceeding_measures (authority, person, decided_at) where lifted_at is null;
