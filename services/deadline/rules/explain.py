"""The explanation of a due: a plain dictionary, the same for the same input, that JSON can carry.

It holds all that a reader needs to check the date with a wall calendar. Its wording in English and 简体中文 is in
`services.deadline.explanation_texts`; this object is authoritative, the texts only say it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import DAY_UNITS, Due, Start
from services.deadline.rules.limits import Limit, StartRule, Unit
from services.deadline.rules.span import zone_of
from services.deadline.rules.steps import Day, steps
from services.deadline.rules.warnings import warning_instants

Explanation = Mapping[str, Any]

UNIT_NAMES = {
    Unit.WORKING_DAYS: "working days",
    Unit.NATURAL_DAYS: "natural days",
    Unit.MONTHS: "months",
    Unit.HOURS: "hours",
    Unit.WORKING_HOURS: "working hours",
    Unit.WORKING_MINUTES: "working minutes",
    Unit.STATED: "a stated instant",
}


def explanation(limit: Limit, start: Start, due: Due, calendar: Calendar, facts: Sequence[str] = ()) -> dict[str, Any]:
    """Why the limit ends when it does. `facts` are the ids of the facts the count used.

    Dates are ISO 8601; instants carry the offset of the limit's zone. `due` is the bare date of a day limit, else
    the instant (D6). `days` lists runs of like days: counted ones as numbers, others with their reason. Raises as
    `warning_instants` does.
    """
    zone = zone_of(limit.zone)
    unit = limit.amount.unit if limit.amount else Unit.STATED
    shown = steps(limit, start, due, calendar)
    return {
        "clock": limit.clock,
        "due": due.due_on.isoformat() if due.due_on else _instant(due.due_at, zone),
        "due_at": _instant(due.due_at, zone),
        "late_from": _instant(due.late_from, zone),
        "limit": {
            "text": str(limit.amount) if limit.amount else _stated(limit.at, zone),
            "amount": limit.amount.count if limit.amount else None,
            "unit": unit.value,
            "unit_name": UNIT_NAMES[unit],
            "start_rule": limit.start_rule.value,
            "roll": limit.roll.value,
            "zone": limit.zone,
            "day_ends": limit.day_ends.isoformat("minutes") if limit.day_ends else "24:00",
            "source": limit.source,
        },
        "start": {
            "fact": start.fact,
            "at": _instant(start.instant, zone),
            "date_only": start.date_only,
            "date": due.start_on.isoformat(),
            "counted_from": due.counted_from.isoformat(),
            "counted_as": _counted_as(limit, unit),
            "passed_over": _dated(shown.passed_over),
        },
        "days": _runs(shown.days),
        "skipped": _dated(shown.skipped),
        "make_up_workdays": _dated(day for day in shown.days if day.number and day.note),
        "worked": [{"from": _instant(opens, zone), "to": _instant(closes, zone)} for opens, closes in shown.worked],
        "nominal_end": due.nominal_on.isoformat() if due.nominal_on else None,
        "rolled_over": _dated(shown.rolled_over),
        "warnings": [
            {"at": _instant(at, zone), "left": label} for at, label in warning_instants(limit, due, start, calendar)
        ],
        "calendar": {
            "code": calendar.code,
            "version": calendar.version,
            "published_to": calendar.published[1],
        },
        "provisional": due.provisional,
        "provisional_from": due.provisional_from.isoformat() if due.provisional_from else None,
        "facts": sorted(facts),
    }


def _counted_as(limit: Limit, unit: Unit) -> int | None:
    """The number of the day counted from: 0, or 1 for `inclusive` (R1); None where no days are counted."""
    if unit not in DAY_UNITS:
        return None
    return 1 if limit.start_rule is StartRule.INCLUSIVE else 0


def _runs(days: Iterable[Day]) -> list[dict[str, Any]]:
    """Consecutive days that count, or that do not for the same reason, as one entry each."""
    runs: list[dict[str, Any]] = []
    for day in days:
        last = runs[-1] if runs else None
        if last and last["note"] == day.note and (last["first"] is None) == (day.number is None):
            last["to"], last["last"] = day.day.isoformat(), day.number
        else:
            at = day.day.isoformat()
            runs.append({"from": at, "to": at, "first": day.number, "last": day.number, "note": day.note})
    return runs


def _dated(days: Iterable[Day]) -> list[dict[str, Any]]:
    return [{"date": day.day.isoformat(), "reason": day.note} for day in days]


def _instant(at: datetime, zone: ZoneInfo) -> str:
    try:
        return at.astimezone(zone).isoformat()
    except OverflowError:  # the first or the last hours of the years 1 to 9999
        return at.isoformat()


def _stated(at: date | datetime | None, zone: ZoneInfo) -> str:
    return _instant(at, zone) if isinstance(at, datetime) else str(at)
