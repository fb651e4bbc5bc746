"""When to warn of a due, and when to tell again that it has passed: what remains, or what has gone by, as instants."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Due, Start
from services.deadline.rules.errors import BadWarning, DateOutOfRange, YearNotCovered
from services.deadline.rules.idle import Idle, shifted_back
from services.deadline.rules.limits import Amount, Limit, Unit
from services.deadline.rules.pauses import Pause
from services.deadline.rules.points import Point, after
from services.deadline.rules.span import add_days, add_months, local_date, midnight, working_span, zone_of

Warnings = tuple[tuple[datetime, str], ...]
PASSED = "+"
"""How the label begins of what is told again after the miss: `+5wd`."""


def warning_instants(
    limit: Limit, due: Due, start: Start, calendar: Calendar, pauses: Sequence[Pause] = ()
) -> Warnings:
    """The limit's warnings as (instant in UTC, label), ascending; only those after the start and before `late_from`.

    `5wd` is 00:00 of the day after which five working days are left, the due day included; `3d` and `3m` likewise;
    `2h`, `4wh` and `30min` are that much before the end; `25%` is when a quarter of start → late_from is left. No
    time is left within a pause, and a warning that would come within one comes when it ends.
    Raises BadWarning on anything else, and YearNotCovered as `count` does.
    """
    found: list[tuple[datetime, str]] = []
    for label in limit.warnings:
        at = _instant(label, limit, due, start, calendar, pauses)
        if at is not None and start.instant < at < due.late_from:
            found.append((at, label))
    return tuple(sorted(found))


@lru_cache(maxsize=1024)
def parse_warning(label: str) -> Amount | int:
    """What is left when the warning is due: an amount, or a percentage from 1 to 99. Raises BadWarning."""
    if share := re.fullmatch(r"([1-9]\d?)%", label):
        return int(share[1])
    try:
        return Amount.parse(label)
    except ValueError as error:
        raise BadWarning(f"{label!r} is not a warning such as 5wd, 3d, 2h or 25%") from error


def _instant(
    label: str, limit: Limit, due: Due, start: Start, calendar: Calendar, pauses: Sequence[Pause]
) -> datetime | None:
    """When the warning is due; None where it would lie before all the calendar knows, and so before the start."""
    left = parse_warning(label)
    zone = zone_of(limit.zone)
    end = due.late_from if due.due_on else due.due_at
    last = due.due_on or local_date(due.due_at, zone)
    idle = Idle(pauses, calendar, zone)
    try:
        if isinstance(left, int):
            net = due.late_from - start.instant - idle.time(start.instant, due.late_from)
            return idle.before(due.late_from, net * left / 100, shifted_back, idle.time)
        match left.unit:
            case Unit.WORKING_DAYS:
                counted = calendar.on_or_before(last)
                return idle.out_of(midnight(idle.days_before(counted, left.count, working=True), zone))
            case Unit.NATURAL_DAYS:
                return idle.out_of(midnight(idle.days_before(last, left.count, working=False), zone))
            case Unit.MONTHS:
                return idle.out_of(midnight(add_months(last, -left.count), zone))
            case Unit.HOURS:
                return idle.before(end, timedelta(hours=left.count), shifted_back, idle.time)
            case Unit.WORKING_HOURS | Unit.WORKING_MINUTES:
                return idle.before(end, working_span(left), idle.worked_back, idle.working_time)
            case Unit.STATED:
                raise BadWarning(f"{label!r} is not an amount")
    except DateOutOfRange:
        return None
    except YearNotCovered as error:
        if error.year < calendar.covers[0] <= due.start_on.year:
            return None
        raise


def overdue_instants(limit: Limit, due: Due, calendar: Calendar) -> Warnings:
    """When a miss that stands is told again, as (instant in UTC, label), ascending: so much after `late_from`. Days are
    whole: `+5wd` is when the fifth working day after the last has ended."""
    zone = zone_of(limit.zone)
    found = []
    for amount in limit.overdue:
        if due.due_on is not None:
            day = after(Point(due.late_from, due.due_on), amount, calendar, zone)
            at = day.at if day.on is None else midnight(add_days(day.on, 1), zone)
        else:
            at = after(Point(due.late_from), amount, calendar, zone).at
        found.append((max(at, due.late_from), f"{PASSED}{amount}"))
    return tuple(sorted(found))
