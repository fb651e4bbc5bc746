"""Cases made at random, by Hypothesis or by a seed: a limit, its start, pauses and extensions, a stop, now, a calendar.

Small on purpose: a few weeks, many holidays, instants that collide, so that ties, overlaps and edges are the rule.
"""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.oracle.days import Case

T = TypeVar("T")
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/London", "Europe/Amsterdam")
WEEKENDS = (
    frozenset({5, 6}),
    frozenset({5, 6}),
    frozenset({5, 6}),
    frozenset({6}),
    frozenset({4, 5}),
    frozenset[int](),
)
HOURS = (
    ((time(9), time(12)), (time(13, 30), time(17))),
    ((time(9), time(17)),),
    ((time(8), time(12)), (time(14), time(18))),
    ((time(6, 30), time(22)),),
)
SHORT = (((time(9), time(12)),), ((time(10), time(10, 30)), (time(11), time(15))))
EPOCHS = (date(2026, 3, 2), date(2026, 10, 19), date(2024, 2, 19), date(2025, 12, 15), date(2026, 1, 26))
"""Summer time begins and ends, a leap day, a year's end, months that lack a day."""
UNITS = ("wd", "wd", "wd", "d", "d", "m", "h", "wh", "min")
MOST = {"wd": 12, "d": 20, "m": 3, "h": 200, "wh": 40, "min": 900}


class Chooser(Protocol):
    """Where the choices come from."""

    def of(self, choices: Sequence[T]) -> T: ...

    def number(self, low: int, high: int) -> int: ...


