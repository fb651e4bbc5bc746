"""A limit that nothing moves: what it comes to, and when it warns. Most clocks are so, and thousands of matters share
their limits and the days on which they began: counted once for each limit, calendar and day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import DAY_UNITS, Due, Start
from services.deadline.rules.course import Course, course
from services.deadline.rules.errors import DateOutOfRange
from services.deadline.rules.limits import Limit
from services.deadline.rules.span import aware, local_date, zone_of
from services.deadline.rules.warnings import Warnings, overdue_instants, warning_instants

LAST_YEAR = 2199
"""A due beyond it is a typing error in some limit: no event can say it."""
_EVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Plain:
    """What such a limit comes to. Some `warnings` may lie before a start late on its day: see `warnings_after`."""

    course: Course
    due: Due
    warnings: Warnings
    overdue: Warnings

    def warnings_after(self, instant: datetime) -> Warnings:
        """Those that lie after the start."""
        if not self.warnings or self.warnings[0][0] > instant:
            return self.warnings
        return tuple(each for each in self.warnings if each[0] > instant)


def plain(limit: Limit, start: Start, calendar: Calendar) -> Plain:
    """The limit from this start on. Raises DeadlineError where it cannot be counted."""
    if not by_days(limit):
        return _counted(limit, start, calendar)
    day = start.on or local_date(aware(start.instant, "the start"), zone_of(limit.zone))
    return by_day(limit, day, calendar)


@lru_cache(maxsize=1024)
def by_days(limit: Limit) -> bool:
    """Whether all that start on one day have the same due and warnings."""
    return (
        limit.amount is not None
        and limit.amount.unit in DAY_UNITS
        and limit.cut_off is None
        and limit.second is None
        and not any(label.endswith("%") for label in limit.warnings)
    )


@lru_cache(maxsize=8192)
def by_day(limit: Limit, day: date, calendar: Calendar) -> Plain:
    """A limit of which `by_days` is true, from a day on."""
    return _counted(limit, Start(_EVER, day), calendar)


def _counted(limit: Limit, start: Start, calendar: Calendar) -> Plain:
    ran = course(limit, start, (), (), calendar)
    due = ran.due
    assert due is not None  # noqa: S101 - only a pause leaves a limit without one
    within_years(limit, due)
    warnings = warning_instants(limit, due, start, calendar)
    return Plain(ran, due, warnings, overdue_instants(limit, due, calendar))


def within_years(limit: Limit, due: Due) -> None:
    """Raises DateOutOfRange for a due that no event can say."""
    last = due.due_on or local_date(due.due_at, zone_of(limit.zone))
    if last.year > LAST_YEAR:
        raise DateOutOfRange(f"limit {limit.clock} ends after the year {LAST_YEAR}")
