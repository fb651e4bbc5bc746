-- What a storm of misses pays for each case: fewer rows, fewer indexes, nothing parsed that is only read back whole.

-- An attribution is made by the event that tells it, in the same row: kept twice, they could only have come to differ.
alter table attributions rename to former_attributions;
comment on table former_attributions is 'What was kept before attributions became a view of case_events; nothing is added.';

-- As it was written, byte for byte; jsonb parsed it, and compressed what it had made longer.
alter table case_events alter column says type text using says::text;
alter table verdicts alter column says type text using says::text;
alter table case_events set (toast_tuple_target = 8160);
alter table verdicts set (toast_tuple_target = 8160);
comment on column case_events.says is 'The JSON that was published.';
comment on column verdicts.says is 'The JSON that the deadline service published.';

alter table cases
    alter column ladder type json using ladder::json,
    alter column proposal type json using proposal::json,
    alter column addressed type json using addressed::json,
    alter column told type json using told::json,
    alter column fired type json using fired::json;

-- The id comes first: one index serves who knows it alone, and who knows the whole key. It is derived from the rest of
-- the key (D2), so it is unique by itself; authority and matter stay in every primary key, to distribute by them.
alter table cases drop constraint cases_pkey, add primary key (case_id, authority, matter);
drop index cases_found_by_id;
alter table verdicts drop constraint verdicts_pkey, add primary key (case_id, revision, authority, matter);
alter table case_events drop constraint case_events_pkey, add primary key (case_id, n, authority, matter);

create view attributions as
    select
        authority, matter, case_id,
        row_number() over (partition by authority, matter, case_id order by n)::int as n,
        occurred_at as decided_at,
        case type
            when 'case.opened' then 'opened' when 'case.reinstated' then 'reinstated'
            else says::json ->> 'reason'
        end as reason,
        cause_source, cause_id,
        (
            select json_agg(json_build_object(
                'role', r -> 'role', 'person', r -> 'person', 'rule', r -> 'rule', 'because', r -> 'because'
            ) order by place)
            from json_array_elements(says::json -> 'responsible') with ordinality as named (r, place)
        ) as proposal
    from case_events
    where type in ('case.opened', 'case.reinstated', 'case.revised');
comment on view attributions is
    'Each attribution as it was decided (D18, I12), read from the event that told it; the last one of a case is its proposal.';
comment on table case_events is
    'Every published event of a case, kept for ever, and in it each attribution; the outbox forgets, this does not.';
