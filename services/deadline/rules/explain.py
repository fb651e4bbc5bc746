"""The explanation of a due: a plain dictionary, the same for the same input, that JSON can carry.

It holds all that a reader needs to check the date with a wall calendar. Its wording in English and 简体中文 is in
`services.deadline.explanation_texts`; this object is authoritative, the texts only say it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.deadline.rules.calendar import Calendar, content_between
from services.deadline.rules.count import DAY_UNITS, Due, Start, variants
from services.deadline.rules.course import Course, Halt
from services.deadline.rules.extensions import Granted
from services.deadline.rules.facts import Fact
from services.deadline.rules.limits import Limit, StartRule, Unit
from services.deadline.rules.span import local_date, zone_of
from services.deadline.rules.statement import extension_text, limit_text, pause_text
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


def explanation(
    limit: Limit, start: Start, ran: Course, due: Due, calendar: Calendar, facts: Sequence[str] = ()
) -> dict[str, Any]:
    """Why the limit ends when it does. `due` is that of `ran`; `facts` are the ids of the facts the count used.

    Dates are ISO 8601; instants carry the offset of the limit's zone. `due` is the bare date of a day limit, else
    the instant (D6). `days` lists runs of like days: counted ones as numbers, others with their reason. Raises as
    `warning_instants` does.

    It holds all that the count rests on, `terms` and `calendar.days` included, so that anybody can count it again from
    this object alone (`verify`); `hash` is over everything else in it.
    """
    zone = zone_of(limit.zone)
    terms = limit_text(limit)
    if due.chosen:
        limit = variants(limit)[1]
    unit = limit.amount.unit if limit.amount else Unit.STATED
    pauses = [halt.pause for halt in ran.halts]
    shown = steps(limit, start, due, calendar, pauses)
    last = max(due.counted_from, local_date(due.due_at, zone))
    told = {
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
            "on": start.on.isoformat() if start.on is not None else None,
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
            {"at": _instant(at, zone), "left": label}
            for at, label in warning_instants(limit, due, start, calendar, pauses)
        ],
        "pauses": [_pause(halt, zone) for halt in ran.halts],
        "extensions": [_extension(granted, zone) for granted in ran.granted],
        "refused": [{"code": each.code, "detail": each.detail, "fact": _id(each.fact)} for each in ran.findings],
        "chosen": ("second" if due.chosen else "first") if "choose" in terms else None,
        "terms": terms,
        "calendar": {
            "code": calendar.code,
            "version": calendar.version,
            "published_to": calendar.published[1],
            "days": content_between(calendar, local_date(start.instant, zone).year, last.year),
        },
        "provisional": due.provisional,
        "provisional_from": due.provisional_from.isoformat() if due.provisional_from else None,
        "facts": sorted(facts),
    }
    return {**told, "hash": digest_of(told)}


def digest_of(told: Explanation) -> str:
    """SHA-256 over the canonical JSON of all but the hash itself."""
    rest = {name: value for name, value in told.items() if name != "hash"}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _pause(halt: Halt, zone: ZoneInfo) -> dict[str, Any]:
    """`added` is in the limit's days, or in minutes. A bare day is known from the instant beside it (D6)."""
    pause = halt.pause
    return {
        **pause_text(pause),
        "begins_at": _instant(pause.begin.at, zone),
        "ends_at": _instant(pause.end.at, zone) if pause.end is not None else None,
        "assumed": pause.assumed,
        "added": halt.added if isinstance(halt.added, int) else halt.added / timedelta(minutes=1),
        "facts": [_id(fact) for fact in pause.facts],
    }


def _extension(granted: Granted, zone: ZoneInfo) -> dict[str, Any]:
    asked_at = _instant(granted.fact.occurred, zone)
    fact = granted.fact
    moved = {"from": _stated(granted.base, zone), "to": _stated(granted.to, zone), "fact": _id(fact)}
    return {**extension_text(granted.said), "asked_at": asked_at, **moved}


def _id(fact: Fact) -> str:
    return " ".join(fact.identity)


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
