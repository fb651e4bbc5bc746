"""Counting backwards from an end over pauses: what is left of a limit does not pass while it stands still."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.pauses import Pause
from services.deadline.rules.span import (
    add_days,
    shifted,
    subtract_working_time,
    working_time_between,
)

Back = Callable[[datetime, timedelta], datetime]
T = TypeVar("T", date, datetime)
Between = Callable[[datetime, datetime], timedelta]


def shifted_back(end: datetime, span: timedelta) -> datetime:
    """So much elapsed time before."""
    return shifted(end, -span)


class Idle:
    """The pauses of one limit that have an end, in its zone and calendar."""

    def __init__(self, pauses: Sequence[Pause], calendar: Calendar, zone: ZoneInfo) -> None:
        self._calendar = calendar
        self._zone = zone
        ended = [(pause.begin, end) for pause in pauses if (end := pause.passed) is not None]
        self._spans = united((begin.at, end.at) for begin, end in ended)
        self._days = united((begin.day(zone), end.day(zone)) for begin, end in ended)

    def out_of(self, at: datetime) -> datetime:
        """The instant, or the end of the pause that it lies in."""
        return next((end for begin, end in self._spans if begin <= at < end), at)

    def time(self, begin: datetime, end: datetime) -> timedelta:
        """How much of [begin, end] is paused."""
        return sum((b - a for a, b in _within(self._spans, begin, end)), timedelta())

    def working_time(self, begin: datetime, end: datetime) -> timedelta:
        """How much working time of [begin, end] is paused."""
        spans = _within(self._spans, begin, end)
        return sum((working_time_between(a, b, self._calendar, self._zone) for a, b in spans), timedelta())

    def worked_back(self, end: datetime, span: timedelta) -> datetime:
        """So much working time before."""
        return subtract_working_time(end, span, self._calendar, self._zone)

    def before(self, end: datetime, span: timedelta, back: Back, idle: Between) -> datetime:
        """The instant at which so much is left until `end`, out of any pause."""
        at = back(end, span)
        while self._spans and (further := back(end, span + idle(at, end))) < at:
            at = further
        return self.out_of(at)

    def days_before(self, last: date, count: int, *, working: bool) -> date:
        """The day with so many counted days after it up to `last`."""
        day = self._back(last, count, working)
        while self._days and (further := self._back(last, count + self._idle_days(day, last, working), working)) < day:
            day = further
        return day

    def _back(self, last: date, count: int, working: bool) -> date:
        return self._calendar.add_working_days(last, -count) if working else add_days(last, -count)

    def _idle_days(self, after: date, until: date, working: bool) -> int:
        spans = _within(self._days, after, until)
        return sum(self._calendar.working_days_between(a, b) if working else (b - a).days for a, b in spans)


def united(spans: Iterable[tuple[T, T]]) -> list[tuple[T, T]]:
    """The stretches that these cover together, each once, in order."""
    found: list[tuple[T, T]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


def _within(spans: Sequence[tuple[T, T]], begin: T, end: T) -> list[tuple[T, T]]:
    clipped = [(max(a, begin), min(b, end)) for a, b in spans]
    return [(a, b) for a, b in clipped if a < b]
