"""A clock as it is kept: the sweep fires from it without loading facts (D12), the next fold is compared with it."""

from datetime import date, datetime
from typing import NamedTuple

from services.deadline.rules import statement
from services.deadline.rules.clock import Clock, State
from services.deadline.rules.statement import Statement


class Stored(NamedTuple):
    """A clock's row. `says` is its statement: what its events will say.

    `miss` is the `late_from` of the miss that was published and stands, `digest` what it said. `applies` is False for
    a clock whose limit or registration fell away. `known` and `confirmed` are the latest instants it was judged at: a
    clock that is set back judges it no earlier. `unconfirmed`: late, but nobody is named yet (D8).
    """

    name: str
    subject: str
    state: State
    item: str | None
    unit: str | None
    zone: str
    due_on: date | None
    late_from: datetime | None
    done_at: datetime | None
    done_on: date | None
    withdrawn: bool
    warned: str | None
    alarms: tuple[tuple[datetime, str], ...]
    says: Statement
    miss: datetime | None = None
    digest: str | None = None
    applies: bool = True
    revision: int = 0
    unconfirmed: bool = False
    known: datetime | None = None
    confirmed: datetime | None = None
    warned_at: datetime | None = None
    """When what is told now was due; not kept."""

    def __eq__(self, other: object) -> bool:
        """Whether it says the same, whenever that was judged."""
        return isinstance(other, Stored) and self[:_SAYS] == other[:_SAYS]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.name, self.subject, self.revision))

    @property
    def part(self) -> str:
        """What it is folded with: its case, or the matter as a whole."""
        return self.subject if self.subject.startswith("case:") else ""

    @property
    def problem(self) -> str | None:
        """Why its limit cannot be counted."""
        problem: str | None = self.says.get("problem")
        return problem


_SAYS = Stored._fields.index("known")
"""So many of its fields say something; the others, when that was judged."""


def rowed(authority: str, matter: str, clock: Clock, known: datetime, confirmed: datetime) -> Stored:
    """The row of a clock that was never stored, as judged at these instants."""
    due, stop = clock.due, clock.stop
    says = statement.stated(authority, matter, clock)
    return Stored(
        name=clock.name,
        subject=clock.subject,
        state=clock.state,
        item=clock.item,
        unit=clock.unit,
        zone=clock.limit.zone,
        due_on=due.due_on if due else None,
        late_from=due.late_from if due else None,
        done_at=stop.at if stop else None,
        done_on=stop.on if stop else None,
        withdrawn=stop is not None and stop.withdrawn,
        warned=clock.warned,
        warned_at=clock.verdict.warned_at,
        alarms=clock.alarms,
        says=says,
        digest=statement.digest(says) if due else None,
        known=known,
        confirmed=confirmed,
        unconfirmed=clock.verdict.unconfirmed,
    )
