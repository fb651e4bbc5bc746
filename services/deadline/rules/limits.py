"""A limit as stamped on a matter: how long something may take, counted how, from which fact to which fact (D5)."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum


class Unit(StrEnum):
    """What an amount counts. Working units skip the calendar's rest days."""

    WORKING_DAYS = "wd"
    NATURAL_DAYS = "d"
    MONTHS = "m"
    HOURS = "h"
    WORKING_HOURS = "wh"
    WORKING_MINUTES = "min"
    STATED = "at"


class StartRule(StrEnum):
    """How the day of receipt counts (R1, R4)."""

    DAY0 = "day0"
    ROLL = "roll"
    INCLUSIVE = "inclusive"


class Roll(StrEnum):
    """Where a last day that is a rest day moves to (R1)."""

    NEXT = "next"
    PREVIOUS = "previous"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Amount:
    """A count and its unit: `20wd`, `30d`, `3m`, `24h`, `16wh`, `90min`. Raises ValueError on anything else."""

    count: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> "Amount":
        found = re.fullmatch(r"([1-9][0-9]{0,4})(wd|d|m|h|wh|min)", text)
        if not found:
            raise ValueError(f"{text!r} is not an amount such as 20wd, 30d, 3m, 24h, 16wh or 90min")
        return cls(int(found[1]), Unit(found[2]))

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of a matter, complete in itself: the deadline service needs no catalogue to count it.

    `amount` is None exactly where `at` is stated. `day_ends` None means 24:00 in `zone`. `warnings` are what
    remains when a warning is due: amounts (`5wd`) or a share of the whole span (`25%`). `source` is the legal
    source with its article, or `not verified`.
    """

    clock: str
    amount: Amount | None
    at: date | datetime | None
    start_rule: StartRule
    roll: Roll
    zone: str
    day_ends: time | None
    calendar: str
    starts_on: tuple[str, ...]
    stops_on: tuple[str, ...]
    warnings: tuple[str, ...]
    source: str