class Seeded:
    """Choices of a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def of(self, choices: Sequence[T]) -> T:
        return choices[self._random.randrange(len(choices))]

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)


class Drawn:
    """Choices of Hypothesis, which makes them small again where something fails."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def of(self, choices: Sequence[T]) -> T:
        return self._draw(st.sampled_from(choices))

    def number(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A case, for Hypothesis."""
    return made(Drawn(draw))


def made(choose: Chooser) -> Case:
    """A case."""
    epoch = choose.of(EPOCHS)
    calendar = a_calendar(choose, epoch)
    zone = choose.of(ZONES)
    limit = a_limit(choose, epoch, zone)
    start = moment(choose, epoch, 0, 6)
    changes = []
    for number in range(choose.number(0, 5)):
        kind = choose.of(("pause", "pause", "resume", "resume", "extend"))
        changes.append(a_change(choose, kind, f"{number}", epoch, limit))
    stop = moment(choose, epoch, 2, 40) if choose.number(0, 3) == 0 else None
    now = instant(choose, epoch + timedelta(days=choose.of((0, 5, 10, 20, 60, 400))))
    return {
        "calendar": calendar, "limit": limit, "start": start, "changes": changes, "stop": stop, "now": now
    }  # fmt: skip


def a_calendar(choose: Chooser, epoch: date) -> Case:
    """Some days off, some weekends worked, some half days."""
    weekend = choose.of(WEEKENDS)
    near = [epoch + timedelta(days=n) for n in range(60)]
    rest = {choose.of(near) for _ in range(choose.number(0, 8))}
    work = {choose.of(near) for _ in range(choose.number(0, 4))} - rest
    return {
        "rest": rest,
        "work": {day for day in work if day.weekday() in weekend},
        "weekend": weekend,
        "sessions": choose.of(HOURS),
        "half": {choose.of(near): choose.of(SHORT) for _ in range(choose.number(0, 3))},
        "walked": {},
        "first": date(epoch.year - 1, 1, 1),
        "last": date(epoch.year + 2, 12, 31),
    }


def a_limit(choose: Chooser, epoch: date, zone: str) -> Case:
    """A limit of any unit, or until a day or an instant."""
    unit = choose.of((*UNITS, "at"))
    limit: Case = {
        "amount": None if unit == "at" else (choose.number(1, MOST[unit]), unit),
        "at": stated(choose, epoch) if unit == "at" else None,
        "start_rule": choose.of(("day0", "day0", "roll", "inclusive")),
        "roll": choose.of(("none", "next", "next", "previous")),
        "zone": zone,
        "day_ends": choose.of((None, None, time(17), time(12, 30))),
        "cut_off": choose.of((None, None, None, time(16), time(9))),
        "choose": None,
        "second": None,
        "warnings": [choose.of(("1wd", "5wd", "3d", "1m", "24h", "2wh", "90min", "25%", "50%"))] * choose.number(0, 1),
        "pauses": [],
        "extension": None,
    }
    if choose.number(0, 4) == 0:
        other = choose.of((*UNITS, "at"))
        limit["choose"] = choose.of(("earlier", "later"))
        limit["second"] = {
            "amount": None if other == "at" else (choose.number(1, MOST[other]), other),
            "at": stated(choose, epoch) if other == "at" else None,
            "start_rule": choose.of(("day0", "roll", "inclusive")),
            "roll": choose.of(("none", "next", "previous")),
        }
    if choose.number(0, 3):
        limit["pauses"] = pause_terms(choose)
    if choose.number(0, 3):
        limit["extension"] = extension_terms(choose, unit)
    return limit


def pause_terms(choose: Chooser) -> list[Case]:
    """The grounds on which a limit stands still."""
    grounds = choose.of((("*",), ("*",), ("hearing",), ("hearing", "test"), ("hearing", "*")))
    return [
        {
            "ground": ground,
            "longest": choose.of((None, None, None, (5, "d"), (3, "wd"), (48, "h"))),
            "then": choose.of(("resume", "alarm", "close")),
            "times": choose.of((None, None, 1, 2)),
        }
        for ground in grounds
    ]


def extension_terms(choose: Chooser, unit: str) -> Case:
    """How a limit may be extended; a cap is of the limit's own unit."""
    return {
        "most": choose.of((None, None, (choose.number(1, 10), unit))) if unit != "at" else None,
        "times": choose.number(1, 3),
        "base": choose.of(("nominal", "nominal", "rolled")),
        "after_expiry": choose.of(("refused", "taken")),
        "approver": choose.of((False, False, True)),
        "reason": choose.of((False, False, True)),
    }


def a_change(choose: Chooser, kind: str, name: str, epoch: date, limit: Case) -> Case:
    """A pause, its end or an extension."""
    change: Case = {"kind": kind, "id": name} | moment(choose, epoch, 0, 40)
    if kind == "extend":
        timed = limit["amount"] is not None and limit["amount"][1] in ("h", "wh", "min")
        units = ("h", "wh", "min") if timed else ("wd", "d", "m")
        own = limit["amount"][1] if limit["amount"] is not None else "d"
        unit = own if limit["extension"] and limit["extension"]["most"] else choose.of((own, *units))
        by = (choose.number(1, MOST[unit]), unit)
        until = stated(choose, epoch) if choose.number(0, 4) == 0 else None
        return change | {
            "by": None if until else by,
            "until": until,
            "clock": choose.of((None, None, "decide", "other")),
            "approver": choose.of((None, "head")),
            "reason": choose.of((False, True)),
        }
    change |= {"name": choose.of((None, None, "a", "b")), "ground": choose.of(("hearing", "hearing", "test"))}
    if kind == "resume":
        return change | {"ground": choose.of((None, "hearing", "test"))}
    told = choose.number(0, 5)
    return change | {
        "expected": choose.of(((3, "d"), (2, "wd"), (1, "m"), (30, "h"))) if told == 0 else None,
        "until": choose.of((stated(choose, epoch), epoch + timedelta(days=choose.number(0, 30))))
        if told == 1
        else None,
    }


def moment(choose: Chooser, epoch: date, first: int, last: int) -> Case:
    """When something happened: `at`, and `on` where only the day is known."""
    day = epoch + timedelta(days=choose.number(first, last))
    if choose.number(0, 3) == 0:
        zone = choose.of(ZONES)
        return {"at": datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC), "on": day}
    return {"at": instant(choose, day), "on": None}


def instant(choose: Chooser, day: date) -> datetime:
    """An instant of the day, mostly at a full hour at which something else may happen."""
    hour = choose.of((time(0), time(9), time(10, 15), time(12), time(16), time(17), time(23, 59, 59, 999999)))
    return datetime.combine(day, hour, ZoneInfo(choose.of(ZONES))).astimezone(UTC)


def stated(choose: Chooser, epoch: date) -> date | datetime:
    """A stated day or instant."""
    day = epoch + timedelta(days=choose.number(3, 40))
    return day if choose.number(0, 1) else instant(choose, day)
