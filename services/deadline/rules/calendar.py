"""A working calendar as a value: which days count, why the others do not, and how far the official notices reach (R3).

Authoritative for day arithmetic only. It knows no holidays by itself: `services.deadline.calendars` builds it from
data. A year outside `covers` raises YearNotCovered; a year outside `published` counts, but makes a result provisional.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from functools import cached_property
from itertools import pairwise

from services.deadline.rules.errors import BadCalendar, YearNotCovered

WEEKEND = "weekend"
Session = tuple[time, time]
OFFICE_HOURS: tuple[Session, ...] = ((time(9), time(12)), (time(13, 30), time(17)))


@dataclass(frozen=True)
class Calendar:
    """Rest days and make-up workdays of one jurisdiction, and the hours worked on a working day.

    `weekend` holds weekdays, Monday = 0. `rest_days` and `work_days` (班, weekend days that are worked) map a day to
    its name. `covers` and `published` are first and last year, inclusive; years outside `published` are
    projections. `sessions` are local wall times, in order. Raises BadCalendar if these contradict each other.
    """

    code: str
    version: str
    zone: str
    weekend: frozenset[int]
    rest_days: Mapping[date, str] = field(hash=False)
    work_days: Mapping[date, str] = field(hash=False)
    covers: tuple[int, int]
    published: tuple[int, int]
    sessions: tuple[Session, ...] = OFFICE_HOURS

    def __post_init__(self) -> None:
        if not self.covers[0] <= self.published[0] <= self.published[1] <= self.covers[1]:
            raise BadCalendar(f"calendar {self.code}: published {self.published} is not within {self.covers}")
        if not self.weekend < frozenset(range(7)):
            raise BadCalendar(f"calendar {self.code}: the weekend must be weekdays 0 to 6, and not all of them")
        if both := sorted(self.rest_days.keys() & self.work_days.keys()):
            raise BadCalendar(f"calendar {self.code}: {both[0]} is both a rest day and a make-up workday")
        edges = [edge for session in self.sessions for edge in session]
        if any(later <= earlier for earlier, later in pairwise(edges)):
            raise BadCalendar(f"calendar {self.code}: working hours must be in order and must not overlap")

    def is_working_day(self, day: date) -> bool:
        """Whether the day counts as a working day."""
        position = self._position(day)
        up_to = self._table[1]
        return up_to[position] != (up_to[position - 1] if position else 0)

    def reason(self, day: date) -> str | None:
        """Why the day is a rest day: the holiday's name, or `weekend`; None for a working day."""
        if self.is_working_day(day):
            return None
        return self.rest_days.get(day, WEEKEND)

    def add_working_days(self, day: date, n: int) -> date:
        """The nth working day after `day`, or before it where n < 0. n = 0 is `day` itself, worked or not."""
        if n == 0:
            return day
        position = self._position(day)
        days, up_to = self._table
        before = up_to[position - 1] if position else 0
        index = up_to[position] + n - 1 if n > 0 else before + n
        if 0 <= index < len(days):
            return date.fromordinal(days[index])
        raise YearNotCovered(self.code, self.covers[0] - 1 if n < 0 else self.covers[1] + 1, self.covers)

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return self.add_working_days(day, 1)

    def previous_working_day(self, day: date) -> date:
        """The last working day before `day`."""
        return self.add_working_days(day, -1)

    def on_or_after(self, day: date) -> date:
        """`day` if it is worked, else the next working day."""
        return day if self.is_working_day(day) else self.add_working_days(day, 1)

    def on_or_before(self, day: date) -> date:
        """`day` if it is worked, else the previous working day."""
        return day if self.is_working_day(day) else self.add_working_days(day, -1)

    def provisional_from(self, day_from: date, day_to: date) -> date | None:
        """The first day of the span (both ends included) whose year has no official notice; None if all have (R3)."""
        first, last = self.published
        if day_from.year < first or day_from.year > last:
            return day_from
        return date(last + 1, 1, 1) if day_to.year > last else None

    def provisional(self, day_from: date, day_to: date) -> bool:
        """Whether the span (both ends included) reaches into a year without an official notice (R3)."""
        return self.provisional_from(day_from, day_to) is not None

    def amended(self, rest: Mapping[date, str], work: Mapping[date, str] | None = None) -> "Calendar":
        """This calendar with further rest days and make-up workdays, under a version of its own.

        A later statement wins: a day named here loses what it was before.
        """
        work = work or {}
        changed = replace(
            self,
            rest_days={day: name for day, name in self.rest_days.items() if day not in work} | dict(rest),
            work_days={day: name for day, name in self.work_days.items() if day not in rest} | dict(work),
        )
        return replace(changed, version=content_version(changed))

    def _position(self, day: date) -> int:
        if not self.covers[0] <= day.year <= self.covers[1]:
            raise YearNotCovered(self.code, day.year, self.covers)
        return day.toordinal() - self._origin

    @cached_property
    def _origin(self) -> int:
        return date(self.covers[0], 1, 1).toordinal()

    @cached_property
    def _table(self) -> tuple[list[int], list[int]]:
        """All working days as ordinals; and for each covered day, how many working days there are up to it."""
        rest = {day.toordinal() for day in self.rest_days}
        work = {day.toordinal() for day in self.work_days}
        days: list[int] = []
        up_to: list[int] = []
        for ordinal in range(self._origin, date(self.covers[1], 12, 31).toordinal() + 1):
            if ordinal in work or ((ordinal + 6) % 7 not in self.weekend and ordinal not in rest):
                days.append(ordinal)
            up_to.append(len(days))
        return days, up_to


def content_version(calendar: Calendar) -> str:
    """The version a calendar's content has: code, last published year and a digest of all that affects a count."""
    canonical = json.dumps(
        {
            "code": calendar.code,
            "zone": calendar.zone,
            "weekend": sorted(calendar.weekend),
            "rest": {day.isoformat(): name for day, name in calendar.rest_days.items()},
            "work": {day.isoformat(): name for day, name in calendar.work_days.items()},
            "covers": calendar.covers,
            "published": calendar.published,
            "sessions": [[opens.isoformat(), closes.isoformat()] for opens, closes in calendar.sessions],
        },
        sort_keys=True,
        ensure_ascii=True,
    )
    return f"{calendar.code}-{calendar.published[1]}.{hashlib.sha256(canonical.encode()).hexdigest()[:12]}"
