"""What is kept of limits that nothing moves is what counting each of them anew says."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.deadline.calendars import load
from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Start
from services.deadline.rules.course import course
from services.deadline.rules.limits import Amount, Limit, Roll, StartRule
from services.deadline.rules.plain import by_days, plain
from services.deadline.rules.warnings import overdue_instants, warning_instants

CN = load("CN")
OFF = CN.amended({date(2026, 3, 4): "off", date(2026, 3, 20): "off"})
FIRST = datetime(2026, 3, 2, tzinfo=UTC)
TWENTY = Limit(
    clock="decision", amount=Amount.parse("20wd"), at=None, start_rule=StartRule.DAY0, roll=Roll.NEXT,
    zone="Asia/Shanghai", day_ends=None, calendar="CN", starts_on=("matter.registered",), stops_on=(),
    warnings=("20wd", "5wd"), source="not verified",
)  # fmt: skip
LIMITS = st.builds(
    lambda amount, rule, zone, warnings: replace(
        TWENTY, amount=Amount.parse(amount), start_rule=rule, zone=zone, warnings=warnings
    ),
    st.sampled_from(("1wd", "20wd", "1d", "30d", "1m", "2m", "3h", "16wh")),
    st.sampled_from(list(StartRule)),
    st.sampled_from(("Asia/Shanghai", "America/New_York", "Pacific/Kiritimati")),
    st.sampled_from(((), ("1wd",), ("20wd", "5wd", "1d"), ("1m",), ("2h", "25%"))),
)
MINUTES = st.integers(0, 60 * 24 * 40).map(lambda minutes: timedelta(minutes=minutes))


@given(LIMITS, MINUTES, st.booleans(), st.sampled_from((CN, OFF)))
def test_it_is_what_a_count_of_its_own_says(limit: Limit, later: timedelta, dated: bool, calendar: Calendar) -> None:
    at = FIRST + later
    start = Start(at, at.date() if dated else None)
    kept, ran = plain(limit, start, calendar), course(limit, start, (), (), calendar)
    assert ran.due is not None
    assert (kept.course, kept.due) == (ran, ran.due)
    assert kept.warnings_after(at) == warning_instants(limit, ran.due, start, calendar)
    assert kept.overdue == overdue_instants(limit, ran.due, calendar)


def test_calendars_of_one_version_are_told_apart_by_their_days() -> None:
    other = replace(OFF, version=CN.version)
    start = Start(FIRST)
    assert hash(other) == hash(CN)
    assert plain(TWENTY, start, CN).due.due_on != plain(TWENTY, start, other).due.due_on


def test_limits_that_look_alike_are_told_apart_by_their_terms() -> None:
    other = replace(TWENTY, start_rule=StartRule.INCLUSIVE)
    assert hash(other) == hash(TWENTY)
    assert plain(TWENTY, Start(FIRST), CN).due.due_on != plain(other, Start(FIRST), CN).due.due_on


def test_what_depends_on_the_hour_is_not_kept_by_the_day() -> None:
    assert by_days(TWENTY)
    assert not by_days(replace(TWENTY, warnings=("25%",)))
    assert not by_days(replace(TWENTY, amount=Amount.parse("24h")))
