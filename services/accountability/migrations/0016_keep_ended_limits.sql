-- Limits that ended, for the monthly score of a unit (R24). What ended before this migration is not known here: scores of
-- the months before it have cards and no volume. Additive: a build before this one keeps none meanwhile.
create table ended_limits (
    authority text not null,
    matter text not null,
    limit_id uuid not null,
    clock text not null,
    subject text not null,
    kind text not null constraint ended_limits_have_a_known_kind check (kind in ('met', 'late', 'open')),
    unit text,
    item text,
    due text not null,
    late_from timestamptz not null,
    ended text not null,
    revision bigint not null,
    primary key (authority, matter, limit_id)
);
comment on table ended_limits is 'Of each limit that ended the deadline service''s last word of that. `open`: it has not, after all.';
comment on column ended_limits.due is 'As written: its first seven characters are its month.';
comment on column ended_limits.ended is 'The act, as written: a bare date or an instant.';
comment on column ended_limits.unit is 'Which had the matter then.';
create index ended_limits_by_unit on ended_limits (unit, late_from, authority);
create index cards_by_unit on cards (unit, late_from, authority);
