"""What Duban made of a log: one row for each clock as of an instant. Pure; the same clocks give the same bytes.

The services are authoritative for dues, stops and cases; this module only judges them as of the instant (D6).
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from shared.events.base import instant_of

COLUMNS = ("matter", "clock", "subject", "due_at", "done_at", "outcome", "case_id", "case_state", "responsible")
VACANT = "-"


class Outcome(StrEnum):
    """Of a clock as of an instant (D6)."""

    MET = "met"
    LATE = "late"
    OVERDUE = "overdue"
    OPEN = "open"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Case:
    """A case that stands; a role that nobody held is None."""

    id: str
    direct: str | None
    leading: str | None
    principal: str | None


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock with a due, as the services hold it. `due` and `done` are bare dates where only the day counts."""

    matter: str
    clock: str
    subject: str
    due: date | datetime
    late_from: datetime
    zone: str
    done: date | datetime | None
    withdrawn: bool
    case: Case | None


def outcome_of(clock: Clock, as_of: datetime) -> Outcome:
    """met: done before `late_from`; late: done or withdrawn at or after it; void: withdrawn before it; overdue: not
    done, and as-of has reached it; open: not done, and it lies ahead. A bare date counts from its 00:00 (D6)."""
    done = None if clock.done is None else instant_of(clock.done, clock.zone)
    if done is None or done > as_of:
        return Outcome.OVERDUE if as_of >= clock.late_from else Outcome.OPEN
    if done >= clock.late_from:
        return Outcome.LATE
    return Outcome.VOID if clock.withdrawn else Outcome.MET


def row_of(clock: Clock, as_of: datetime) -> tuple[str, ...]:
    """The row of the report. A miss after as-of has not happened yet, nor has its case."""
    outcome = outcome_of(clock, as_of)
    done = clock.done if outcome not in (Outcome.OPEN, Outcome.OVERDUE) else None
    case = clock.case if clock.late_from <= as_of else None
    return (
        clock.matter,
        clock.clock,
        clock.subject,
        written(clock.due, clock.zone),
        "" if done is None else written(done, clock.zone),
        outcome.value,
        case.id if case else "",
        "standing" if case else "",
        responsible(case) if case else "",
    )


def responsible(case: Case) -> str:
    """`direct=…;leading=…;principal=…`, with `-` for a post that nobody held."""
    roles = (("direct", case.direct), ("leading", case.leading), ("principal", case.principal))
    return ";".join(f"{role}={VACANT if person is None else person}" for role, person in roles)


def written(when: date | datetime, zone: str) -> str:
    """A bare date, or ISO 8601 with the offset of the clock's zone."""
    return when.astimezone(ZoneInfo(zone)).isoformat() if isinstance(when, datetime) else when.isoformat()


@dataclass
class Totals:
    """What the report counts to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    cases: int = 0

    def count(self, row: tuple[str, ...]) -> None:
        """Add a row."""
        self.outcomes[row[COLUMNS.index("outcome")]] += 1
        self.cases += bool(row[COLUMNS.index("case_id")])

    @property
    def clocks(self) -> int:
        return self.outcomes.total()

    @property
    def late(self) -> int:
        """Late or overdue: each has a case."""
        return self.outcomes[Outcome.LATE] + self.outcomes[Outcome.OVERDUE]
