"""Each rule of counting by example: start rules, rolls, working hours, warnings, and what is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Start, count
from services.deadline.rules.errors import (
    BadCalendar,
    BadLimit,
    BadWarning,
    DateOutOfRange,
    DeadlineError,
    NaiveInstant,
    YearNotCovered,
)
from services.deadline.rules.limits import Limit, Roll, StartRule
from services.deadline.rules.warnings import warning_instants
from tests.support.deadline_counting import (
    BOSTON,
    INSTANTS,
    LONDON,
    SHANGHAI,
    a_limit,
    at,
    calendars,
    local,
    on,
    plain,
)

# --- single rules --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "amount", "rule", "due"),
    [
        ("2025-01-31", "1m", StartRule.DAY0, "2025-02-28"),
        ("2024-01-31", "1m", StartRule.DAY0, "2024-02-29"),
        ("2024-02-29", "12m", StartRule.DAY0, "2025-02-28"),
        ("2024-02-29", "48m", StartRule.DAY0, "2028-02-29"),
        ("2025-02-28", "1m", StartRule.DAY0, "2025-03-28"),
        ("2025-08-31", "6m", StartRule.DAY0, "2026-02-28"),
        ("2025-12-31", "2m", StartRule.DAY0, "2026-02-28"),
        ("2025-03-01", "1m", StartRule.INCLUSIVE, "2025-03-31"),
        ("2025-01-31", "1m", StartRule.INCLUSIVE, "2025-02-28"),
        ("2025-01-15", "1m", StartRule.INCLUSIVE, "2025-02-14"),
        ("2024-02-28", "1d", StartRule.DAY0, "2024-02-29"),
        ("2024-02-28", "2d", StartRule.DAY0, "2024-03-01"),
        ("2024-12-31", "365d", StartRule.DAY0, "2025-12-31"),
    ],
)
def test_month_ends_and_leap_days(start: str, amount: str, rule: StartRule, due: str) -> None:
    assert count(a_limit(amount, start_rule=rule), on(start), plain()).due_on == date.fromisoformat(due)


@pytest.mark.parametrize(
    ("rule", "amount", "due"),
    [
        (StartRule.DAY0, "1wd", "2026-05-11"),
        (StartRule.ROLL, "1wd", "2026-05-12"),
        (StartRule.INCLUSIVE, "1wd", "2026-05-11"),
        (StartRule.INCLUSIVE, "2wd", "2026-05-12"),
        (StartRule.DAY0, "3d", "2026-05-12"),
        (StartRule.ROLL, "3d", "2026-05-14"),
        (StartRule.INCLUSIVE, "3d", "2026-05-11"),
    ],
)
def test_received_on_a_saturday(rule: StartRule, amount: str, due: str) -> None:
    assert count(a_limit(amount, start_rule=rule), on("2026-05-09"), plain()).due_on == date.fromisoformat(due)


@pytest.mark.parametrize(
    ("roll", "due"), [(Roll.NEXT, "2026-05-11"), (Roll.PREVIOUS, "2026-05-08"), (Roll.NONE, "2026-05-10")]
)
def test_a_last_day_on_a_sunday_rolls_as_the_limit_says(roll: Roll, due: str) -> None:
    counted = count(a_limit("3d", roll=roll), on("2026-05-07"), plain())
    assert counted.due_on == date.fromisoformat(due)
    assert counted.nominal_on == date(2026, 5, 10)


def test_a_last_day_on_a_worked_weekend_does_not_roll() -> None:
    calendar = plain(work={date(2026, 5, 10): "worked"})
    assert count(a_limit("3d", roll=Roll.NEXT), on("2026-05-07"), calendar).due_on == date(2026, 5, 10)


def test_close_of_business_is_the_first_instant_that_is_late() -> None:
    due = count(a_limit("1wd", day_ends=time(17)), on("2026-05-07"), plain())
    assert due.due_on == date(2026, 5, 8)
    assert local(due, SHANGHAI) == "2026-05-08T17:00:00+08:00"


def test_a_stated_instant_is_late_one_microsecond_after_itself() -> None:
    stated = datetime.fromisoformat("2026-05-08T12:00:00+08:00")
    due = count(a_limit(None, at=stated, roll=Roll.NEXT), on("2026-05-07"), plain())
    assert due.due_at == stated
    assert due.due_on is None


def test_a_stated_day_rolls_only_if_the_limit_says_so() -> None:
    stays = count(a_limit(None, at=date(2026, 5, 10)), on("2026-05-07"), plain())
    rolls = count(a_limit(None, at=date(2026, 5, 10), roll=Roll.NEXT, day_ends=time(17)), on("2026-05-07"), plain())
    assert (stays.due_on, local(stays, SHANGHAI)) == (date(2026, 5, 10), "2026-05-11T00:00:00+08:00")
    assert (rolls.due_on, local(rolls, SHANGHAI)) == (date(2026, 5, 11), "2026-05-11T17:00:00+08:00")


def test_hours_from_a_bare_date_run_from_its_midnight() -> None:
    assert local(count(a_limit("24h"), on("2026-05-07"), plain()), SHANGHAI) == "2026-05-08T00:00:00.000001+08:00"
    in_london = count(a_limit("24h"), on("2026-05-07", LONDON), plain())
    assert local(in_london, LONDON) == "2026-05-08T00:00:00.000001+01:00"


def test_hours_received_on_a_rest_day_wait_for_the_next_working_day_if_they_roll() -> None:
    saturday = at("2026-05-09T10:00:00+08:00")
    rolled = count(a_limit("24h", start_rule=StartRule.ROLL), saturday, plain())
    assert rolled.due_at == datetime.fromisoformat("2026-05-12T00:00:00+08:00")
    assert count(a_limit("24h"), saturday, plain()).due_at == datetime.fromisoformat("2026-05-10T10:00:00+08:00")


@pytest.mark.parametrize(
    ("start", "amount", "end"),
    [
        ("2026-05-08T16:30:00+08:00", "1wh", "2026-05-11T09:30:00+08:00"),
        ("2026-05-08T11:30:00+08:00", "30min", "2026-05-08T12:00:00+08:00"),
        ("2026-05-08T12:15:00+08:00", "15min", "2026-05-08T13:45:00+08:00"),
        ("2026-05-08T20:00:00+08:00", "390min", "2026-05-11T17:00:00+08:00"),
        ("2026-05-08T08:00:00+08:00", "13wh", "2026-05-11T17:00:00+08:00"),
    ],
)
def test_working_hours_run_in_sessions_only(start: str, amount: str, end: str) -> None:
    assert count(a_limit(amount), at(start), plain()).due_at == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("amount", "start", "changes", "since"),
    [
        ("5wd", "2026-12-20", {}, None),
        ("20wd", "2026-12-20", {}, date(2027, 1, 1)),
        ("30d", "2026-12-20", {}, None),
        ("30d", "2026-12-20", {"roll": Roll.NEXT}, date(2027, 1, 19)),
        ("12d", "2026-12-20", {"roll": Roll.PREVIOUS}, date(2027, 1, 1)),
        ("3d", "2027-01-02", {}, None),
        ("3d", "2027-01-02", {"start_rule": StartRule.ROLL}, date(2027, 1, 2)),
        ("1d", "2000-01-01", {"roll": Roll.PREVIOUS}, date(1999, 12, 31)),
        ("24h", "2026-12-31", {}, None),
        ("24h", "2027-01-02", {"start_rule": StartRule.ROLL}, date(2027, 1, 2)),
        ("99wh", "2026-12-20", {}, date(2027, 1, 1)),
    ],
)
def test_a_count_is_provisional_where_it_relied_on_an_unpublished_year(
    amount: str, start: str, changes: dict[str, Any], since: date | None
) -> None:
    calendar = replace(plain({date(2027, 1, 1): "New Year"}), covers=(1999, 2040))
    due = count(a_limit(amount, **changes), on(start), calendar)
    assert due.provisional_from == since
    assert due.provisional == (since is not None)


# --- warnings ------------------------------------------------------------------------------------------------------


def warned(limit: Limit, start: Start, calendar: Calendar) -> list[tuple[str, str]]:
    found = warning_instants(limit, count(limit, start, calendar), start, calendar)
    return [(at.astimezone(ZoneInfo(limit.zone)).isoformat(timespec="minutes"), label) for at, label in found]


def test_warnings_come_in_order_and_say_what_is_left() -> None:
    limit = a_limit("10wd", warnings=("1wd", "25%", "5wd", "3d", "2h", "60wd"))
    assert warned(limit, on("2026-05-04"), plain()) == [
        ("2026-05-11T00:00+08:00", "5wd"),
        ("2026-05-15T00:00+08:00", "1wd"),
        ("2026-05-15T00:00+08:00", "3d"),
        ("2026-05-15T06:00+08:00", "25%"),
        ("2026-05-18T22:00+08:00", "2h"),
    ]


@given(calendars(), INSTANTS, st.integers(1, 30), st.integers(1, 30))
def test_that_many_working_days_are_left_at_the_warning(calendar: Calendar, instant: datetime, n: int, w: int) -> None:
    limit, start = a_limit(f"{n}wd", warnings=(f"{w}wd",)), Start(instant)
    due = count(limit, start, calendar)
    found = warning_instants(limit, due, start, calendar)
    assert bool(found) == (w < n)
    for instant_, _ in found:
        local_at = instant_.astimezone(ZoneInfo(SHANGHAI))
        assert (local_at.hour, local_at.minute) == (0, 0)
        assert calendar.add_working_days(local_at.date(), w) == due.due_on


@given(
    calendars(), INSTANTS, st.sampled_from(("10wd", "9d", "1m", "40h", "20wh", "90min")),
    st.sets(st.sampled_from(("1wd", "3wd", "1d", "20d", "1m", "1h", "99h", "5wh", "30min", "1%", "25%", "99%"))),
)  # fmt: skip
def test_every_warning_lies_between_start_and_end_and_none_comes_twice(
    calendar: Calendar, instant: datetime, amount: str, warnings: set[str]
) -> None:
    limit, start = a_limit(amount, warnings=tuple(warnings), zone=BOSTON), Start(instant)
    due = count(limit, start, calendar)
    found = warning_instants(limit, due, start, calendar)
    assert list(found) == sorted(found)
    assert all(start.instant < at < due.late_from for at, _ in found)
    assert len({label for _, label in found}) == len(found)
    assert {"1%", "25%", "99%"} & warnings <= {label for _, label in found}


def test_warnings_of_an_instant_count_back_from_it() -> None:
    limit = a_limit("8wh", warnings=("2h", "6wh", "30min"))
    assert warned(limit, at("2026-05-08T15:00:00+08:00"), plain()) == [
        ("2026-05-11T09:00+08:00", "6wh"),
        ("2026-05-11T14:30+08:00", "2h"),
        ("2026-05-11T16:00+08:00", "30min"),
    ]


def test_a_warning_before_an_instant_is_exact() -> None:
    limit, start = a_limit("24h", warnings=("2h",)), at("2026-05-08T15:00:00+08:00")
    assert warning_instants(limit, count(limit, start, plain()), start, plain()) == (
        (datetime(2026, 5, 9, 5, tzinfo=UTC), "2h"),
    )


def test_working_days_left_before_a_rest_day_are_those_that_can_still_be_worked() -> None:
    # Due on Sunday the 17th: after Wednesday there are Thursday and Friday.
    assert warned(a_limit("10d", warnings=("2wd",)), on("2026-05-07"), plain()) == [("2026-05-13T00:00+08:00", "2wd")]


def test_a_warning_before_all_the_calendar_knows_lies_before_the_start() -> None:
    limit = a_limit("5wd", warnings=("60wd", "1wd"))
    assert warned(limit, on("2000-01-04"), plain()) == [("2000-01-10T00:00+08:00", "1wd")]


@pytest.mark.parametrize("label", ["", "5", "0wd", "100%", "0%", "-5wd", "5 wd", "soon", "2.5%"])
def test_an_unknown_warning_is_refused_by_name(label: str) -> None:
    limit = a_limit("5wd", warnings=(label,))
    with pytest.raises(BadWarning, match="is not a warning such as 5wd"):
        warned(limit, on("2026-05-04"), plain())


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "start", "changes", "error"),
    [
        ("20wd", "1999-05-07", {}, YearNotCovered),
        ("20wd", "2040-12-20", {}, YearNotCovered),
        ("99999wh", "2026-05-07", {}, YearNotCovered),
        ("1d", "9999-12-31", {}, DateOutOfRange),
        ("99999m", "2026-05-07", {}, DateOutOfRange),
        ("99999h", "9998-05-07", {}, DateOutOfRange),
        ("20wd", "2026-05-07", {"zone": "Mars/Olympus"}, BadLimit),
        ("20wd", "2026-05-07", {"at": date(2026, 5, 8)}, BadLimit),
        (None, "2026-05-07", {}, BadLimit),
        (None, "2026-05-07", {"at": datetime(2026, 5, 8)}, NaiveInstant),  # noqa: DTZ001
        (None, "2026-05-07", {"at": date.max}, DateOutOfRange),
    ],
)
def test_what_cannot_be_counted_is_refused_by_name(
    amount: str | None, start: str, changes: dict[str, Any], error: type[DeadlineError]
) -> None:
    with pytest.raises(error):
        count(a_limit(amount, **changes), on(start), plain())


def test_an_instant_without_offset_is_refused() -> None:
    with pytest.raises(NaiveInstant, match="the start has no offset"):
        count(a_limit("20wd"), Start(datetime(2026, 5, 7, 10)), plain())  # noqa: DTZ001


def test_working_hours_need_sessions() -> None:
    calendar = Calendar("X", "v", SHANGHAI, frozenset({5, 6}), {}, {}, (2000, 2040), (2000, 2026), ())
    with pytest.raises(BadCalendar, match="calendar X has no working hours"):
        count(a_limit("8wh"), on("2026-05-07"), calendar)


def test_a_natural_day_limit_that_does_not_roll_needs_no_calendar_data() -> None:
    assert count(a_limit("1d"), on("1999-05-07"), plain()).due_on == date(1999, 5, 8)
    assert count(a_limit("1d"), on("9998-05-07"), plain()).due_on == date(9998, 5, 8)
