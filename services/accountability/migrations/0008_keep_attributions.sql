-- What a miss said beside who held the matter, and what a person confirmed of it: rows for the few cases that have it.
create table attribution_states (
    case_id uuid not null,
    authority text not null,
    matter text not null,
    circumstances json,
    confirmed int,
    confirmed_by text,
    confirmed_at timestamptz,
    revisions int not null default 0,
    proposed json,
    reason text,
    primary key (case_id, authority, matter),
    constraint attribution_states_count_their_revisions check (revisions >= 0),
    constraint attribution_states_propose_for_a_known_reason check (reason in ('miss-republished', 'directory-fact')),
    constraint attribution_states_propose_with_a_reason check ((proposed is null) = (reason is null))
);
comment on table attribution_states is 'Beside a case''s row, so that opening one in a storm costs no more. Its history is in case_events.';
comment on column attribution_states.circumstances is 'Shares of time, acts, team and pauses as its miss says them; null where it says none.';
comment on column attribution_states.confirmed is 'The number of the attribution that a person last confirmed.';
comment on column attribution_states.proposed is 'The revision of what was confirmed that waits for a person''s decision; `revisions` is its number.';
create index attribution_states_waiting on attribution_states (case_id) where proposed is not null;
