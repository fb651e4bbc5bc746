"""Oracle and product side by side on one case, and a disagreement made small."""

from collections.abc import Iterator
from typing import Any

from tests.oracle.adapter import told
from tests.oracle.course import course
from tests.oracle.days import Case, NotKnown
from tests.oracle.warn import warnings


def expected(case: Case) -> Case | None:
    """What the oracle says of a case; None where the calendar does not reach."""
    try:
        now = max(case["now"], case["start"]["at"])
        found = course(case["limit"], case["start"], case["changes"], case["stop"], case["calendar"], now)
        found["warnings"] = []
        if found["late_from"] is not None:
            found["warnings"] = warnings(case["limit"], case["start"], case["calendar"], found)
    except (NotKnown, OverflowError):
        return None
    return found


def differences(case: Case) -> dict[str, tuple[Any, Any]]:
    """What the two say differently: the oracle's word first."""
    mine, theirs = expected(case), told(case)
    if mine is None:
        return {} if theirs["problem"] else {"problem": ("the calendar does not reach", None)}
    if theirs["problem"]:
        return {"problem": (None, theirs["problem"])}
    found: dict[str, tuple[Any, Any]] = {}
    for key in ("due", "late_from", "void"):
        if mine[key] != theirs[key]:
            found[key] = mine[key], theirs[key]
    codes = sorted(mine["findings"] + mine["other"])
    if codes != theirs["findings"]:
        found["findings"] = codes, theirs["findings"]
    if theirs["alarms"] is not None and mine["warnings"] != theirs["alarms"]:
        found["warnings"] = mine["warnings"], theirs["alarms"]
    return found


def smaller(case: Case) -> Iterator[Case]:
    """The case with one thing left out or made plain."""
    for number in range(len(case["changes"])):
        yield case | {"changes": case["changes"][:number] + case["changes"][number + 1 :]}
    if case["stop"]:
        yield case | {"stop": None}
    limit = case["limit"]
    plain: Case = {
        "second": None, "choose": None, "cut_off": None, "day_ends": None, "warnings": [], "roll": "none",
        "start_rule": "day0", "extension": None, "pauses": [], "zone": "Asia/Shanghai",
    }  # fmt: skip
    for key, value in plain.items():
        if limit[key] != value:
            simpler = limit | {key: value} | ({"choose": None} if key == "second" else {})
            if key != "choose":
                yield case | {"limit": simpler}
    for number, terms in enumerate(limit["pauses"]):
        for key in ("longest", "times"):
            if terms[key] is not None:
                one = [*limit["pauses"][:number], terms | {key: None}, *limit["pauses"][number + 1 :]]
                yield case | {"limit": limit | {"pauses": one}}
    for number, change in enumerate(case["changes"]):
        for key in ("expected", "until", "name", "on"):
            if change.get(key) is not None and not (key == "until" and change["kind"] == "extend"):
                one = [*case["changes"][:number], change | {key: None}, *case["changes"][number + 1 :]]
                yield case | {"changes": one}
    if limit["amount"] is not None and limit["amount"][0] > 1:
        n, unit = limit["amount"]
        yield case | {"limit": limit | {"amount": (n // 2, unit)}}
        yield case | {"limit": limit | {"amount": (n - 1, unit)}}
    calendar = case["calendar"]
    for key in ("rest", "work"):
        for day in sorted(calendar[key]):
            yield case | {"calendar": calendar | {key: calendar[key] - {day}, "walked": {}}}
    if calendar["half"]:
        yield case | {"calendar": calendar | {"half": {}, "walked": {}}}
    if case["start"]["on"] is not None:
        yield case | {"start": case["start"] | {"on": None}}


def shrunk(case: Case) -> Case:
    """The smallest case found that still differs in the same respects."""
    kinds = set(differences(case))
    going = True
    while going:
        going = False
        for simpler in smaller(case):
            if set(differences(simpler)) & kinds:
                case, going = simpler, True
                break
    return case
