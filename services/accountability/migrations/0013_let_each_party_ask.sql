-- Each party is served, asks and is answered for themselves; what is upheld is carried out; a miss of a rectification
-- that was taken back leaves it; words of no card can be given up. Not additive: stop accountability of the build before
-- this one first.

alter table proceeding_steps add column party text;
comment on column proceeding_steps.party is 'Whom of the parties it is about: served, asking, answered. Null: all, or none of them.';
update proceeding_steps set party = by_persons[1] where kind in ('review-requested', 'appeal-requested');

with asked as (
    select distinct on (s.case_id, s.authority, s.matter, s.round) s.*
    from proceeding_steps s where s.party is not null
    order by s.case_id, s.authority, s.matter, s.round, s.n desc
), kept as (
    select p.case_id, p.authority, p.matter, json_agg(
        jsonb_build_object(
            'unserved', case when p.concluded_at is not null and p.served_at is null and p.revoked_at is null then 'decision' end,
            'served_at', p.served_at,
            'asked', case when one.person = a.party then p.asked end,
            'asked_at', case when one.person = a.party then p.asked_at end,
            'answered_at', case when one.person = a.party and p.state <> 'under-review' then p.since end,
            'answer_served_at', case when one.person = a.party and p.state <> 'under-review' then p.since end,
            'answer_until', case when one.person = a.party then p.answer_until end,
            'executed', case when exists (
                select from proceeding_steps e where e.kind = 'execution-begun' and e.round = p.round
                    and (e.case_id, e.authority, e.matter) = (p.case_id, p.authority, p.matter)
            ) then one.says ->> 'measure' end
        ) || one.says order by one.place
    ) as parties
    from proceedings p
    left join asked a on a.round = p.round and (a.case_id, a.authority, a.matter) = (p.case_id, p.authority, p.matter)
    cross join lateral (
        select party::jsonb as says, party ->> 'person' as person, place
        from json_array_elements(p.parties) with ordinality e(party, place)
    ) one
    group by p.case_id, p.authority, p.matter
)
update proceedings p set parties = k.parties from kept k
where (p.case_id, p.authority, p.matter) = (k.case_id, k.authority, k.matter);

alter table proceedings
    drop constraint proceedings_under_review_say_what_was_asked,
    drop column asked,
    drop column asked_at,
    drop column answer_until;
comment on column proceedings.served_at is 'When the first party was served.';
comment on column proceedings.parties is 'Each with what was announced, decided, served, asked and answered.';

alter table rectifications add column heard_revision bigint not null default 0;
comment on column rectifications.heard_revision is 'Of the present round''s clock: the last word on it that was heard.';
comment on column rectifications.overdue_at is 'When it was told that the limit of this round had passed; null again where it did not after all.';
alter table rectification_steps
    drop constraint rectification_steps_are_of_a_known_kind,
    add constraint rectification_steps_are_of_a_known_kind
        check (kind in ('ordered', 'reported', 'verified', 'rejected', 'overdue', 'not-overdue'));

alter table told_words
    add column given_up_at timestamptz,
    add column given_up_because text,
    add constraint told_words_given_up_with_their_reason check (
        (given_up_at is null) = (given_up_because is null) and (given_up_at is null or set_aside_at is not null)
    );
comment on column told_words.given_up_at is 'No card will be made of it; kept with the reason.';

create index given_answers_by_age on given_answers (at);
