"""Which calendar counts at an instant: the notices that had taken effect by then, whatever order they came in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.deadline.calendars import Calendars, described, load
from services.deadline.rules.calendar import Calendar, content, from_content
from services.deadline.rules.editions import LONGEST_REST_DAYS, Edition, difference, effect
from services.deadline.rules.errors import BadCalendar, YearNotCovered
from services.deadline.rules.span import add_working_time

SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING, AFTERNOON = (time(9), time(12)), (time(13, 30), time(17))
START = datetime(2026, 1, 1, tzinfo=UTC)


def an_edition(at: datetime = START, id: str = "1", **says: Any) -> Edition:
    plain = Edition("us", "X", at, ("/s", id), whole=True, years=(2026, 2026), source="made up", zone="Asia/Shanghai",
                    weekend=frozenset({5, 6}), sessions=(MORNING, AFTERNOON))  # fmt: skip
    return replace(plain, **says)


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@st.composite
def editions(draw: st.DrawFn) -> list[Edition]:
    """Some of one code, each with its instant; the first states its year whole."""
    found = [an_edition()]
    for n in range(draw(st.integers(0, 4))):
        rest = draw(st.sets(DAYS, max_size=4))
        work = draw(st.sets(DAYS, max_size=4)) - rest
        found.append(
            an_edition(
                START + timedelta(days=draw(st.integers(0, 3))),
                str(n + 2),
                whole=draw(st.booleans()),
                rest=dict.fromkeys(rest, "off"),
                work=dict.fromkeys(work, "worked"),
            )
        )
    return found


@given(editions(), st.data())
def test_the_order_of_arrival_plays_no_part(known: Sequence[Edition], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(known))
    for days in range(5):
        at = START + timedelta(days=days)
        assert Calendars(known).at("X", at) == Calendars(shuffled).at("X", at)


@given(editions())
def test_what_takes_effect_later_is_not_known_before(known: Sequence[Edition]) -> None:
    at = START + timedelta(days=1)
    assert Calendars(known).at("X", at) == Calendars([e for e in known if e.effective <= at]).at("X", at)


@given(editions())
def test_the_last_word_on_a_day_wins(known: Sequence[Edition]) -> None:
    calendar = Calendars(known).at("X")
    last: dict[date, bool | None] = {}
    for edition in sorted(known, key=lambda each: each.order):
        last = {} if edition.whole else last
        last |= dict.fromkeys(edition.rest, False) | dict.fromkeys(edition.work, True)
    for day, worked in last.items():
        assert calendar.is_working_day(day) == worked


@given(editions())
def test_a_calendar_is_its_content(known: Sequence[Edition]) -> None:
    calendar = Calendars(known).at("X")
    assert from_content(content(calendar)) == calendar
    assert difference(calendar, from_content(content(calendar))) is None


@given(editions(), DAYS)
def test_a_day_outside_of_the_difference_is_worked_as_before(known: Sequence[Edition], day: date) -> None:
    old, new = Calendars(known[:1]).at("X"), Calendars(known).at("X")
    days = difference(old, new)
    if days is None or not days.first <= day <= days.last:
        assert old.is_working_day(day) == new.is_working_day(day)


def test_the_notice_of_27_january_2020_is_not_known_on_the_26th() -> None:
    known, last_minute = Calendars(), datetime(2020, 1, 26, 23, 59, tzinfo=SHANGHAI)
    days = [date(2020, 1, 30), date(2020, 1, 31), date(2020, 2, 1), date(2020, 2, 2), date(2020, 2, 3)]
    before, after = known.at("CN", last_minute), known.at("CN", last_minute + timedelta(minutes=1))
    assert [before.is_working_day(day) for day in days] == [False, True, True, False, True]
    assert [after.is_working_day(day) for day in days] == [False, False, False, False, True]
    assert known.changes_after("CN", last_minute) == datetime(2020, 1, 27, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("before", "day", "worked"),
    [
        ("2015-05-12", date(2015, 9, 3), True),  # the 70th anniversary, declared on 13 May 2015
        ("2015-05-13", date(2015, 9, 3), False),
        ("2015-05-13", date(2015, 9, 6), True),
        ("2019-03-21", date(2019, 5, 2), True),  # Labour Day of 2019, prolonged on 22 March
        ("2019-03-22", date(2019, 5, 2), False),
        ("2019-03-22", date(2019, 4, 28), True),
    ],
)
def test_years_that_were_amended_while_they_ran(before: str, day: date, worked: bool) -> None:
    at = datetime.fromisoformat(before).replace(hour=12, tzinfo=SHANGHAI)
    assert Calendars().at("CN", at).is_working_day(day) == worked


@pytest.mark.parametrize("year", range(2014, 2027))
def test_each_chinese_year_is_a_projection_until_its_notice(year: int) -> None:
    file = described("CN")
    assert file is not None
    notice = next(e for e in file.editions if e.calendar.years == (year, year) and e.calendar.kind == "notice")
    assert isinstance(notice.effective, date)
    assert (notice.effective.year, notice.calendar.source[:2]) == (year - 1, "国办")
    at = datetime(notice.effective.year, notice.effective.month, notice.effective.day, tzinfo=SHANGHAI)
    known = Calendars()
    assert known.at("CN", at - timedelta(seconds=1)).provisional_from(date(year, 1, 1), date(year, 1, 5)) is not None
    assert known.at("CN", at).provisional_from(date(year, 1, 1), date(year, 12, 31)) is None


def test_a_year_published_ahead_of_a_gap_stays_provisional() -> None:
    known = [an_edition(), an_edition(id="2", years=(2028, 2028))]
    assert Calendars(known).at("X").published == (2026, 2026)


def test_half_days_count_whole_as_days_and_their_hours_as_they_are() -> None:
    eve = date(2026, 2, 16)
    plain = Calendars([an_edition()]).at("X")
    half = Calendars([an_edition(half_days={eve: ("the eve", (MORNING,))})]).at("X")
    assert half.sessions_on(eve) == (MORNING,)
    assert half.add_working_days(date(2026, 2, 13), 2) == plain.add_working_days(date(2026, 2, 13), 2)
    begin = datetime(2026, 2, 16, 9, tzinfo=SHANGHAI)
    assert add_working_time(begin, timedelta(hours=4), plain, SHANGHAI) == datetime(
        2026, 2, 16, 14, 30, tzinfo=SHANGHAI
    )
    assert add_working_time(begin, timedelta(hours=4), half, SHANGHAI) == datetime(2026, 2, 17, 10, tzinfo=SHANGHAI)


def test_a_weekday_may_have_hours_of_its_own_and_a_day_may_last_till_midnight() -> None:
    friday = Calendars([an_edition(weekday_sessions={4: (MORNING,)})]).at("X")
    assert [friday.sessions_on(date(2026, 1, day)) for day in (8, 9)] == [(MORNING, AFTERNOON), (MORNING,)]
    clock_round = replace(friday, sessions=((time(0), time(0)),), weekday_sessions={}, weekend=frozenset())
    begin = datetime(2026, 3, 7, 22, tzinfo=SHANGHAI)
    assert add_working_time(begin, timedelta(hours=30), clock_round, SHANGHAI) == begin + timedelta(hours=30)


def test_a_region_adds_to_the_calendar_below_it_and_follows_it() -> None:
    day = date(2027, 1, 4)
    region = Edition("quanzhou", "QZ", START, ("/q", "1"), whole=True, years=(2027, 2027), source="region", base="CN",
                     rest={day: "a day of the region"})  # fmt: skip
    notice = Edition("state-council", "CN", START + timedelta(days=1), ("/c", "1"), whole=True, years=(2027, 2027),
                     source="notice", rest={date(2027, 1, 11): "off"})  # fmt: skip
    known = Calendars([region, notice])
    before, after = known.at("QZ", START), known.at("QZ")
    assert before.reason(day) == after.reason(day) == "a day of the region"
    assert [each.is_working_day(date(2027, 1, 11)) for each in (before, after)] == [True, False]
    assert (before.published[1], after.published[1]) == (load("CN").published[1], 2027)


def test_what_makes_no_calendar_is_refused_with_its_reason() -> None:
    with pytest.raises(BadCalendar, match="needs `zone` and `weekend`"):
        effect("X", None, [an_edition(zone=None)], None)
    with pytest.raises(BadCalendar, match="nothing is published"):
        effect("X", None, [], None)
    with pytest.raises(BadCalendar, match="a layer over itself"):
        Calendars([an_edition(base="X")]).at("X")


def test_another_zone_changes_every_day() -> None:
    calendar: Calendar = Calendars([an_edition()]).at("X")
    days = difference(calendar, replace(calendar, zone="Asia/Urumqi"))
    assert days is not None
    assert (days.first, days.last, days.wider) == (date(2026, 1, 1), date(2026, 12, 31), True)


@given(editions(), editions(), st.integers(0, 5))
def test_who_rolls_back_otherwise_ended_no_earlier_than_the_last_day_worked_before_the_change(
    before: Sequence[Edition], after: Sequence[Edition], later: int
) -> None:
    old, new = Calendars(before).at("X"), Calendars(after).at("X")
    days = difference(old, new)
    nominal = date(2026, 12, 31) if days is None else min(days.first + timedelta(days=later), date(2026, 12, 31))
    try:
        ended, ends = old.on_or_before(nominal), new.on_or_before(nominal)
    except YearNotCovered:
        return
    if ended != ends:
        assert days is not None
        assert days.rolled_from <= ended <= days.last


def test_where_no_day_before_the_change_is_known_it_is_looked_for_far_back() -> None:
    plain = Calendars([an_edition()]).at("X")
    days = difference(plain, Calendars([an_edition(rest={date(2026, 1, 1): "off"})]).at("X"))
    assert days is not None
    assert days.rolled_from == date(2026, 1, 1) - timedelta(days=LONGEST_REST_DAYS)
