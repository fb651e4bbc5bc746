-- Leads other than a missed limit, and the going live of sources whose history was imported (D9). Additive: a build
-- before this one knows no lead and goes on.

create table lead_words (
    case_id uuid not null,
    authority text not null,
    matter text not null,
    clock text not null,
    subject text not null,
    revision bigint not null,
    kind text not null,
    fact_source text not null,
    fact_id text not null,
    found boolean not null,
    act json,
    source text not null,
    event_id text not null,
    says text not null,
    recorded_at timestamptz not null,
    told_at timestamptz not null,
    primary key (case_id, clock, subject, revision, authority, matter),
    constraint lead_words_found_say_whose_act check (found = (act is not null))
);
comment on table lead_words is 'What the deadline service said of each lead, kept for ever: whether its case stands is a fold of it.';
comment on column lead_words.case_id is 'Derived from authority, matter, kind and fact.';
comment on column lead_words.says is 'The JSON that the deadline service published.';

create table leads (
    case_id uuid not null,
    authority text not null,
    matter text not null,
    kind text not null,
    severity text not null constraint leads_have_a_known_severity
        check (severity in ('general', 'serious', 'especially-serious')),
    rule text not null,
    fact_source text not null,
    fact_id text not null,
    evidence json not null,
    primary key (case_id, authority, matter)
);
comment on table leads is 'Of cases that were opened by a lead and not by a missed limit: what it was, and by which edition of the rulebook.';
comment on column leads.evidence is 'SHA-256 of each document.';

create table going_live (
    source text not null,
    at timestamptz not null,
    called_at timestamptz not null,
    called_by text not null,
    finished_at timestamptz,
    cases integer not null default 0,
    primary key (source, at)
);
comment on table going_live is 'From when on the ladders of a source''s imported cases climb (D9).';
comment on column going_live.finished_at is 'Null: some of its cases still stand still; the same call goes on with them.';

alter table cases drop constraint cases_are_withdrawn_for_a_known_reason;
alter table cases add constraint cases_are_withdrawn_for_a_known_reason
    check (withdrawn_because = any (array['met', 'due-moved', 'voided', 'revoked'])) not valid;
