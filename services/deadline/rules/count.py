"""Counting a limit: from the start and the calendar to the instant from which it is late (D6, R1 to R4).

Pure: no clock, no storage. Pauses and extensions move what is counted here: `course`. What a person needs to check a
result (each day that was skipped) is in `steps`, apart, because a service counts thousands of clocks and explains few.

    start ──start rule──► counted_from ──amount──► nominal_on ──roll──► due_on ──end of day──► late_from
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.errors import BadLimit
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
    working_span,
    zone_of,
)

DAY_UNITS = frozenset({Unit.WORKING_DAYS, Unit.NATURAL_DAYS, Unit.MONTHS})


class Start(NamedTuple):
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
    the first day the count relied on whose year has no official notice yet. `chosen` is the second limit's due where
    that is the one that counts.
    """

    due_on: date | None
    late_from: datetime
    start_on: date
    counted_from: date
    nominal_on: date | None
    provisional_from: date | None
    chosen: bool = False

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
    if limit.second is None:
        return count_one(limit, start, calendar)
    first, second = (count_one(each, start, calendar) for each in variants(limit))
    return first if first_counts(limit, first.late_from, second.late_from) else replace(second, chosen=True)


def variants(limit: Limit) -> tuple[Limit, ...]:
    """The limit, and the second one that it is compared with."""
    other = limit.second
    if other is None:
        return (limit,)
    second = replace(limit, amount=other.amount, at=other.at, start_rule=other.start_rule, roll=other.roll, second=None)
    return replace(limit, second=None), second


def first_counts(limit: Limit, first: datetime, second: datetime) -> bool:
    """Whether the first of two limits is the one that counts; of equal ones it is."""
    later = limit.second is not None and limit.second.later
    return first >= second if later else first <= second


def received(limit: Limit, start: Start, calendar: Calendar) -> Start:
    """The start as it counts: what comes in after hours came in on the next working day (R4)."""
    if limit.cut_off is None or start.date_only:
        return start
    zone = zone_of(limit.zone)
    local = aware(start.instant, "the start").astimezone(zone)
    if local.time() < limit.cut_off:
        return start
    day = calendar.next_working_day(local.date())
    return Start(midnight(day, zone), day, start.fact)


def count_one(limit: Limit, start: Start, calendar: Calendar) -> Due:
    """The same, of a limit without a second one."""
    zone = zone_of(limit.zone)
    start = received(limit, start, calendar)
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
    return ending_on(limit, nominal_on, start_on, counted_from, calendar)


def ending_on(
    limit: Limit,
    nominal_on: date,
    start_on: date,
    counted_from: date,
    calendar: Calendar,
    not_before: date | None = None,
) -> Due:
    """The due of a limit whose last counted day is known: rolled, and to the end of that day. It is `not_before` the
    day on which the last pause ended.
    """
    working = limit.amount is not None and limit.amount.unit is Unit.WORKING_DAYS
    due_on = nominal_on if working else _rolled(nominal_on, limit.roll, calendar)
    if not_before is not None and due_on < not_before:
        due_on = not_before if limit.roll is Roll.NONE and not working else calendar.on_or_after(not_before)
    if working:
        provisional_from = calendar.provisional_from(start_on, due_on)
    else:
        provisional_from = None
        if limit.start_rule is StartRule.ROLL and limit.amount is not None:
            provisional_from = calendar.provisional_from(start_on, counted_from)
        provisional_from = provisional_from or _roll_provisional(nominal_on, due_on, limit.roll, calendar)
    late_from = end_of_day(due_on, limit.day_ends, zone_of(limit.zone))
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
    return ending_on(limit, at, start_on, start_on, calendar)


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
    if amount.unit is Unit.HOURS:
        due = shifted(begin, timedelta(hours=amount.count))
    else:
        due = add_working_time(begin, working_span(amount), calendar, zone)
    return ending_at(limit, due, start_on, local_date(begin, zone), calendar)


def ending_at(limit: Limit, due: datetime, start_on: date, counted_from: date, calendar: Calendar) -> Due:
    """The due of a limit in hours, or of a stated instant, whose end is known."""
    provisional_from = None
    zone = zone_of(limit.zone)
    unit = limit.amount.unit if limit.amount else Unit.STATED
    if unit in (Unit.WORKING_HOURS, Unit.WORKING_MINUTES):
        provisional_from = calendar.provisional_from(min(start_on, counted_from), local_date(due, zone))
    elif unit is Unit.HOURS and limit.start_rule is StartRule.ROLL:
        provisional_from = calendar.provisional_from(start_on, max(start_on, counted_from))
    return Due(None, shifted(due, INSTANT), start_on, counted_from, None, provisional_from)
