"""Counting a limit: from the start and the calendar to the instant from which it is late (D6, R1 to R4).

Pure: no clock, no storage. Pauses, extensions and stages are not known here. What a person needs to check a result
(each day that was skipped) is in `steps`, apart, because a service counts thousands of clocks and explains few.

    start ──start rule──► counted_from ──amount──► nominal_on ──roll──► due_on ──end of day──► late_from
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.errors import BadLimit, BadWarning, DateOutOfRange, YearNotCovered
from services.deadline.rules.limits import Amount, Limit, Roll, StartRule, Unit
from services.deadline.rules.span import (
    INSTANT,
    add_days,
    add_months,
    add_working_time,
    aware,
    end_of_day,
    local_date,
    midnight,
    month_exists,
    shifted,
    subtract_working_time,
    working_span,
    zone_of,
)

Warnings = tuple[tuple[datetime, str], ...]
DAY_UNITS = frozenset({Unit.WORKING_DAYS, Unit.NATURAL_DAYS, Unit.MONTHS})


@dataclass(frozen=True, slots=True)
class Start:
    """The fact a limit runs from; `fact` names it to the reader. `on` is its day where only that is known; `instant`
    is then 00:00 of it in its source's zone. Hours run from `instant`, days from `on` whatever the limit's zone (D6).
    """

    instant: datetime
    on: date | None = None
    fact: str = "received"

    @property
    def date_only(self) -> bool:
        return self.on is not None


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit ends: kept = done < `late_from` (UTC). `due_on` is None where the limit is an instant.

    Days are local to the limit's zone, but for a start that is a bare date: that is `start_on`, else the start's date.
    `counted_from` is day 0 (for `inclusive` day 1), `nominal_on` the last day before it rolled. `provisional_from` is
    the first day the count relied on whose year has no official notice yet.
    """

    due_on: date | None
    late_from: datetime
    start_on: date
    counted_from: date
    nominal_on: date | None
    provisional_from: date | None

    @property
    def due_at(self) -> datetime:
        """The last instant at which the limit is still kept (UTC)."""
        return self.late_from - INSTANT

    @property
    def provisional(self) -> bool:
        return self.provisional_from is not None


def count(limit: Limit, start: Start, calendar: Calendar) -> Due:
    """When the limit ends if nothing pauses or extends it.

    Raises YearNotCovered, DateOutOfRange, BadLimit, BadCalendar (working hours without sessions) or NaiveInstant.
    """
    zone = zone_of(limit.zone)
    begun = aware(start.instant, "the start")
    start_on = start.on or local_date(begun, zone)
    amount = limit.amount
    if (amount is None) == (limit.at is None):
        raise BadLimit(f"limit {limit.clock} needs either an amount or a stated time")
    if amount is None:
        return _count_stated(limit, start_on, calendar)
    if amount.unit is Unit.STATED:
        raise BadLimit(f"limit {limit.clock}: a stated time has no amount")
    if amount.unit not in DAY_UNITS:
        return _count_time(limit, amount, start, start_on, calendar)
    counted_from = _first_day(limit.start_rule, amount.unit, start_on, calendar)
    nominal_on = _last_day(amount, limit.start_rule, counted_from, calendar)
    if amount.unit is Unit.WORKING_DAYS:
        due_on = nominal_on
        provisional_from = calendar.provisional_from(start_on, due_on)
    else:
        due_on = _rolled(nominal_on, limit.roll, calendar)
        provisional_from = None
        if limit.start_rule is StartRule.ROLL:
            provisional_from = calendar.provisional_from(start_on, counted_from)
        provisional_from = provisional_from or _roll_provisional(nominal_on, due_on, limit.roll, calendar)
    late_from = end_of_day(due_on, limit.day_ends, zone)
    return Due(due_on, late_from, start_on, counted_from, nominal_on, provisional_from)


def _first_day(rule: StartRule, unit: Unit, start_on: date, calendar: Calendar) -> date:
    """R1, R4: the day the count is made from. `inclusive` counts a rest day as day 1 unless working days count."""
    if rule is StartRule.ROLL or (rule is StartRule.INCLUSIVE and unit is Unit.WORKING_DAYS):
        return calendar.on_or_after(start_on)
    return start_on


def _last_day(amount: Amount, rule: StartRule, counted_from: date, calendar: Calendar) -> date:
    """R1: the nth day after day 0. Where the first day is day 1, one day less; a month then ends before its day."""
    less = 1 if rule is StartRule.INCLUSIVE else 0
    if amount.unit is Unit.WORKING_DAYS:
        return calendar.add_working_days(counted_from, amount.count - less)
    if amount.unit is Unit.NATURAL_DAYS:
        return add_days(counted_from, amount.count - less)
    last = add_months(counted_from, amount.count)
    return add_days(last, -less) if month_exists(counted_from, amount.count) else last


