-- Asked of each clock that a change of calendars may have touched: what it says is looked into once, and its facts only
-- where the first of them does not tell.
create or replace function rests_on(says json, late_from timestamptz, c text, v text, first_day date, last_day date)
returns boolean language plpgsql stable as $$
declare
    counted json;
    version text;
begin
    if late_from is null or late_from < first_day - 40 then
        return false;
    end if;
    counted := says -> 'counted';
    version := counted ->> 'calendar';
    if version is null or version = v or not starts_with(version, c || '-') or position('-' in substr(version, length(c) + 2)) > 0 then
        return false;
    end if;
    if late_from < first_day - 2 and counted -> 'limit' ->> 'roll' is distinct from 'previous' then
        return false;
    end if;
    return (says #>> '{facts,0,occurred_at}')::date <= last_day + 2
        or (select min((f ->> 'occurred_at')::date) from json_array_elements(says -> 'facts') f) <= last_day + 2;
end
$$;

alter table recalculations add column rolled_from date not null default '-infinity';
comment on column recalculations.rolled_from is 'Who rolled back over one of the changed days ended then or later; a former build does not say.';
