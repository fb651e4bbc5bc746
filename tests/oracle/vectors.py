"""The vectors of tests/vectors as cases of the oracle. What a file says of the calendar and the rules may stand in a
case, too, and counts there (README.md beside them).
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from services.deadline.calendars import load
from tests.oracle.days import Case, midnight

DIRECTORY = Path(__file__).parent.parent / "vectors"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FAR = datetime(2100, 1, 1, tzinfo=UTC)
RULES = ("calendar", "zone", "weekend", "sessions", "holidays", "work_days", "day0", "roll", "day_ends", "cut_off")


def files() -> list[Path]:
    """All vector files."""
    return sorted(DIRECTORY.glob("*.json"))


def read(path: Path, key: str = "cases") -> Iterator[tuple[Case, Case]]:
    """Each vector of a file with the case that it is; `key` may be `differs`."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for vector in content.get(key, []):
        yield vector, case_of({rule: content[rule] for rule in RULES if rule in content} | vector)


def case_of(vector: dict[str, Any]) -> Case:
    """A vector, with all that its file says, as a case."""
    calendar = _calendar(vector)
    zone = calendar["zone"]
    start = _moment(vector["start"], zone)
    changes: list[Case] = [
        {"kind": kind, "id": f"{kind}{number}", "ground": "any", "name": f"{number}", "expected": None, "until": None}
        | _moment(text, zone)
        for number, ends in enumerate(vector.get("pause", []))
        for kind, text in zip(("pause", "resume"), ends, strict=True)
    ]
    extend = vector.get("extend", [])
    for number, one in enumerate(extend if isinstance(extend, list) else [extend]):
        by = (one, vector["unit"]) if isinstance(one, int) else _amount(one)
        said: Case = {"by": by, "until": None, "clock": "decide", "approver": "head", "reason": True}
        changes.append({"kind": "extend", "id": f"extend{number}"} | start | said)
    limit = {
        "amount": (vector["amount"], vector["unit"]),
        "at": None,
        "start_rule": {"receipt": "day0"}.get(vector.get("day0", "receipt"), vector.get("day0")),
        "roll": _roll(vector.get("roll", "none"), vector["unit"]),
        "zone": zone,
        "day_ends": _hour(vector.get("day_ends")),
        "cut_off": _hour(vector.get("cut_off")),
        "choose": None,
        "second": None,
        "warnings": list(vector.get("warnings", {})),
        "pauses": [{"ground": "*", "longest": None, "then": "resume", "times": None}],
        "extension": {
            "most": None, "times": 99, "base": "nominal", "after_expiry": "taken", "approver": False, "reason": False
        },
    }  # fmt: skip
    return {"calendar": calendar, "limit": limit, "start": start, "changes": changes, "stop": None, "now": FAR}


def parsed(text: str) -> date | datetime:
    """A bare day, or an instant with its offset."""
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def _moment(text: str, zone: str) -> Case:
    when = parsed(text)
    if isinstance(when, datetime):
        return {"at": when.astimezone(UTC), "on": None}
    return {"at": midnight(when, zone), "on": when}


def _amount(text: str) -> tuple[int, str]:
    found = re.fullmatch(r"(\d+)([a-z]+)", text)
    assert found, text
    return int(found[1]), found[2]


def _roll(text: str, unit: str) -> str:
    found = re.fullmatch(r"(next|previous)_working_day for ([a-z]+(?:(?:, *| and )[a-z]+)*)", text)
    return found[1] if found and unit in re.split(r", *| and ", found[2]) else "none"


def _hour(text: str | None) -> time | None:
    return None if text is None else time.fromisoformat(text)


def _calendar(vector: dict[str, Any]) -> Case:
    code = re.split(r"[ ,;:.]", vector["calendar"])[0]
    calendar = _plain() if code == "plain" else _shipped(code)
    rest = calendar["rest"] | {date.fromisoformat(day) for day in vector.get("holidays", [])}
    work = calendar["work"] | {date.fromisoformat(day) for day in vector.get("work_days", [])}
    changed = {"rest": rest - work if "work_days" in vector else rest, "work": work - rest, "walked": {}}
    if "zone" in vector:
        changed["zone"] = vector["zone"]
    if "weekend" in vector:
        changed["weekend"] = frozenset(map(WEEKDAYS.index, vector["weekend"]))
    if "sessions" in vector:
        changed["sessions"] = tuple((_edge(opens), _edge(closes)) for opens, closes in vector["sessions"])
    return calendar | changed


def _edge(text: str) -> time:
    """An hour; 24:00 is the 00:00 at which the day ends."""
    return time() if text == "24:00" else time.fromisoformat(text)


def _plain() -> Case:
    return {
        "zone": "UTC", "rest": frozenset(), "work": frozenset(), "weekend": frozenset({5, 6}), "half": {},
        "sessions": ((time(9), time(17)),), "first": date(1990, 1, 1), "last": date(2060, 12, 31), "walked": {},
    }  # fmt: skip


@cache
def _shipped(code: str) -> Case:
    """The days of a shipped calendar: data, not arithmetic."""
    shipped = load(code)
    first, last = shipped.covers
    return {
        "zone": shipped.zone, "rest": frozenset(shipped.rest_days), "work": frozenset(shipped.work_days),
        "weekend": shipped.weekend, "half": {}, "sessions": shipped.sessions, "first": date(first, 1, 1),
        "last": date(last, 12, 31), "walked": {},
    }  # fmt: skip
