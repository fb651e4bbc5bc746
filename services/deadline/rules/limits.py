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


class AtLongest(StrEnum):
    """What happens when a pause has reached its longest length."""

    RESUME = "resume"
    CLOSE = "close"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class PauseTerms:
    """A ground on which a limit stands still (R9). `longest` None: without end; `times` None: any number of times."""

    ground: str
    longest: Amount | None = None
    then: AtLongest = AtLongest.ALARM
    times: int | None = None


@dataclass(frozen=True, slots=True)
class ExtensionTerms:
    """How far a limit may be extended and by what right (R6, R13). `most` is of all extensions together; `rolled`: an
    extension is added to the rolled last day, not to the nominal one; `late`: one that is asked for too late is taken.
    """

    most: Amount | None = None
    times: int = 1
    rolled: bool = False
    late: bool = False
    approver: bool = False
    reason: bool = False


@dataclass(frozen=True, slots=True)
class Expiry:
    """What silence means once the limit has passed (R5, R10, R12)."""

    outcome: str
    legal_basis: str


@dataclass(frozen=True, slots=True)
class Finds:
    """A fact of type `on` is a finding by itself: with one of these results, where they are stated; where no fact of
    type `before` happened before it; where it gives the matter back to a unit that has had it.
    """

    code: str
    on: str
    result: tuple[str, ...] = ()
    before: str | None = None
    returned: bool = False


@dataclass(frozen=True, slots=True)
class Second:
    """The other of two limits; `later` says which of them counts."""

    amount: Amount | None
    at: date | datetime | None
    start_rule: StartRule
    roll: Roll
    later: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of a matter, complete in itself: the deadline service needs no catalogue to count it.

    `amount` is None exactly where `at` is stated. `day_ends` None means 24:00 in `zone`. `warnings` are what
    remains when a warning is due: amounts (`5wd`) or a share of the whole span (`25%`); `overdue` what has passed since
    the miss when it is told again. `source` is the legal source with its article, or `not verified`. `per` is `stage`
    or `task` where each of those has a clock. From `cut_off` on, what is received counts as received on the next
    working day. No `extension`: it cannot be extended; no `pauses`: nothing pauses it.
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
    kind: str | None = None
    per: str | None = None
    stage: str | None = None
    cut_off: time | None = None
    second: Second | None = None
    pauses: tuple[PauseTerms, ...] = ()
    extension: ExtensionTerms | None = None
    restarts_on: tuple[str, ...] = ()
    on_expiry: Expiry | None = None
    overdue: tuple[Amount, ...] = ()
    finds: tuple[Finds, ...] = ()

    def __hash__(self) -> int:
        """Of what tells most limits apart: what is counted of a limit is kept by it, and looked up at every fold."""
        return hash((self.clock, self.at if self.amount is None else self.amount.count, self.source))
