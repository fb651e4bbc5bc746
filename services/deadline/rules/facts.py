"""Facts as the fold sees them: what happened in a matter, in one total order, with corrections applied (D4).

Order of arrival plays no part here. A stop may lie before its clock's start or before the registration, a correction
may arrive before what it corrects: the same set of facts gives the same answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.deadline.rules.limits import Limit

REGISTRATIONS = frozenset({"matter.registered", "case.opened"})
WITHDRAWALS = frozenset({"matter.withdrawn", "case.withdrawn"})
REOPENINGS = frozenset({"matter.reopened", "case.reinstated"})
RESTARTS = frozenset({"case.reinstated"})
LIMIT_CHANGES = frozenset({"limits.changed", "case.reinstated"})
HAND_OVERS = frozenset(
    {"matter.registered", "matter.accepted", "matter.assigned", "matter.transferred", "stage.started"}
)
CORRECTED = "fact.corrected"
RETRACTED = "fact.retracted"
_STOPS = frozenset({"matter.decided", "matter.closed", "matter.refused", "matter.delivered"})

Identity = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `occurred` is the instant it is known from; `on` its day, where only the day is known (D6).

    `identity` is (source, id) of its submission, `event` the id of its event on our own topics. `subject` is empty
    for the matter, `case:<id>` for a case of it. `revision` is the place of a case's fact in the life of its case, 0
    for a matter's. `replaces` and `replacement` belong to corrections and retractions.
    """

    type: str
    occurred: datetime
    on: date | None
    identity: Identity
    issued: datetime
    event: str
    subject: str = ""
    revision: int = 0
    unit: str | None = None
    person: str | None = None
    item: str | None = None
    origin: str = "live"
    limits: tuple[Limit, ...] = ()
    replaces: Identity | None = None
    replacement: "Fact | None" = None


def rank(fact: Fact) -> int:
    """Facts of one instant count in this order: registration, stops, the rest (D4). The facts of a case have an order
    of their own: where a clock stands still, a case is withdrawn, reinstated and withdrawn in one instant.
    """
    if fact.type in REGISTRATIONS:
        return 0
    return 1 if fact.revision or fact.type in _STOPS or fact.type in WITHDRAWALS else 2


def order(fact: Fact) -> tuple[datetime, int, int, Identity]:
    """The total order of facts (D4)."""
    return fact.occurred, rank(fact), fact.revision, fact.identity


def effective(facts: Iterable[Fact]) -> list[Fact]:
    """What is held to have happened, in order: of several corrections of one fact the one issued last wins (D4).

    A correction of a correction corrects the fact below it. A correction whose original is not known yet stands for
    it; a corrected fact keeps its place by the original's identity.
    """
    originals: dict[Identity, Fact] = {}
    corrections: dict[Identity, Fact] = {}
    for fact in facts:
        (originals if fact.replaces is None else corrections)[fact.identity] = fact
    winners: dict[Identity, Fact] = {}
    for correction in corrections.values():
        root = _root(correction, corrections)
        held = winners.get(root)
        if held is None or (correction.issued, correction.identity) > (held.issued, held.identity):
            winners[root] = correction
    for root, winner in winners.items():
        originals.pop(root, None)
        if winner.replacement is not None:
            originals[root] = replace(winner.replacement, identity=root, issued=winner.issued, event=winner.event)
    return sorted(originals.values(), key=order)


def _root(correction: Fact, corrections: dict[Identity, Fact]) -> Identity:
    seen = {correction.identity}
    target = correction.replaces
    while target in corrections and target not in seen:
        seen.add(target)
        target = corrections[target].replaces
    return target or correction.identity
