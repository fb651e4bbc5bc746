-- Units in a tree, posts, acting holders, leave with a deputy, corrections: what a warning must know to reach somebody.
alter table holder_facts
    alter column person drop not null,
    add column kind text,
    add column until timestamptz,
    add column acting boolean not null default false,
    add column other text,
    add column of_post text,
    add column unit_kind text,
    add column issued_at timestamptz,
    add column replaces_source text,
    add column replaces_id text;
update holder_facts set kind = case when role is null then 'ended' else 'assigned' end;
alter table holder_facts alter column kind set not null;
comment on table holder_facts is 'Facts of directory-events; `post` is the entry: a post, a unit, or a person on leave.';
comment on column holder_facts.unit is 'Which the post serves; of a unit, under which it stands.';
comment on column holder_facts.other is 'The deputy of who is on leave.';
