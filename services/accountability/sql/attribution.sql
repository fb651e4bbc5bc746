-- select_attribution_states --
-- What is kept beside these cases.
select a.* from attribution_states a
join unnest($1::uuid[]) u(case_id) using (case_id);

-- keep_attribution_states --
-- Write what is kept beside cases, whose locks the caller holds.
insert into attribution_states (case_id, authority, matter, circumstances, confirmed, revisions, proposed, reason)
select u.case_id, u.authority, u.matter, u.circumstances::json, u.confirmed, u.revisions, u.proposed::json, u.reason
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::text[], $8::text[])
    u(case_id, authority, matter, circumstances, confirmed, revisions, proposed, reason)
on conflict (case_id, authority, matter) do update set
    circumstances = excluded.circumstances, confirmed = excluded.confirmed, revisions = excluded.revisions,
    proposed = excluded.proposed, reason = excluded.reason;

-- note_confirmation --
-- Who confirmed the attribution that stands, and when.
update attribution_states set confirmed_by = $4, confirmed_at = $5
where case_id = $1 and authority = $2 and matter = $3;

-- select_confirmation --
-- The last attribution of a case that a person confirmed.
select confirmed, confirmed_by, confirmed_at from attribution_states
where authority = $1 and matter = $2 and case_id = $3 and confirmed is not null;

-- page_of_proposed_revisions --
-- Standing cases with a revision that waits for a decision, in order of opening, after a position.
select c.* from attribution_states a
join cases c on c.case_id = a.case_id and c.authority = a.authority and c.matter = a.matter
where a.proposed is not null and c.state = 'standing'
    and ($1::timestamptz is null or (c.opened_at, c.case_id) > ($1, $2::uuid))
order by c.opened_at, c.case_id
limit $3;

-- select_cause_of_revision --
-- The fact for which a revision of a case was proposed.
select cause_source, cause_id from case_events
where authority = $1 and matter = $2 and case_id = $3 and type = 'case.revision_proposed'
    and (says::json ->> 'no')::int = $4
order by n desc limit 1;
