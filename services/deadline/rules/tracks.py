"""Where the end of one limit stands while its pauses and extensions are gone through: in days, or in time."""

from datetime import date, datetime, timedelta

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Due, Start, begin_of, ending_at, ending_on, received
from services.deadline.rules.limits import Limit, StartRule, Unit
from services.deadline.rules.points import Point, point_of
from services.deadline.rules.span import add_days, add_working_time, shifted, working_time_between, zone_of

_WORKING_TIME = (Unit.WORKING_HOURS, Unit.WORKING_MINUTES)


class DayTrack:
    """Of a limit in days, or until a stated day. `nominal` is its last counted day; `unextended` what that would be
    without extensions.
    """

    def __init__(self, limit: Limit, due: Due, nominal: date, calendar: Calendar) -> None:
        self._limit = limit
        self._calendar = calendar
        self._zone = zone_of(limit.zone)
        self._working = limit.amount is not None and limit.amount.unit is Unit.WORKING_DAYS
        inclusive = limit.start_rule is StartRule.INCLUSIVE and limit.amount is not None
        self._covered = add_days(due.counted_from, -1) if inclusive else due.counted_from
        self._not_before: date | None = None
        self.due = due
        self.nominal = self.unextended = nominal

    def pause(self, begin: Point, end: Point) -> int:
        """Take the days of (begin, end] out of the count; how many of them counted."""
        first, last = max(begin.day(self._zone), self._covered), end.day(self._zone)
        days = self._between(first, last)
        if last > first:
            self.nominal, self.unextended = self._later(self.nominal, days), self._later(self.unextended, days)
            self._covered = self._not_before = last
        self._settle()
        while begin.at < self.due.late_from < end.at:  # its last day would end, by the hour, while it stands still
            self._not_before = add_days(self.due.due_on or last, 1)
            self._settle()
        return days

    def extend(self, to: date) -> None:
        """The last counted day is now that one."""
        self.nominal = to
        self._settle()

    def _between(self, after: date, until: date) -> int:
        if self._working:
            return self._calendar.working_days_between(after, until)
        return max((until - after).days, 0)

    def _later(self, day: date, days: int) -> date:
        return self._calendar.add_working_days(day, days) if self._working else add_days(day, days)

    def _settle(self) -> None:
        was = self.due
        self.due = ending_on(
            self._limit, self.nominal, was.start_on, was.counted_from, self._calendar, self._not_before
        )


class TimeTrack:
    """Of a limit in hours or minutes, or until a stated instant. `nominal` is the last instant in time."""

    def __init__(self, limit: Limit, start: Start, due: Due, calendar: Calendar) -> None:
        self._limit = limit
        self._calendar = calendar
        self._zone = zone_of(limit.zone)
        self._working = limit.amount is not None and limit.amount.unit in _WORKING_TIME
        self._covered = begin_of(limit, received(limit, start, calendar), due.start_on, calendar)
        self.due = due
        self.nominal = self.unextended = due.due_at

    def pause(self, begin: Point, end: Point) -> timedelta:
        """Take the time of [begin, end) out of the count; how much of it counted. It never ends within the pause."""
        first = max(begin.at, self._covered)
        if end.at <= first:
            return timedelta()
        added = end.at - first
        if self._working:
            added = working_time_between(first, end.at, self._calendar, self._zone)
        self.nominal, self.unextended = (max(self._later(at, added), end.at) for at in (self.nominal, self.unextended))
        self._covered = end.at
        self._settle()
        return added

    def extend(self, to: date) -> None:
        """The last instant is now that one, or the end of a pause that it lies in."""
        self.nominal = max(point_of(to, self._zone).at, self._covered)
        self._settle()

    def _later(self, at: datetime, added: timedelta) -> datetime:
        if not self._working:
            return shifted(at, added)
        return add_working_time(at, added, self._calendar, self._zone) if added else at

    def _settle(self) -> None:
        was = self.due
        self.due = ending_at(self._limit, self.nominal, was.start_on, was.counted_from, self._calendar)
