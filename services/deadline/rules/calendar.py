"""A working calendar as a value: which days count, why the others do not, and how far the official notices reach (R3).

Authoritative for day arithmetic only. It knows no holidays by itself: `services.deadline.calendars` builds it from
data. A year outside `covers` raises YearNotCovered; a year outside `published` counts, but makes a result provisional.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

from services.deadline.rules.errors import BadCalendar, YearNotCovered

T = TypeVar("T")
WEEKEND = "weekend"
MIDNIGHT = time(0)
Session = tuple[time, time]
"""[opens, closes); the last one of a day may close at 00:00, which is 24:00: offices that work round the clock."""
HalfDay = tuple[str, tuple[Session, ...]]
"""Its name and its working hours."""
OFFICE_HOURS: tuple[Session, ...] = ((time(9), time(12)), (time(13, 30), time(17)))


@dataclass(frozen=True)
class Calendar:
    """Rest days and make-up workdays of one jurisdiction, and the hours worked on a working day.

    `weekend` holds weekdays, Monday = 0. `rest_days` and `work_days` (班, weekend days that are worked) map a day to
    its name. `covers` and `published` are first and last year, inclusive; years outside `published` are
    projections. `sessions` are local wall times, in order; a weekday may have others, and a half day has its own, with
    its name: whole in counts of days, as it is in counts of hours. Raises BadCalendar if these contradict each other.
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
    weekday_sessions: Mapping[int, tuple[Session, ...]] = field(default_factory=dict, hash=False)
    half_days: Mapping[date, HalfDay] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not self.covers[0] <= self.published[0] <= self.published[1] <= self.covers[1]:
            raise BadCalendar(f"calendar {self.code}: published {self.published} is not within {self.covers}")
        if not self.weekend < frozenset(range(7)):
            raise BadCalendar(f"calendar {self.code}: the weekend must be weekdays 0 to 6, and not all of them")
        if both := sorted(self.rest_days.keys() & self.work_days.keys()):
            raise BadCalendar(f"calendar {self.code}: {both[0]} is both a rest day and a make-up workday")
        for hours in (self.sessions, *self.weekday_sessions.values(), *(hours for _, hours in self.half_days.values())):
            edges = [edge for session in hours for edge in session]
            if edges[-1:] == [MIDNIGHT]:
                edges[-1] = time.max
            if any(later <= earlier for earlier, later in pairwise(edges)):
                raise BadCalendar(f"calendar {self.code}: working hours must be in order and must not overlap")

    def __hash__(self) -> int:
        """What is counted by a calendar is kept by it, and looked up at every fold."""
        return hash(self.version)

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

    def sessions_on(self, day: date) -> tuple[Session, ...]:
        """The hours of a working day: the day's own, else its weekday's, else the usual ones."""
        if day in self.half_days:
            return self.half_days[day][1]
        return self.weekday_sessions.get(day.weekday(), self.sessions)

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

    def working_days_between(self, after: date, until: date) -> int:
        """How many days of (after, until] are worked; 0 where there is none."""
        return max(self._worked_up_to(until) - self._worked_up_to(after), 0)

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

    def _worked_up_to(self, day: date) -> int:
        return self._table[1][self._position(day)]

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


Content = Mapping[str, Any]
"""All of a calendar that affects a count, as JSON has it."""


def content(calendar: Calendar) -> Content:
    """What `from_content` makes the same calendar of. What a calendar does not have is left out."""
    told: dict[str, Any] = {
        "code": calendar.code,
        "zone": calendar.zone,
        "weekend": sorted(calendar.weekend),
        "rest": {day.isoformat(): name for day, name in calendar.rest_days.items()},
        "work": {day.isoformat(): name for day, name in calendar.work_days.items()},
        "covers": list(calendar.covers),
        "published": list(calendar.published),
        "sessions": _hours_text(calendar.sessions),
    }
    if calendar.weekday_sessions:
        told["weekday_sessions"] = {str(n): _hours_text(hours) for n, hours in calendar.weekday_sessions.items()}
    if calendar.half_days:
        told["half_days"] = {
            day.isoformat(): [name, _hours_text(hours)] for day, (name, hours) in calendar.half_days.items()
        }
    return told


def content_between(calendar: Calendar, first: int, last: int) -> Content:
    """The content of these years alone, for counts that stay within them."""
    covers = min(first, calendar.published[1]), max(last, calendar.published[0])
    published = max(calendar.published[0], covers[0]), min(calendar.published[1], covers[1])

    def within(days: Mapping[date, T]) -> dict[date, T]:
        return {day: said for day, said in days.items() if covers[0] <= day.year <= covers[1]}

    rest, work, half = within(calendar.rest_days), within(calendar.work_days), within(calendar.half_days)
    return content(
        replace(calendar, rest_days=rest, work_days=work, half_days=half, covers=covers, published=published)
    )


def from_content(told: Content) -> Calendar:
    """The calendar of such a content, under the version that the content has."""
    calendar = Calendar(
        code=told["code"],
        version="",
        zone=told["zone"],
        weekend=frozenset(told["weekend"]),
        rest_days={date.fromisoformat(day): name for day, name in told["rest"].items()},
        work_days={date.fromisoformat(day): name for day, name in told["work"].items()},
        covers=(told["covers"][0], told["covers"][1]),
        published=(told["published"][0], told["published"][1]),
        sessions=_hours(told["sessions"]),
        weekday_sessions={int(n): _hours(hours) for n, hours in told.get("weekday_sessions", {}).items()},
        half_days={
            date.fromisoformat(day): (name, _hours(hours)) for day, (name, hours) in told.get("half_days", {}).items()
        },
    )
    return replace(calendar, version=content_version(calendar))


def content_version(calendar: Calendar) -> str:
    """The version a calendar's content has: code, last published year and a digest of all that affects a count."""
    canonical = json.dumps(content(calendar), sort_keys=True, ensure_ascii=True)
    return f"{calendar.code}-{calendar.published[1]}.{hashlib.sha256(canonical.encode()).hexdigest()[:12]}"


def code_of(version: str) -> str:
    """The code of the calendar that has that version."""
    return version.rpartition("-")[0]


def _hours_text(sessions: tuple[Session, ...]) -> list[list[str]]:
    return [[opens.isoformat(), closes.isoformat()] for opens, closes in sessions]


def _hours(told: Iterable[Sequence[str]]) -> tuple[Session, ...]:
    return tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in told)
