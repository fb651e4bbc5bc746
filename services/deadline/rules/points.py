"""A point in business time, known to the microsecond or to the day, and what lies an amount of time after it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.limits import Amount, Unit
from services.deadline.rules.span import (
    add_days,
    add_months,
    add_working_time,
    at_local,
    local_date,
    midnight,
    shifted,
    working_span,
)


@dataclass(frozen=True, slots=True)
class Point:
    """`at` is the instant (UTC), 00:00 of `on` in its source's zone where only the day is known (D6)."""

    at: datetime
    on: date | None = None

    def over(self, zone: ZoneInfo) -> datetime:
        """When it has passed for certain: the instant itself, or the end of its day in the zone."""
        return self.at if self.on is None else midnight(add_days(self.on, 1), zone)

    def day(self, zone: ZoneInfo) -> date:
        """Its day in the zone."""
        return self.on or local_date(self.at, zone)


def point_of(when: datetime | date, zone: ZoneInfo) -> Point:
    """A stated instant or day."""
    return Point(when) if isinstance(when, datetime) else Point(midnight(when, zone), when)


def after(point: Point, amount: Amount, calendar: Calendar, zone: ZoneInfo) -> Point:
    """What lies that amount after the point: a day after a day, the same time of day after an instant."""
    match amount.unit:
        case Unit.HOURS:
            return Point(shifted(point.at, timedelta(hours=amount.count)))
        case Unit.WORKING_HOURS | Unit.WORKING_MINUTES:
            return Point(add_working_time(point.at, working_span(amount), calendar, zone))
    day = day_after(local_date(point.at, zone), amount, calendar)
    at = at_local(day, point.at.astimezone(zone).time(), zone)
    return Point(at) if point.on is None else Point(at, day_after(point.on, amount, calendar))


def day_after(day: date, amount: Amount, calendar: Calendar) -> date:
    """The day that many working days, natural days or months after a day."""
    match amount.unit:
        case Unit.WORKING_DAYS:
            return calendar.add_working_days(day, amount.count)
        case Unit.MONTHS:
            return add_months(day, amount.count)
    return add_days(day, amount.count)
