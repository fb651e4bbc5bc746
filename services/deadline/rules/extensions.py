"""Whether an extension is granted (R6, R13, R14): asked for in time, by whom and why, how often and how far.

The agency extends; this only counts what the item allows. What it does not allow is refused, and that is on record: the
clock runs on as if nobody had asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Due
from services.deadline.rules.facts import Extended, Fact
from services.deadline.rules.limits import Amount, ExtensionTerms, Limit, Unit
from services.deadline.rules.pauses import Finding
from services.deadline.rules.points import Point, after, day_after, point_of
from services.deadline.rules.span import INSTANT, end_of_day, local_date, zone_of

_BY_DAY = frozenset({Unit.WORKING_DAYS, Unit.NATURAL_DAYS, Unit.MONTHS})


@dataclass(frozen=True, slots=True)
class Granted:
    """An extension that counts: it moved the end from one day or instant to another."""

    fact: Fact
    said: Extended
    base: date | datetime
    to: date | datetime


def concerns(limit: Limit, fact: Fact) -> bool:
    """Whether a request for extension is about this limit: one that names it, or one for all that can be extended."""
    said = fact.detail
    return isinstance(said, Extended) and (
        said.clock == limit.clock if limit.extension is None else said.clock in (None, limit.clock)
    )


def judged(
    limit: Limit,
    fact: Fact,
    due: Due,
    nominal: date | datetime,
    unextended: date | datetime,
    before: Sequence[Granted],
    calendar: Calendar,
) -> Granted | Finding | None:
    """What becomes of a request: `due` and `nominal` are as they stand when it is made, `unextended` is what the end
    would be without those granted before. None where it is not about this limit.
    """
    said, terms = fact.detail, limit.extension
    if not isinstance(said, Extended) or said.clock not in (None, limit.clock):
        return None
    if terms is None:
        if said.clock is None:
            return None
        return Finding("extension-not-provided", "this limit cannot be extended", fact)
    if reason := _refused(terms, said, fact, due, before):
        return reason
    base = due.due_on if terms.rolled and due.due_on is not None else nominal
    to = _until(said.until, limit, base) if said.by is None else _by(said.by, limit, base, calendar)
    if to is None:
        return Finding("extension-unit", f"a limit in days cannot be extended by {said.by}", fact)
    if to <= nominal:
        return Finding("extension-shortens", "the limit would not end later by it", fact)
    furthest = None if terms.most is None else _by(terms.most, limit, unextended, calendar)
    if terms.most is not None and _over_cap(terms.most, said, before, to, furthest):
        return Finding("extension-over-cap", f"all extensions together may be {terms.most}", fact)
    return Granted(fact, said, base, to)


def _over_cap(
    most: Amount,
    said: Extended,
    before: Sequence[Granted],
    to: date | datetime,
    furthest: date | datetime | None,
) -> bool:
    """Amounts in the cap's own unit are added up, since their base may have rolled; other ends are compared."""
    asked = [each.said.by for each in before] + [said.by]
    own = [by.count for by in asked if by is not None and by.unit is most.unit]
    if len(own) == len(asked):
        return sum(own) > most.count
    return furthest is not None and to > furthest


def _refused(terms: ExtensionTerms, said: Extended, fact: Fact, due: Due, before: Sequence[Granted]) -> Finding | None:
    if fact.occurred >= due.late_from and not terms.late:
        return Finding("extension-after-expiry", "it was asked for when the limit had passed", fact)
    if len(before) >= terms.times:
        return Finding("extension-too-often", f"this limit can be extended {terms.times} times", fact)
    if terms.approver and said.approver is None:
        return Finding("extension-without-approver", "nobody is named who approved it", fact)
    if terms.reason and not said.reason:
        return Finding("extension-without-reason", "no reasons are given", fact)
    return None


def _by(amount: Amount, limit: Limit, base: date | datetime, calendar: Calendar) -> date | datetime | None:
    if isinstance(base, datetime):
        return after(Point(base), amount, calendar, zone_of(limit.zone)).at
    return day_after(base, amount, calendar) if amount.unit in _BY_DAY else None


def _until(until: date | datetime | None, limit: Limit, base: date | datetime) -> date | datetime | None:
    """The stated end in the kind of the limit: a day limit ends with a day, one in hours at an instant."""
    if until is None:
        return None
    zone = zone_of(limit.zone)
    if isinstance(base, datetime):
        point = point_of(until, zone)
        return point.at if point.on is None else end_of_day(point.on, limit.day_ends, zone) - INSTANT
    return local_date(until, zone) if isinstance(until, datetime) else until
