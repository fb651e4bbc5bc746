-- select_lead_words --
-- What was said of these leads.
select w.* from lead_words w
join unnest($1::uuid[]) u(case_id) using (case_id);

-- select_lead_verdicts --
-- What the deadline service said of a lead, as a case's verdicts are read.
select revision, case when found then 'found' else 'revoked' end as kind, source, event_id, says, recorded_at
from lead_words where authority = $1 and matter = $2 and case_id = $3
order by told_at, clock, subject, revision;

-- select_lead --
-- What opened a case.
select * from leads where case_id = $1;

-- move_leads --
-- When the act of these leads was; the caller holds the locks of their cases.
update cases c set late_from = u.late_from
from unnest($1::uuid[], $2::timestamptz[]) u(case_id, late_from)
where c.case_id = u.case_id;
