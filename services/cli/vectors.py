"""Files of vectors: cases of a start, a limit and the due that is expected, in the form of tests/vectors/README.md.

Whatever a file says of the calendar and of the rules may stand in a case, too, and counts there. Keys that say nothing
to the count are left alone.
"""

import json
import re
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from services.cli.moments import BadInput, moment_of, start_of, time_of_day
from services.deadline.rules.calendar import Calendar
from services.deadline.rules.errors import DeadlineError
from services.deadline.rules.explain import Explanation
from services.deadline.rules.limits import Amount, ExtensionTerms, Limit, Roll, Second, StartRule, Unit
from services.deadline.rules.points import Point, point_of
from services.deadline.rules.span import zone_of
from services.deadline.rules.whatif import what_if

NOT_OF_A_CASE = ("cases", "differs", "source", "note")
PLAIN = Calendar(
    code="plain", version="plain", zone="UTC", weekend=frozenset({5, 6}), rest_days={}, work_days={},
    covers=(1990, 2060), published=(1990, 2060), sessions=((time(9), time(17)),),
)  # fmt: skip
"""Saturday and Sunday rest, and nothing else: what a file means by the calendar `plain`."""
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def check(path: Path) -> tuple[int, list[dict[str, str]]]:
    """How many cases pass, and what is counted of the others. Raises BadInput."""
    file = _read(path)
    cases = file.get("cases")
    if not isinstance(cases, list) or not cases:
        raise BadInput(f"{path}: `cases` must be a list with at least one case")
    settings = {name: value for name, value in file.items() if name not in NOT_OF_A_CASE}
    differences = []
    for number, case in enumerate(cases, start=1):
        label = f"case {number}"
        if not isinstance(case, dict):
            raise BadInput(f"{label} must be an object")
        if case.get("name"):
            label = f"{label} ({case['name']})"
        differences += _differences(label, settings | case)
    return len(cases) - len({each["case"] for each in differences}), differences


def _read(path: Path) -> dict[str, Any]:
    try:
        vectors = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON: {error}") from None
    if not isinstance(vectors, dict):
        raise BadInput(f"{path} must hold a JSON object with `calendar` and `cases`")
    return vectors


def _differences(label: str, case: dict[str, Any]) -> list[dict[str, str]]:
    try:
        why = _counted(label, case)
    except BadInput:
        raise
    except (DeadlineError, ValueError) as error:
        raise BadInput(f"{label}: {error}") from None
    found = [_difference(label, "due", moment_of(f"{label}: due", case["due"]), _due(why))]
    if "late_from" in case:
        expected = moment_of(f"{label}: late_from", case["late_from"])
        found.append(_difference(label, "late_from", expected, datetime.fromisoformat(why["late_from"])))
    if "warnings" in case:
        counted = {warning["left"]: datetime.fromisoformat(warning["at"]) for warning in why["warnings"]}
        for left, at in case["warnings"].items():
            found.append(_difference(label, f"warning {left}", moment_of(f"{label}: {left}", at), counted.get(left)))
    return [each for each in found if each is not None]


def _difference(label: str, what: str, expected: date, counted: date | None) -> dict[str, str] | None:
    if isinstance(counted, date) and isinstance(expected, datetime) != isinstance(counted, datetime):
        raise BadInput(f"{label}: `{what}` must be {'an instant' if isinstance(counted, datetime) else 'a day'}")
    if expected == counted:
        return None
    said = "none" if counted is None else counted.isoformat()
    return {"case": label, "what": what, "expected": expected.isoformat(), "counted": said}


def _due(why: Explanation) -> date:
    due: str = why["due"]
    return datetime.fromisoformat(due) if "T" in due else date.fromisoformat(due)


def _counted(label: str, case: dict[str, Any]) -> Explanation:
    for key, kind in (("start", str), ("due", str), ("unit", str), ("amount", int)):
        if not isinstance(case.get(key), kind) or isinstance(case[key], bool):
            raise BadInput(f"{label}: `{key}` is missing or not {'a number' if kind is int else 'a text'}")
    calendar = _calendar(case)
    amount = Amount.parse(f"{case['amount']}{case['unit']}")
    rolls = _rolls(case.get("roll", "none"))
    start_rule = _start_rule(case.get("day0", "receipt"))
    limit = Limit(
        clock="vector",
        amount=amount,
        at=None,
        start_rule=start_rule,
        roll=rolls.get(amount.unit, Roll.NONE),
        zone=calendar.zone,
        day_ends=time_of_day("day_ends", case.get("day_ends")),
        calendar=calendar.code,
        starts_on=("received",),
        stops_on=(),
        warnings=tuple(case.get("warnings", ())),
        source="none: a vector",
        cut_off=time_of_day("cut_off", case.get("cut_off")),
        second=_second(label, case.get("second"), start_rule, rolls),
        extension=ExtensionTerms(rolled=case.get("extend_base") == "rolled"),
    )
    start = start_of(f"{label}: start", case["start"], calendar.zone)
    pauses = [_pause(f"{label}: pause", each, calendar.zone) for each in case.get("pause") or ()]
    return what_if(limit, start, calendar, pauses, _extensions(case.get("extend"), amount.unit))


