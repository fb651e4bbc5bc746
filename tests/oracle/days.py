"""Days, months and minutes, walked. A calendar is a dict: `rest` and `work` (sets of days), `weekend` (weekdays, Monday
is 0), `sessions` (pairs of local times), `half` (days with sessions of their own), `first` and `last` (the days that
anything is known of), `walked` (minutes already looked up).
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
LEAST = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Case = dict[str, Any]


class NotKnown(ValueError):
    """The walk has left the days the calendar knows."""


def works(calendar: Case, day: date) -> bool:
    """Whether the day is worked: a make-up day is, a holiday and a weekend are not."""
    if not calendar["first"] <= day <= calendar["last"]:
        raise NotKnown(day)
    return day in calendar["work"] or (day.weekday() not in calendar["weekend"] and day not in calendar["rest"])


def on_or_after(calendar: Case, day: date) -> date:
    """The day itself if it is worked, else the first after it that is."""
    while not works(calendar, day):
        day += DAY
    return day


def on_or_before(calendar: Case, day: date) -> date:
    """The day itself if it is worked, else the last before it that is."""
    while not works(calendar, day):
        day -= DAY
    return day


def after_working_days(calendar: Case, day: date, n: int) -> date:
    """The nth working day after the day; backwards where n is negative."""
    step = DAY if n > 0 else -DAY
    while n:
        day += step
        if works(calendar, day):
            n -= 1 if n > 0 else -1
    return day


def after_months(day: date, n: int) -> date:
    """The corresponding day n months later, else the month's last (R1)."""
    month = day.year * 12 + day.month - 1 + n
    year, month = month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def midnight(day: date, zone: str) -> datetime:
    """The day's first instant."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def at_hour(day: date, hour: time, zone: str) -> datetime:
    """That hour of the day on the wall."""
    return datetime.combine(day, hour, ZoneInfo(zone)).astimezone(UTC)


def wall(instant: datetime, zone: str) -> datetime:
    """What clock and calendar on that zone's wall show."""
    return instant.astimezone(ZoneInfo(zone))


def day_over(day: date, closes: time | None, zone: str) -> datetime:
    """The first instant that is too late for the day (R4, D6)."""
    return midnight(day + DAY, zone) if closes is None else at_hour(day, closes, zone)


def at_work(calendar: Case, minute: int, zone: str) -> bool:
    """Whether the office is at work in that minute (of UTC, since 1970). Offices open and close on whole minutes."""
    day = minute // 1440
    walked = calendar["walked"].setdefault(zone, {})
    if day not in walked:
        walked[day] = set()
        for near in (day - 1, day, day + 1):  # a local day reaches into its neighbours
            local = date(1970, 1, 1) + near * DAY
            if works(calendar, local):
                for opens, closes in calendar["half"].get(local, calendar["sessions"]):
                    walked[day].update(
                        range(minute_of(at_hour(local, opens, zone)), minute_of(shut(local, closes, zone)))
                    )
    return minute in walked[day]


def shut(day: date, closes: time, zone: str) -> datetime:
    """When a session closes; 00:00 is the end of the day."""
    return midnight(day + DAY, zone) if closes == time() else at_hour(day, closes, zone)


def minute_of(instant: datetime) -> int:
    """The minute in which the instant lies."""
    return (instant - EPOCH) // MINUTE


def after_working_time(calendar: Case, instant: datetime, span: timedelta, zone: str) -> datetime:
    """The instant at which that much working time has passed, a minute at a time."""
    minute, left = minute_of(instant), instant
    while span:
        minute += 1
        until = EPOCH + minute * MINUTE
        if at_work(calendar, minute - 1, zone):
            piece = min(until - left, span)
            span -= piece
            instant = left + piece
        left = until
    return instant


def before_working_time(calendar: Case, instant: datetime, span: timedelta, zone: str) -> datetime:
    """The latest instant from which that much working time is left, a minute at a time."""
    minute, right = minute_of(instant - LEAST), instant
    while span:
        since = EPOCH + minute * MINUTE
        if at_work(calendar, minute, zone):
            piece = min(right - since, span)
            span -= piece
            instant = right - piece
        right = since
        minute -= 1
    return instant


def working_time(calendar: Case, since: datetime, until: datetime, zone: str) -> timedelta:
    """The working time between two instants, a minute at a time."""
    found = timedelta(0)
    minute = minute_of(since)
    while since < until:
        minute += 1
        to = min(EPOCH + minute * MINUTE, until)
        if at_work(calendar, minute - 1, zone):
            found += to - since
        since = to
    return found


def span_of(n: int, unit: str) -> timedelta:
    """What an amount of (working) hours or minutes stands for."""
    return timedelta(minutes=n) if unit == "min" else timedelta(hours=n)
