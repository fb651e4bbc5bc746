"""Counting against a naive oracle written from the rules of the domain (R1 to R4, D6), and across summer time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Start, count
from services.deadline.rules.limits import Amount, Roll, StartRule, Unit
from services.deadline.rules.span import add_working_time, subtract_working_time
from services.deadline.rules.steps import steps
from tests.support.deadline_counting import (
    BOSTON,
    DAYS,
    INSTANTS,
    LONDON,
    SHANGHAI,
    ZONES,
    a_limit,
    at,
    calendars,
    local,
    on,
    plain,
)

# --- the oracle: one day, one minute at a time; nothing of the product is called -----------------------------------


def is_worked(day: date, calendar: Calendar) -> bool:
    if day in calendar.work_days:
        return True
    return day not in calendar.rest_days and day.weekday() not in (5, 6)


def oracle_due_day(amount: Amount, rule: StartRule, roll: Roll, received: date, calendar: Calendar) -> date:
    day, one = received, timedelta(days=1)
    if rule is StartRule.ROLL:
        while not is_worked(day, calendar):
            day += one
    if amount.unit is Unit.MONTHS:
        year, month = day.year, day.month
        for _ in range(amount.count):
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        number, missing = day.day, False
        while True:
            try:
                last = date(year, month, number)
                break
            except ValueError:
                number, missing = number - 1, True
        if rule is StartRule.INCLUSIVE and not missing:
            last -= one
        day = last
    else:
        counts_from_receipt = rule is StartRule.INCLUSIVE
        number = 0
        while True:
            if counts_from_receipt:
                counts_from_receipt = False
            else:
                day += one
            if amount.unit is Unit.NATURAL_DAYS or is_worked(day, calendar):
                number += 1
            if number == amount.count:
                break
    while roll is not Roll.NONE and not is_worked(day, calendar):
        day += one if roll is Roll.NEXT else -one
    return day


def oracle_end_of_day(day: date, zone: str) -> datetime:
    """The first quarter of an hour whose local date is later."""
    at = datetime(day.year, day.month, day.day, 6, tzinfo=UTC) - timedelta(days=1)
    while at.astimezone(ZoneInfo(zone)).date() <= day:
        at += timedelta(minutes=15)
    return at


def oracle_working_minutes(begin: datetime, minutes: int, calendar: Calendar, zone: str) -> datetime:
    """Look at each minute of the world: it counts if it lies in a session of a working day."""
    at = begin
    while minutes:
        here = at.astimezone(ZoneInfo(zone))
        in_session = time(9) <= here.time() < time(12) or time(13, 30) <= here.time() < time(17)
        minutes -= in_session and is_worked(here.date(), calendar)
        at += timedelta(minutes=1)
    return at


# --- laws ----------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=400)
@given(
    calendars(),
    st.sampled_from((Unit.WORKING_DAYS, Unit.NATURAL_DAYS, Unit.MONTHS)),
    st.integers(1, 70),
    st.sampled_from(StartRule),
    st.sampled_from(Roll),
    INSTANTS,
    ZONES,
)
def test_a_day_limit_ends_when_the_naive_oracle_says(
    calendar: Calendar, unit: Unit, n: int, rule: StartRule, roll: Roll, instant: datetime, zone: str
) -> None:
    limit = a_limit(str(Amount(n, unit)), start_rule=rule, roll=roll, zone=zone)
    due = count(limit, Start(instant), calendar)
    received = instant.astimezone(ZoneInfo(zone)).date()
    assert due.due_on == oracle_due_day(Amount(n, unit), rule, roll, received, calendar)
    assert due.late_from == oracle_end_of_day(due.due_on, zone)
    assert due.due_at == due.late_from - timedelta(microseconds=1)


@settings(deadline=None, max_examples=60)
@given(calendars(), st.integers(1, 1000), INSTANTS.map(lambda at: at.replace(second=0, microsecond=0)), ZONES)
def test_working_minutes_end_when_the_naive_oracle_says(
    calendar: Calendar, n: int, instant: datetime, zone: str
) -> None:
    due = count(a_limit(f"{n}min", zone=zone), Start(instant), calendar)
    assert due.due_at == oracle_working_minutes(instant, n, calendar, zone)
    assert due.due_on is None


@given(calendars(), INSTANTS, st.integers(1, 3000), st.integers(1, 3000), ZONES)
def test_working_time_in_two_parts_ends_at_the_same_instant(
    calendar: Calendar, instant: datetime, a: int, b: int, zone: str
) -> None:
    def add(begin: datetime, minutes: int) -> datetime:
        return add_working_time(begin, timedelta(minutes=minutes), calendar, ZoneInfo(zone))

    assert add(add(instant, a), b) == add(instant, a + b)


@given(calendars(), INSTANTS, st.integers(1, 3000), ZONES)
def test_working_time_taken_back_leads_to_the_same_end(
    calendar: Calendar, instant: datetime, minutes: int, zone: str
) -> None:
    span = timedelta(minutes=minutes)
    end = add_working_time(instant, span, calendar, ZoneInfo(zone))
    back = subtract_working_time(end, span, calendar, ZoneInfo(zone))
    assert back >= instant
    assert add_working_time(back, span, calendar, ZoneInfo(zone)) == end


@given(DAYS, st.integers(1, 400), st.integers(1, 400))
def test_natural_days_in_two_parts_end_on_the_same_day(day: date, a: int, b: int) -> None:
    first = count(a_limit(f"{a}d"), on(day), plain()).due_on
    assert first is not None
    whole = count(a_limit(f"{a + b}d"), on(day), plain()).due_on
    assert count(a_limit(f"{b}d"), on(first), plain()).due_on == whole


@settings(deadline=None)
@given(
    calendars(), st.sampled_from(Unit).filter(lambda unit: unit is not Unit.STATED), st.integers(1, 60),
    st.sampled_from(StartRule), st.sampled_from(Roll), INSTANTS, st.timedeltas(timedelta(0), timedelta(days=9)),
)  # fmt: skip
def test_a_later_start_is_never_late_earlier(
    calendar: Calendar, unit: Unit, n: int, rule: StartRule, roll: Roll, instant: datetime, by: timedelta
) -> None:
    limit = a_limit(str(Amount(n, unit)), start_rule=rule, roll=roll, zone=BOSTON)
    earlier, later = count(limit, Start(instant), calendar), count(limit, Start(instant + by), calendar)
    assert earlier.late_from <= later.late_from


@given(calendars(), INSTANTS, st.integers(1, 99))
def test_an_hour_is_an_hour_on_every_day_of_the_year(calendar: Calendar, instant: datetime, n: int) -> None:
    due = count(a_limit(f"{n}h", zone=LONDON), Start(instant.astimezone(ZoneInfo(LONDON))), calendar)
    assert due.due_at - instant == timedelta(hours=n)
    assert due.late_from - due.due_at == timedelta(microseconds=1)


# --- summer time ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "midnight", "hours"),
    [
        (BOSTON, "2015-03-07", "2015-03-09T00:00:00-04:00", 23),
        (BOSTON, "2015-10-31", "2015-11-02T00:00:00-05:00", 25),
        (LONDON, "2026-03-28", "2026-03-30T00:00:00+01:00", 23),
        (LONDON, "2026-10-24", "2026-10-26T00:00:00+00:00", 25),
        (SHANGHAI, "2026-03-28", "2026-03-30T00:00:00+08:00", 24),
    ],
)
def test_the_day_the_clocks_change_ends_at_its_own_midnight(zone: str, day: str, midnight: str, hours: int) -> None:
    due = count(a_limit("1d", zone=zone), on(day, zone), plain())
    assert local(due, zone) == midnight
    before = count(a_limit("1d", start_rule=StartRule.INCLUSIVE, zone=zone), on(day, zone), plain())
    assert due.late_from - before.late_from == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        (BOSTON, "2015-03-07T12:00:00-05:00", "2015-03-08T13:00:00-04:00"),
        (BOSTON, "2015-10-31T12:00:00-04:00", "2015-11-01T11:00:00-05:00"),
        (LONDON, "2026-03-28T12:00:00+00:00", "2026-03-29T13:00:00+01:00"),
        (LONDON, "2026-10-24T12:00:00+01:00", "2026-10-25T11:00:00+00:00"),
    ],
)
def test_twenty_four_hours_are_elapsed_hours(zone: str, start: str, end: str) -> None:
    assert count(a_limit("24h", zone=zone), at(start), plain()).due_at == datetime.fromisoformat(end)


def test_a_day_without_a_midnight_begins_when_the_clocks_jump() -> None:
    # Cairo, 2023-04-28: 00:00 did not exist, the day began at 01:00.
    due = count(a_limit("1d", zone="Africa/Cairo"), on("2023-04-26", "Africa/Cairo"), plain())
    assert local(due, "Africa/Cairo") == "2023-04-28T01:00:00+03:00"


@pytest.mark.parametrize("source", ["Pacific/Kiritimati", SHANGHAI, LONDON, BOSTON, "Pacific/Honolulu"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", SHANGHAI, BOSTON])
def test_a_bare_date_is_day_0_wherever_its_source_and_the_limit_lie(source: str, zone: str) -> None:
    start = on("2026-01-27", source)
    due = count(a_limit("2wd", zone=zone), start, plain())
    assert (due.start_on, due.counted_from, due.due_on) == (date(2026, 1, 27), date(2026, 1, 27), date(2026, 1, 29))
    assert count(a_limit("1d", zone=zone), start, plain()).due_on == date(2026, 1, 28)
    first = count(a_limit("1wd", zone=zone, start_rule=StartRule.INCLUSIVE), start, plain())
    assert first.due_on == date(2026, 1, 27)
    shown = steps(a_limit("2wd", zone=zone), start, due, plain())
    assert [day.day.day for day in shown.days] == [28, 29]
    assert shown.passed_over == ()


def test_hours_run_from_the_first_instant_of_a_bare_date_in_its_source() -> None:
    start = on("2027-01-01", SHANGHAI)
    due = count(a_limit("24h", zone=BOSTON), start, plain())
    assert due.due_at == datetime.fromisoformat("2027-01-01T11:00:00-05:00")
    # 2027-01-01 00:00 in Shanghai is 11:00 of the day before in Boston: it is worked, and 2026 is published.
    worked = count(a_limit("2wh", zone=BOSTON), start, plain())
    assert worked.due_at == datetime.fromisoformat("2026-12-31T14:30:00-05:00")
    assert worked.provisional_from is None


def test_the_start_is_dated_where_the_limit_runs() -> None:
    late_evening = at("2026-01-28T17:00:00+00:00")
    assert count(a_limit("1d"), late_evening, plain()).due_on == date(2026, 1, 30)
    assert count(a_limit("1d", zone=LONDON), late_evening, plain()).due_on == date(2026, 1, 29)
