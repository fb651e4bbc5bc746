"""How a due came about, day by day: what `course` does in one step, spelled out for the few that are explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Due, Start, begin_of, received
from services.deadline.rules.limits import Limit, StartRule, Unit
from services.deadline.rules.pauses import Pause
from services.deadline.rules.span import add_days, local_date, working_intervals, zone_of

PAUSED = "paused: "
"""How the note of a day begins that a pause takes out of the count; its ground follows."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day on the wall calendar: its number if it counted, and why it did not (or why a weekend day did)."""

    day: date
    number: int | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Steps:
    """How a due came about, day by day.

    `passed_over`: rest days before the count could begin. `days`: for working days, every day from the first counted
    one to the last. `rolled_over`: the rest days between the nominal end and the due day, the nominal end first.
    `worked`: for working hours and minutes, each stretch counted (UTC). Natural days, months and hours count
    without exception, so they list no days.
    """

    passed_over: tuple[Day, ...]
    days: tuple[Day, ...]
    rolled_over: tuple[Day, ...]
    worked: tuple[tuple[datetime, datetime], ...]

    @property
    def skipped(self) -> tuple[Day, ...]:
        """The rest days within the count."""
        return tuple(day for day in self.days if day.number is None)


def steps(limit: Limit, start: Start, due: Due, calendar: Calendar, pauses: Sequence[Pause] = ()) -> Steps:
    """What the count passed over, day by day. `due` is what it gave for the same limit, start, calendar and pauses."""
    start = received(limit, start, calendar)
    zone = zone_of(limit.zone)
    unit = limit.amount.unit if limit.amount else Unit.STATED
    days: tuple[Day, ...] = ()
    worked: tuple[tuple[datetime, datetime], ...] = ()
    if unit is Unit.WORKING_DAYS and due.due_on:
        first = due.counted_from if limit.start_rule is StartRule.INCLUSIVE else add_days(due.counted_from, 1)
        days = _numbered(first, due.due_on, calendar, _paused(pauses, zone))
    if unit in (Unit.WORKING_HOURS, Unit.WORKING_MINUTES):
        begin = begin_of(limit, start, due.start_on, calendar)
        worked = _without(tuple(working_intervals(begin, due.due_at, calendar, zone)), pauses)
        days = _numbered(due.counted_from, local_date(due.due_at, zone), calendar, {})
    rolled: tuple[Day, ...] = ()
    if due.nominal_on and due.due_on and due.nominal_on != due.due_on:
        back = -1 if due.due_on < due.nominal_on else 1
        span = range(due.nominal_on.toordinal(), due.due_on.toordinal(), back)
        rolled = tuple(_rest_day(date.fromordinal(ordinal), calendar) for ordinal in span)
    before = range(due.start_on.toordinal(), due.counted_from.toordinal())
    passed = tuple(_rest_day(date.fromordinal(ordinal), calendar) for ordinal in before)
    return Steps(passed, days, rolled, worked)


def _paused(pauses: Sequence[Pause], zone: ZoneInfo) -> Mapping[int, str]:
    """The ordinals of the days (begin, end] of pauses, with their grounds."""
    return {
        ordinal: f"{PAUSED}{pause.ground}"
        for pause in reversed(pauses)
        if pause.end is not None
        for ordinal in range(pause.begin.day(zone).toordinal() + 1, pause.end.day(zone).toordinal() + 1)
    }


def _without(
    worked: tuple[tuple[datetime, datetime], ...], pauses: Sequence[Pause]
) -> tuple[tuple[datetime, datetime], ...]:
    """The stretches of working time that lie outside all pauses."""
    left = list(worked)
    for pause in pauses:
        if pause.end is not None:
            begin, end = pause.begin.at, pause.end.at
            cut = [part for a, b in left for part in ((a, min(b, begin)), (max(a, end), b))]
            left = [(a, b) for a, b in cut if a < b]
    return tuple(sorted(set(left)))


def _numbered(first: date, last: date, calendar: Calendar, paused: Mapping[int, str]) -> tuple[Day, ...]:
    days: list[Day] = []
    number = 0
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if ordinal in paused:
            days.append(Day(day, None, paused[ordinal]))
        elif calendar.is_working_day(day):
            number += 1
            days.append(Day(day, number, calendar.work_days.get(day)))
        else:
            days.append(_rest_day(day, calendar))
    return tuple(days)


def _rest_day(day: date, calendar: Calendar) -> Day:
    return Day(day, None, calendar.reason(day))
