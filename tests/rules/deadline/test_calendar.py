"""The laws of day arithmetic, and what a calendar refuses."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.deadline.rules.calendar import WEEKEND, Calendar, content_version
from services.deadline.rules.errors import BadCalendar, YearNotCovered

DAYS = st.dates(date(2023, 1, 1), date(2025, 12, 31))
WIDE = (2000, 2040)


def a_calendar(
    rest: dict[date, str] | None = None,
    work: dict[date, str] | None = None,
    covers: tuple[int, int] = WIDE,
    published: tuple[int, int] = (2000, 2026),
) -> Calendar:
    return Calendar("X", "v", "Asia/Shanghai", frozenset({5, 6}), rest or {}, work or {}, covers, published)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    rest = draw(st.sets(DAYS, max_size=40))
    work = draw(st.sets(DAYS.filter(lambda day: day.weekday() >= 5), max_size=20)) - rest
    return a_calendar(dict.fromkeys(rest, "holiday"), dict.fromkeys(work, "worked"))


@given(calendars(), DAYS, st.integers(0, 60), st.integers(0, 60))
def test_adding_working_days_in_two_parts_gives_the_same_day(calendar: Calendar, day: date, a: int, b: int) -> None:
    whole = calendar.add_working_days(day, a + b)
    assert calendar.add_working_days(calendar.add_working_days(day, a), b) == whole


@given(calendars(), DAYS, st.integers(0, 40), st.integers(-40, 40))
def test_a_later_start_never_ends_earlier(calendar: Calendar, day: date, later: int, n: int) -> None:
    after = day + timedelta(days=later)
    assert calendar.add_working_days(day, n) <= calendar.add_working_days(after, n)


@given(calendars(), DAYS, st.integers(1, 60))
def test_adding_lands_on_a_working_day_and_subtracting_leads_back(calendar: Calendar, day: date, n: int) -> None:
    end = calendar.add_working_days(day, n)
    assert calendar.is_working_day(end)
    worked = [
        d for d in range(day.toordinal() + 1, end.toordinal() + 1) if calendar.is_working_day(date.fromordinal(d))
    ]
    assert len(worked) == n
    assert calendar.add_working_days(end, -n) == calendar.on_or_before(day)


@given(calendars(), DAYS, st.integers(-30, 30))
def test_adding_agrees_with_walking_day_by_day(calendar: Calendar, day: date, n: int) -> None:
    step = timedelta(days=1 if n > 0 else -1)
    walked, left = day, abs(n)
    while left:
        walked += step
        worked = walked in calendar.work_days or (walked.weekday() < 5 and walked not in calendar.rest_days)
        left -= worked
    assert calendar.add_working_days(day, n) == walked


@given(calendars(), DAYS)
def test_every_day_is_either_worked_or_has_a_reason(calendar: Calendar, day: date) -> None:
    assert calendar.is_working_day(day) == (calendar.reason(day) is None)
    assert calendar.on_or_before(day) <= day <= calendar.on_or_after(day)
    assert calendar.previous_working_day(day) < day < calendar.next_working_day(day)


def test_a_rest_day_says_why_and_a_holiday_on_a_weekend_keeps_its_name() -> None:
    calendar = a_calendar(
        {date(2026, 5, 1): "Labour Day", date(2026, 5, 2): "Labour Day"}, {date(2026, 5, 9): "worked"}
    )
    assert calendar.reason(date(2026, 5, 1)) == "Labour Day"
    assert calendar.reason(date(2026, 5, 2)) == "Labour Day"
    assert calendar.reason(date(2026, 5, 3)) == WEEKEND
    assert calendar.reason(date(2026, 5, 9)) is None
    assert calendar.reason(date(2026, 5, 10)) == WEEKEND


@pytest.mark.parametrize(
    ("day", "n", "year"),
    [
        (date(1999, 12, 31), 1, 1999),
        (date(2041, 1, 1), 1, 2041),
        (date(2040, 12, 30), 5, 2041),
        (date(2000, 1, 4), -5, 1999),
        (date.max, 1, 9999),
        (date.min, -1, 1),
    ],
)
def test_a_year_without_data_is_refused_by_name(day: date, n: int, year: int) -> None:
    with pytest.raises(YearNotCovered, match=f"calendar X covers 2000 to 2040, the count needs the year {year}"):
        a_calendar().add_working_days(day, n)


def test_a_day_outside_the_data_has_no_reason_to_give() -> None:
    with pytest.raises(YearNotCovered):
        a_calendar().reason(date(2041, 1, 1))


def test_the_first_and_last_covered_days_are_counted() -> None:
    calendar = a_calendar(covers=(2024, 2024), published=(2024, 2024))
    assert calendar.add_working_days(date(2024, 1, 1), 261) == date(2024, 12, 31)
    assert calendar.add_working_days(date(2024, 12, 31), -261) == date(2024, 1, 1)
    assert calendar.is_working_day(date(2024, 1, 1))


@pytest.mark.parametrize(
    ("day_from", "day_to", "since"),
    [
        (date(2026, 12, 1), date(2026, 12, 31), None),
        (date(2026, 12, 1), date(2027, 1, 1), date(2027, 1, 1)),
        (date(2028, 3, 4), date(2028, 3, 5), date(2028, 3, 4)),
        (date(2009, 12, 31), date(2010, 1, 5), date(2009, 12, 31)),
    ],
)
def test_a_span_is_provisional_from_its_first_unpublished_day(day_from: date, day_to: date, since: date | None) -> None:
    calendar = a_calendar(published=(2010, 2026))
    assert calendar.provisional_from(day_from, day_to) == since
    assert calendar.provisional(day_from, day_to) == (since is not None)


def test_whatever_changes_a_count_changes_the_version() -> None:
    calendar = a_calendar({date(2026, 5, 1): "Labour Day"}, {date(2026, 5, 9): "worked"})
    changes = (
        replace(calendar, rest_days={}),
        replace(calendar, rest_days={date(2026, 5, 1): "May Day"}),
        replace(calendar, work_days={}),
        replace(calendar, weekend=frozenset({4, 5})),
        replace(calendar, zone="Asia/Urumqi"),
        replace(calendar, covers=(2000, 2041)),
        replace(calendar, published=(2000, 2027)),
        replace(calendar, sessions=((time(9), time(17)),)),
    )
    versions = {content_version(each) for each in (calendar, *changes)}
    assert len(versions) == len(changes) + 1
    assert content_version(calendar).startswith("X-2026.")


def test_the_version_does_not_depend_on_the_order_of_the_data() -> None:
    rest = {date(2026, 5, 1): "a", date(2026, 10, 1): "b"}
    backwards = dict(reversed(rest.items()))
    assert content_version(a_calendar(rest)) == content_version(a_calendar(backwards))


def test_an_amendment_replaces_what_a_day_was_before_and_leaves_the_old_calendar_alone() -> None:
    calendar = a_calendar({date(2020, 1, 30): "Spring Festival"}, {date(2020, 2, 1): "worked"})
    assert calendar.is_working_day(date(2020, 2, 1))
    amended = calendar.amended({date(2020, 2, 1): "extended"}, {date(2020, 1, 30): "worked"})
    assert amended.reason(date(2020, 2, 1)) == "extended"
    assert amended.is_working_day(date(2020, 1, 30))
    assert amended.version == content_version(amended) != content_version(calendar)
    assert calendar.is_working_day(date(2020, 2, 1))


@given(calendars(), DAYS)
def test_equal_content_is_an_equal_value_whether_used_or_not(calendar: Calendar, day: date) -> None:
    unused = replace(calendar)
    calendar.next_working_day(day)
    assert calendar == unused
    assert hash(calendar) == hash(unused)


@given(calendars(), DAYS)
def test_a_further_holiday_never_makes_an_end_earlier(calendar: Calendar, day: date) -> None:
    assume(calendar.is_working_day(day))
    start = day - timedelta(days=3)
    amended = calendar.amended({day: "declared"})
    assert amended.add_working_days(start, 10) > calendar.add_working_days(start, 10)


def test_contradictions_are_refused() -> None:
    good = a_calendar()
    with pytest.raises(BadCalendar, match="2026-05-09 is both a rest day and a make-up workday"):
        a_calendar({date(2026, 5, 9): "rest"}, {date(2026, 5, 9): "work"})
    with pytest.raises(BadCalendar, match="published"):
        a_calendar(published=(2000, 2041))
    with pytest.raises(BadCalendar, match="weekend"):
        replace(good, weekend=frozenset(range(7)))
    with pytest.raises(BadCalendar, match="weekend"):
        replace(good, weekend=frozenset({7}))
    with pytest.raises(BadCalendar, match="working hours"):
        replace(good, sessions=((time(9), time(12)), (time(11), time(17))))
    with pytest.raises(BadCalendar, match="working hours"):
        replace(good, sessions=((time(17), time(9)),))
