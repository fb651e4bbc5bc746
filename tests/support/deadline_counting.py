"""Limits, starts and calendars to count with."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Due, Start
from services.deadline.rules.limits import Amount, Limit, Roll, StartRule

SHANGHAI, BOSTON, LONDON = "Asia/Shanghai", "America/New_York", "Europe/London"
ZONES = st.sampled_from((SHANGHAI, BOSTON, LONDON))
DAYS = st.dates(date(2023, 1, 1), date(2025, 12, 31))
INSTANTS = st.datetimes(datetime(2023, 1, 1), datetime(2025, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
SESSIONS = ((time(9), time(12)), (time(13, 30), time(17)))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    rest = draw(st.sets(DAYS, max_size=60))
    work = draw(st.sets(DAYS.filter(lambda day: day.weekday() >= 5), max_size=20)) - rest
    return plain(dict.fromkeys(rest, "holiday"), dict.fromkeys(work, "worked"))


def plain(rest: dict[date, str] | None = None, work: dict[date, str] | None = None) -> Calendar:
    weekend = frozenset({5, 6})
    return Calendar("X", "v", SHANGHAI, weekend, rest or {}, work or {}, (2000, 2040), (2000, 2026), SESSIONS)


def a_limit(amount: str | None, **changes: Any) -> Limit:
    fields: dict[str, Any] = {
        "clock": "decide",
        "amount": Amount.parse(amount) if amount else None,
        "at": None,
        "start_rule": StartRule.DAY0,
        "roll": Roll.NONE,
        "zone": SHANGHAI,
        "day_ends": None,
        "calendar": "X",
        "starts_on": ("received",),
        "stops_on": ("decided",),
        "warnings": (),
        "source": "not verified",
    }
    return Limit(**(fields | changes))


def on(day: date | str, zone: str = SHANGHAI) -> Start:
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return Start(datetime.combine(day, time.min, ZoneInfo(zone)), on=day)


def at(text: str) -> Start:
    return Start(datetime.fromisoformat(text))


def local(due: Due, zone: str) -> str:
    return due.late_from.astimezone(ZoneInfo(zone)).isoformat()
