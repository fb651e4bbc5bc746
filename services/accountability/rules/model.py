"""What the rules speak about: verdicts of the deadline service, people in roles, cases. All frozen. What is small, and
made or hashed for each miss of a storm, is a tuple: a third of a dataclass's cost."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from services.accountability.rules.circumstances import NOTHING, Beside, Circumstances
from services.accountability.rules.named import Proposal as Proposal
from services.accountability.rules.named import Ref as Ref
from services.accountability.rules.named import Responsible as Responsible
from services.accountability.rules.named import Role as Role

ROLES: tuple[Role, ...] = ("direct", "leading", "principal")
"""direct 直接责任人, leading 分管负责人, principal 主要负责人: upwards."""
Origin = Literal["live", "import"]
State = Literal["standing", "withdrawn"]
Untruth = Literal["met", "due-moved", "voided", "revoked"]


class CaseKey(NamedTuple):
    """Sorts in the order in which rows are locked (D11)."""

    authority: str
    matter: str
    case_id: UUID


class Held(NamedTuple):
    """In whose hands the matter was, [since, until)."""

    since: datetime
    until: datetime | None
    unit: str | None
    person: str | None


class Rung(NamedTuple):
    """One step of the ladder; `after` is None for the day of the miss, else an amount such as 1wd."""

    rung: int
    role: Role
    after: str | None


class Addressee(NamedTuple):
    """Whom a rung reaches. `skipped`: the vacant roles below, whose turn went up."""

    role: Role
    person: str | None
    skipped: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """The deadline service says that a limit was missed. `due` is as written: a bare date or an instant.

    `held` is the hand-over in force at the due instant; `unit` the unit responsible then.
    """

    key: CaseKey
    ref: Ref
    revision: int
    clock: str
    subject: str
    due: str
    late_from: datetime
    detected_at: datetime
    item: str | None
    unit: str | None
    held: Held | None
    origin: Origin
    zone: str
    calendar: str
    kind: str | None = None
    """promised or statutory, where the limit says so."""
    circumstances: Circumstances = NOTHING


@dataclass(frozen=True, slots=True)
class Untrue:
    """The deadline service takes a miss back."""

    key: CaseKey
    ref: Ref
    revision: int
    reason: Untruth


@dataclass(frozen=True, slots=True)
class RungMissed:
    """A limit of the case itself passed unanswered: the clock `rung-k` (D17). `started_by` is the id of the case's own
    event from which the limit ran."""

    key: CaseKey
    ref: Ref
    rung: int
    late_from: datetime
    started_by: str


Verdict = Missed | Untrue | RungMissed


@dataclass(frozen=True, slots=True)
class Refuted:
    """No case: the miss was taken back before it arrived. An older word of the miss opens nothing (D3)."""

    revision: int


@dataclass(frozen=True, slots=True)
class Case:
    """A responsibility case as it stands.

    `verdict_revision` is that of the deadline service's last word on the miss; `revision` counts the case's own events,
    1..n (I17). `standing_no` counts how often the case came to stand: 1, and one more for each reinstatement;
    `standing_event` is the id of our event by which it last did. `fired` are the rungs that fired since, ascending.
    """

    key: CaseKey
    clock: str
    subject: str
    due: str
    late_from: datetime
    item: str | None
    unit: str | None
    held: Held | None
    origin: Origin
    zone: str
    calendar: str
    rulebook: str
    ladder: tuple[Rung, ...]
    state: State
    verdict_revision: int
    miss: Ref
    detected_at: datetime
    opened_at: datetime
    standing_since: datetime
    standing_no: int
    standing_event: str
    withdrawn_at: datetime | None
    withdrawn_because: Untruth | None
    answered_at: datetime | None
    answered_by: str | None
    fired: tuple[int, ...]
    revision: int
    attributions: int
    proposal: Proposal
    addressed: tuple[str, ...]
    told: tuple[str, ...]
    beside: Beside | None = field(default=None, compare=False)
    """What is kept beside the row: None where there is nothing, or where it was not read."""

    @property
    def rung(self) -> int:
        """The highest rung reached in this standing."""
        return self.fired[-1] if self.fired else 0

    @property
    def at_last_rung(self) -> bool:
        """Nobody is left to go to (D17)."""
        return self.rung == self.ladder[-1].rung
