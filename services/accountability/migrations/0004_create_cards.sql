-- Cards of limits (R21, R22), and what was said of each limit, from which its cards are folded. What was missed before
-- this migration has no cards.
create table card_words (
    limit_id uuid not null,
    revision bigint not null,
    authority text not null,
    matter text not null,
    clock text not null,
    subject text not null,
    kind text not null constraint card_words_have_a_known_kind
        check (kind in ('warned', 'missed', 'untrue', 'overdue', 'overdue-revoked', 'deemed', 'deemed-revoked')),
    says text not null,
    due text not null,
    late_from timestamptz not null,
    origin text not null,
    item text,
    unit text,
    person text,
    source text not null,
    event_id text not null,
    primary key (limit_id, revision, authority, matter)
);
comment on table card_words is
    'What the deadline service said of each limit that concerns its cards, kept for ever: the cards that stand are a fold of it.';
comment on column card_words.limit_id is 'Derived from authority, matter, clock and subject.';
comment on column card_words.says is 'The warning, the kind of the limit missed, by how much it is overdue, or why the miss is untrue.';

create table cards (
    card_id uuid not null,
    authority text not null,
    matter text not null,
    limit_id uuid not null,
    clock text not null,
    subject text not null,
    rule text not null constraint cards_have_a_known_rule check (rule in ('limit', 'repetition')),
    level text not null constraint cards_have_a_known_level check (level in ('reminder', 'warning', 'yellow', 'red')),
    grounds json not null,
    counted json not null,
    due text not null,
    quarter text not null,
    late_from timestamptz not null,
    origin text not null constraint cards_have_a_known_origin check (origin in ('live', 'import')),
    item text,
    unit text,
    person text,
    rulebook text not null,
    issued_at timestamptz not null,
    revoked_at timestamptz,
    revoked_because text constraint cards_are_revoked_for_a_known_reason
        check (revoked_because in ('met', 'due-moved', 'voided', 'deemed-revoked', 'done-earlier', 'overtaken', 'fewer-cards')),
    revision int not null,
    cause_source text not null,
    cause_id text not null,
    constraint cards_one_per_matter_rule_and_level primary key (card_id, authority, matter),
    constraint cards_revoked_say_why check ((revoked_at is null) = (revoked_because is null))
);
comment on table cards is
    'One for each limit of a matter and each level (R22): the id is derived from them, so the key is that constraint. Revoked, never deleted.';
comment on column cards.person is 'Who had the matter in hand when the limit passed or the warning was due; null: nobody by name.';
comment on column cards.quarter is 'The calendar quarter of the due, in which yellow cards of one person are counted.';
comment on column cards.counted is 'Of a repetition: the ids of the yellow cards.';
comment on column cards.issued_at is 'When it was first issued.';
comment on column cards.revision is 'Events published of this card, 1..n.';
create index cards_in_order_of_issue on cards (issued_at, card_id);
create index cards_counted_for_a_person on cards (authority, person, quarter, late_from, card_id)
    where level = 'yellow' and revoked_at is null and person is not null;
create index cards_of_repetition on cards (authority, person, quarter)
    where rule = 'repetition' and revoked_at is null;

comment on table case_events is
    'Every published event of a case, kept for ever, and in it each attribution; the outbox forgets, this does not. Of a card, too: case_id is then the card''s.';
