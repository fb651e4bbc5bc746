-- The directory as organisations are: units in a tree, posts, acting holders, leave with a deputy, corrections. All of it
-- are facts in the one append-only table; what they amount to is derived beside it, entry by entry.
alter table directory_facts
    alter column person drop not null,
    add column until timestamptz,
    add column acting boolean not null default false,
    add column other text,
    add column of_post text,
    add column unit_kind text,
    add column issued_at timestamptz,
    add column replaces_source text,
    add column replaces_id text,
    drop constraint directory_facts_have_a_known_kind,
    drop constraint directory_facts_assign_a_role,
    add constraint directory_facts_have_a_known_kind check (kind in (
        'assigned', 'ended', 'established', 'abolished', 'placed', 'dissolved', 'leave-taken', 'leave-ended', 'retracted'
    )),
    add constraint directory_facts_give_a_role check ((kind in ('assigned', 'established')) = (role is not null)),
    add constraint directory_facts_name_a_holder check ((kind in ('assigned', 'ended')) = (person is not null)),
    add constraint directory_facts_replace_one_fact check ((replaces_source is null) = (replaces_id is null)),
    add constraint directory_facts_retract_something check (kind <> 'retracted' or replaces_id is not null);
comment on table directory_facts is 'Append-only; the truth of which holdings, posts, places of units, leaves and conflicts are folds.';
comment on column directory_facts.post is 'The entry that the fact is about: a post, a unit, or a person on leave.';
comment on column directory_facts.unit is 'Which the post serves; of a unit, under which it stands.';
comment on column directory_facts.until is 'From when on it holds no more, where that was said.';
comment on column directory_facts.other is 'The deputy of who is on leave; who hands the post over.';
comment on column directory_facts.of_post is 'The one post that a leave is from.';
comment on column directory_facts.learned_at is 'When it was recorded here; occurred_at is when it held.';

alter table holdings add column acting boolean not null default false;
create index holdings_by_person on holdings (person, authority);

create table posts (
    authority text not null,
    post text not null,
    since timestamptz not null,
    until timestamptz,
    role text not null constraint posts_have_a_known_role check (role in ('direct', 'leading', 'principal')),
    unit text,
    learned_at timestamptz not null,
    primary key (authority, post, since),
    constraint posts_end_after_they_begin check (until > since)
);
comment on table posts is 'Posts as they were established, [since, until): derived.';

create table unit_places (
    authority text not null,
    unit text not null,
    since timestamptz not null,
    until timestamptz,
    parent text,
    kind text,
    learned_at timestamptz not null,
    primary key (authority, unit, since),
    constraint unit_places_end_after_they_begin check (until > since)
);
comment on table unit_places is 'Under which unit a unit stood, [since, until): derived.';
create index unit_places_by_parent on unit_places (authority, parent) where parent is not null;

create table leaves (
    authority text not null,
    person text not null,
    since timestamptz not null,
    of_post text not null,
    until timestamptz,
    deputy text,
    learned_at timestamptz not null,
    primary key (authority, person, since, of_post),
    constraint leaves_end_after_they_begin check (until > since)
);
comment on table leaves is 'Who was on leave, [since, until), and who stood in: derived.';
comment on column leaves.of_post is 'Empty: from all posts.';

create table directory_conflicts (
    authority text not null,
    entry text not null,
    code text not null,
    at timestamptz not null,
    source text not null,
    event_id text not null,
    detail text not null,
    primary key (authority, entry, code, at, source, event_id)
);
comment on table directory_conflicts is 'Where facts do not fit each other, for people to correct: derived. A ring of units has no source.';

create table people (
    person text primary key,
    name text not null,
    written_at timestamptz not null,
    written_by text not null
);
comment on table people is 'What pseudonyms stand for: here alone, never on Kafka (D19), and shown to who may see it.';