def _rolled(day: date, roll: Roll, calendar: Calendar) -> date:
    """R1: a last day that is a rest day moves to a working day, if the limit says so."""
    match roll:
        case Roll.NEXT:
            return calendar.on_or_after(day)
        case Roll.PREVIOUS:
            return calendar.on_or_before(day)
        case Roll.NONE:
            return day


def _roll_provisional(nominal: date, rolled: date, roll: Roll, calendar: Calendar) -> date | None:
    """R3: a roll depends on the calendar of the days from the nominal end to the rolled one, on nothing else."""
    if roll is Roll.NONE:
        return None
    return calendar.provisional_from(min(nominal, rolled), max(nominal, rolled))


def _count_stated(limit: Limit, start_on: date, calendar: Calendar) -> Due:
    """D6: a bare date ends with its day and may roll; an instant is late 1 µs after itself."""
    at = limit.at
    if isinstance(at, datetime):
        late_from = shifted(aware(at, f"the stated time of limit {limit.clock}"), INSTANT)
        return Due(None, late_from, start_on, start_on, None, None)
    if at is None:
        raise BadLimit(f"limit {limit.clock} has no stated time")
    due_on = _rolled(at, limit.roll, calendar)
    late_from = end_of_day(due_on, limit.day_ends, zone_of(limit.zone))
    return Due(due_on, late_from, start_on, start_on, at, _roll_provisional(at, due_on, limit.roll, calendar))


def begin_of(limit: Limit, start: Start, start_on: date, calendar: Calendar) -> datetime:
    """The instant (UTC) from which hours run: the start, which for a bare date is 00:00 in its source's zone (D6), or
    00:00 of the day `roll` gives.
    """
    zone = zone_of(limit.zone)
    if limit.start_rule is StartRule.ROLL and not calendar.is_working_day(start_on):
        return midnight(calendar.next_working_day(start_on), zone)
    return shifted(start.instant, timedelta(0))


def _count_time(limit: Limit, amount: Amount, start: Start, start_on: date, calendar: Calendar) -> Due:
    """Elapsed hours on the absolute timeline; working hours and minutes through the calendar's sessions."""
    zone = zone_of(limit.zone)
    begin = begin_of(limit, start, start_on, calendar)
    counted_from = local_date(begin, zone)
    provisional_from = None
    if amount.unit is Unit.HOURS:
        late_from = shifted(begin, timedelta(hours=amount.count, microseconds=1))
        if limit.start_rule is StartRule.ROLL:
            provisional_from = calendar.provisional_from(start_on, max(start_on, counted_from))
    else:
        due = add_working_time(begin, working_span(amount), calendar, zone)
        provisional_from = calendar.provisional_from(min(start_on, counted_from), local_date(due, zone))
        late_from = shifted(due, INSTANT)
    return Due(None, late_from, start_on, counted_from, None, provisional_from)


def warning_instants(limit: Limit, due: Due, start: Start, calendar: Calendar) -> Warnings:
    """The limit's warnings as (instant in UTC, label), ascending; only those after the start and before `late_from`.

    `5wd` is 00:00 of the day after which five working days are left, the due day included; `3d` and `3m` likewise;
    `2h`, `4wh` and `30min` are that much before the end; `25%` is when a quarter of start → late_from is left.
    Raises BadWarning on anything else, and YearNotCovered as `count` does.
    """
    begin = start.instant
    found: list[tuple[datetime, str]] = []
    for label in limit.warnings:
        at = _instant(label, limit, due, start, calendar)
        if at is not None and begin < at < due.late_from:
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


def _instant(label: str, limit: Limit, due: Due, start: Start, calendar: Calendar) -> datetime | None:
    """When the warning is due; None where it would lie before all the calendar knows, and so before the start."""
    left = parse_warning(label)
    if isinstance(left, int):
        span = due.late_from - start.instant
        return shifted(due.late_from, -(span * left / 100))
    zone = zone_of(limit.zone)
    end = due.late_from if due.due_on else due.due_at
    last = due.due_on or local_date(due.due_at, zone)
    try:
        match left.unit:
            case Unit.WORKING_DAYS:
                return midnight(calendar.add_working_days(calendar.on_or_before(last), -left.count), zone)
            case Unit.NATURAL_DAYS:
                return midnight(add_days(last, -left.count), zone)
            case Unit.MONTHS:
                return midnight(add_months(last, -left.count), zone)
            case Unit.HOURS:
                return shifted(end, timedelta(hours=-left.count))
            case Unit.WORKING_HOURS | Unit.WORKING_MINUTES:
                return subtract_working_time(end, working_span(left), calendar, zone)
            case Unit.STATED:
                raise BadWarning(f"{label!r} is not an amount")
    except DateOutOfRange:
        return None
    except YearNotCovered as error:
        if error.year < calendar.covers[0] <= due.start_on.year:
            return None
        raise