def _pause(label: str, pair: object, zone: str) -> tuple[Point, Point]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise BadInput(f"{label}: {pair!r} is not [from, to]")
    begin, end = (point_of(moment_of(label, text), zone_of(zone)) for text in pair)
    return begin, end


def _extensions(said: object, unit: Unit) -> list[Amount]:
    each = said if isinstance(said, list) else [said] if said else []
    return [Amount.parse(f"{one}{unit}" if isinstance(one, int) else str(one)) for one in each]


def _second(label: str, said: Any, start_rule: StartRule, rolls: dict[Unit, Roll]) -> Second | None:
    if said is None:
        return None
    later = said.get("choose") == "later"
    if "at" in said:
        return Second(None, moment_of(f"{label}: second", said["at"]), start_rule, Roll.NONE, later)
    amount = Amount.parse(f"{said['amount']}{said['unit']}")
    return Second(amount, None, start_rule, rolls.get(amount.unit, Roll.NONE), later)


def _calendar(case: dict[str, Any]) -> Calendar:
    """The calendar whose code is the first word, with what the file says of it besides."""
    calendar = _named(case.get("calendar"))
    changes: dict[str, Any] = {}
    if "zone" in case:
        changes["zone"] = case["zone"]
    if "weekend" in case:
        changes["weekend"] = frozenset(_WEEKDAYS.index(day) for day in case["weekend"])
    if "sessions" in case:
        hours = tuple(_session(pair) for pair in case["sessions"])
        changes |= {"sessions": hours, "weekday_sessions": {}, "half_days": {}}
    rest = dict.fromkeys(_days(case, "holidays"), "holiday listed in the file")
    work = dict.fromkeys(_days(case, "work_days"), "worked, as listed in the file")
    return replace(calendar, **changes).amended(rest, work) if changes or rest or work else calendar


def _named(text: object) -> Calendar:
    from services.deadline.calendars import known, load

    if not isinstance(text, str) or not (letters := re.match(r"[A-Za-z]+", text)):
        raise BadInput("`calendar` must begin with a calendar's code")
    word = text.split()[0].rstrip(",;:.")
    if word == PLAIN.code:
        return PLAIN
    return load(word if word in known() else letters[0])


def _session(pair: Any) -> tuple[time, time]:
    opens, closes = pair
    return time.fromisoformat(opens), time(0) if closes == "24:00" else time.fromisoformat(closes)


def _days(case: dict[str, Any], name: str) -> list[date]:
    listed = case.get(name, [])
    if not isinstance(listed, list):
        raise BadInput(f"`{name}` must be a list of days")
    return [_day(name, day) for day in listed]


def _day(label: str, text: object) -> date:
    moment = moment_of(label, text) if isinstance(text, str) else None
    if moment is None or isinstance(moment, datetime):
        raise BadInput(f"{label}: {text!r} is not a day such as 2026-01-28")
    return moment


def _start_rule(text: object) -> StartRule:
    try:
        return StartRule.DAY0 if text == "receipt" else StartRule(str(text))
    except ValueError:
        raise BadInput(f"`day0`: {text!r} is not receipt, {', '.join(StartRule)}") from None


def _rolls(text: object) -> dict[Unit, Roll]:
    """`next_working_day for d and m`: that roll for those units, none for the others."""
    if text in (None, "none"):
        return {}
    found = re.fullmatch(r"(next|previous)_working_day for ([a-z]+(?:(?:, *| and )[a-z]+)*)", str(text))
    if not found:
        raise BadInput(f"`roll`: {text!r} is not none or such as 'next_working_day for d and m'")
    try:
        return {Unit(unit): Roll(found[1]) for unit in re.split(r", *| and ", found[2])}
    except ValueError as error:
        raise BadInput(f"`roll`: {error}") from None
