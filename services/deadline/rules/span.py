"""Arithmetic on days, months, instants and working hours that the count and its warnings share.

Instants come back in UTC. Local midnights and working hours are turned into instants before anything is added, so a
change of summer time neither loses nor gains an hour. Leaving the years 1 to 9999 raises DateOutOfRange.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.deadline.rules.calendar import MIDNIGHT, Calendar
from services.deadline.rules.errors import BadCalendar, BadLimit, DateOutOfRange, NaiveInstant
from services.deadline.rules.limits import Amount, Unit

INSTANT = timedelta(microseconds=1)
_OUT_OF_RANGE = "the count leaves the years 1 to 9999"


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises BadLimit if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadLimit(f"{name!r} is not a time zone") from error


def aware(instant: datetime, what: str) -> datetime:
    """The instant, if it names a point in time. Raises NaiveInstant, saying `what` it was."""
    if instant.tzinfo is None:
        raise NaiveInstant(f"{what} has no offset from UTC")
    return instant


def shifted(instant: datetime, by: timedelta) -> datetime:
    """The instant that much elapsed time later, in UTC."""
    try:
        return instant.astimezone(UTC) + by
    except OverflowError as error:
        raise DateOutOfRange(_OUT_OF_RANGE) from error


@lru_cache(maxsize=4096)  # the clocks of a matter start with the same few facts
def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The date the calendar on that zone's wall shows at the instant."""
    try:
        return instant.astimezone(zone).date()
    except OverflowError as error:
        raise DateOutOfRange(_OUT_OF_RANGE) from error


def add_days(day: date, days: int) -> date:
    """The day that many natural days later."""
    try:
        return day + timedelta(days=days)
    except OverflowError as error:
        raise DateOutOfRange(_OUT_OF_RANGE) from error


def add_months(day: date, months: int) -> date:
    """The corresponding day that many months later, else that month's last day (R1)."""
    year, month = _month(day, months)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def month_exists(day: date, months: int) -> bool:
    """Whether the month that many months later has a day of that number (R1)."""
    return monthrange(*_month(day, months))[1] >= day.day


def _month(day: date, months: int) -> tuple[int, int]:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise DateOutOfRange(_OUT_OF_RANGE)
    return year, month + 1


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of the local day. Where 00:00 is skipped, that is when the clocks jumped."""
    return at_local(day, time.min, zone)


def end_of_day(day: date, day_ends: time | None, zone: ZoneInfo) -> datetime:
    """The first instant that is too late for the day: its close of business, else the next local midnight (R4, D6)."""
    return midnight(add_days(day, 1), zone) if day_ends is None else at_local(day, day_ends, zone)


def at_local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the clock on that zone's wall shows that time of that day."""
    try:
        return datetime.combine(day, at, zone).astimezone(UTC)
    except OverflowError as error:
        raise DateOutOfRange(_OUT_OF_RANGE) from error


def working_span(amount: Amount) -> timedelta:
    """The working time that an amount in working hours or minutes stands for."""
    return timedelta(hours=amount.count) if amount.unit is Unit.WORKING_HOURS else timedelta(minutes=amount.count)


def add_working_time(instant: datetime, span: timedelta, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """The instant at which that much working time has passed: a session's end, not the next one's begin."""
    left = span
    end = instant.astimezone(UTC)
    for opens, closes in _sessions_from(instant, calendar, zone):
        taken = min(left, closes - opens)
        end = opens + taken
        left -= taken
        if not left:
            break
    return end


def subtract_working_time(instant: datetime, span: timedelta, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """The latest instant from which that much working time is left until `instant`."""
    left = span
    begin = instant.astimezone(UTC)
    for opens, closes in _sessions_until(instant, calendar, zone):
        taken = min(left, closes - opens)
        begin = closes - taken
        left -= taken
        if not left:
            break
    return begin


def working_time_between(begin: datetime, end: datetime, calendar: Calendar, zone: ZoneInfo) -> timedelta:
    """How much working time lies in [begin, end]."""
    return sum((closes - opens for opens, closes in working_intervals(begin, end, calendar, zone)), timedelta())


def working_intervals(
    begin: datetime, end: datetime, calendar: Calendar, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of working time in [begin, end], in order."""
    for opens, closes in _sessions_from(begin, calendar, zone):
        if opens >= end:
            return
        yield opens, min(closes, end)
        if closes >= end:
            return


def _sessions_from(instant: datetime, calendar: Calendar, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """What is left of the sessions from the instant on, without end; YearNotCovered ends it."""
    _need_sessions(calendar)
    day = calendar.on_or_after(local_date(instant, zone))
    while True:
        for opens, closes in calendar.sessions_on(day):
            begin, end = max(at_local(day, opens, zone), instant), _closing(day, closes, zone)
            if begin < end:
                yield begin.astimezone(UTC), end
        day = calendar.next_working_day(day)


def _sessions_until(instant: datetime, calendar: Calendar, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The sessions up to the instant, the latest first."""
    _need_sessions(calendar)
    day = calendar.on_or_before(local_date(instant, zone))
    while True:
        for opens, closes in reversed(calendar.sessions_on(day)):
            begin, end = at_local(day, opens, zone), min(_closing(day, closes, zone), instant)
            if begin < end:
                yield begin, end.astimezone(UTC)
        day = calendar.previous_working_day(day)


def _closing(day: date, closes: time, zone: ZoneInfo) -> datetime:
    return end_of_day(day, None if closes == MIDNIGHT else closes, zone)


def _need_sessions(calendar: Calendar) -> None:
    if not calendar.sessions:
        raise BadCalendar(f"calendar {calendar.code} has no working hours")
