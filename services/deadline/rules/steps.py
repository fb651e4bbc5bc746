"""How a due came about, day by day: what `count` does in one step, spelled out for the few that are explained."""

from dataclasses import dataclass
from datetime import date, datetime

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Due, Start, begin_of
from services.deadline.rules.limits import Limit, StartRule, Unit
from services.deadline.rules.span import add_days, local_date, working_intervals, zone_of


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


def steps(limit: Limit, start: Start, due: Due, calendar: Calendar) -> Steps:
    """What `count` passed over, day by day. `due` is what `count` gave for the same limit, start and calendar."""
    zone = zone_of(limit.zone)
    unit = limit.amount.unit if limit.amount else Unit.STATED
    days: tuple[Day, ...] = ()
    worked: tuple[tuple[datetime, datetime], ...] = ()
    if unit is Unit.WORKING_DAYS and due.due_on:
        first = due.counted_from if limit.start_rule is StartRule.INCLUSIVE else add_days(due.counted_from, 1)
        days = _numbered(first, due.due_on, calendar)
    if unit in (Unit.WORKING_HOURS, Unit.WORKING_MINUTES):
        begin = begin_of(limit, start, due.start_on, calendar)
        worked = tuple(working_intervals(begin, due.due_at, calendar, zone))
        days = _numbered(due.counted_from, local_date(due.due_at, zone), calendar)
    rolled: tuple[Day, ...] = ()
    if due.nominal_on and due.due_on and due.nominal_on != due.due_on:
        back = -1 if due.due_on < due.nominal_on else 1
        span = range(due.nominal_on.toordinal(), due.due_on.toordinal(), back)
        rolled = tuple(_rest_day(date.fromordinal(ordinal), calendar) for ordinal in span)
    before = range(due.start_on.toordinal(), due.counted_from.toordinal())
    passed = tuple(_rest_day(date.fromordinal(ordinal), calendar) for ordinal in before)
    return Steps(passed, days, rolled, worked)


def _numbered(first: date, last: date, calendar: Calendar) -> tuple[Day, ...]:
    days: list[Day] = []
    number = 0
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if calendar.is_working_day(day):
            number += 1
            days.append(Day(day, number, calendar.work_days.get(day)))
        else:
            days.append(_rest_day(day, calendar))
    return tuple(days)


def _rest_day(day: date, calendar: Calendar) -> Day:
    return Day(day, None, calendar.reason(day))
