"""Points in business time, known to the microsecond or to the day, and days around them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.oracle.count import DAYS
from tests.oracle.days import DAY, Case, after_months, after_working_days, after_working_time, midnight, span_of, wall


def days_of(since: Case, until: Case, zone: str) -> set[date]:
    """The days of a pause: not the one on which it begins, but the one on which it ends."""
    day = since["on"] or wall(since["at"], zone).date()
    last = until["on"] or wall(until["at"], zone).date()
    found = set()
    while day < last:
        day += DAY
        found.add(day)
    return found


def over(when: Case, zone: str) -> datetime:
    """When it has passed for certain: a bare day when it has ended."""
    at: datetime = when["at"]
    return at if when["on"] is None else midnight(when["on"] + DAY, zone)


def passed(when: Case, zone: str) -> Case:
    """An assumed end: of a bare day the whole day, so that nothing falls due while the clock stands still."""
    return {"at": over(when, zone), "on": when["on"]}


def point(when: date | datetime, zone: str) -> Case:
    """A stated day or instant."""
    if isinstance(when, datetime):
        return {"at": when.astimezone(UTC), "on": None}
    return {"at": midnight(when, zone), "on": when}


def later(since: Case, amount: tuple[int, str], calendar: Case, zone: str) -> Case:
    """What lies that much after a pause's begin."""
    n, unit = amount
    if unit == "h":
        return {"at": since["at"] + timedelta(hours=n), "on": None}
    if unit not in DAYS:
        return {"at": after_working_time(calendar, since["at"], span_of(n, unit), zone), "on": None}
    begun = wall(since["at"], zone)
    at = datetime.combine(moved_day(begun.date(), amount, calendar), begun.time(), ZoneInfo(zone)).astimezone(UTC)
    return {"at": at, "on": None if since["on"] is None else moved_day(since["on"], amount, calendar)}


def moved_day(day: date, amount: tuple[int, str], calendar: Case) -> date:
    """A day and so many days, working days or months."""
    n, unit = amount
    if unit == "wd":
        return after_working_days(calendar, day, n)
    return after_months(day, n) if unit == "m" else day + n * DAY
