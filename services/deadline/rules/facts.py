"""Facts as the fold sees them: what happened in a matter, in one total order, with corrections applied (D4).

Order of arrival plays no part here. A stop may lie before its clock's start or before the registration, a correction
may arrive before what it corrects: the same set of facts gives the same answer. A correction by itself makes no fact:
it counts from the moment its original is there, and a case's facts, which no publisher reports, cannot be corrected.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import attrgetter, eq
from typing import NamedTuple

from services.deadline.rules.conduct import Act, Team
from services.deadline.rules.limits import Amount, Limit

REGISTRATIONS = frozenset({"matter.registered", "case.opened", "rectification.opened"})
WITHDRAWALS = frozenset({"matter.withdrawn", "case.withdrawn"})
REOPENINGS = frozenset({"matter.reopened", "case.reinstated"})
RESTARTS = frozenset({"case.reinstated", "case.went_live"})
CORRECTION_REQUESTED = "correction.requested"
SNOOZED = "case.snoozed"
SUSPENSIONS = frozenset({"matter.suspended", CORRECTION_REQUESTED, SNOOZED})
RESUMPTIONS = frozenset({"matter.resumed", "correction.received"})
EXTENSION = "matter.extended"
CONFIRMATION = "miss.confirmed"
CORRECTION = "correction"
"""The ground of the pause that a correction notice is (R5)."""
STAGE_STARTED = "stage.started"
TASK_ASSIGNED = "task.assigned"
STAGES = frozenset({STAGE_STARTED, "stage.finished"})
TASKS = frozenset({TASK_ASSIGNED, "task.finished"})
AMENDED = "commitment.amended"
LIMIT_CHANGES = frozenset(
    {"limits.changed", AMENDED, "case.reinstated", "case.acknowledged", SNOOZED, "case.went_live"}
)
"""Of a case: they state its rungs' limits anew. All else that has limits states those of a duty (duties.py)."""
HAND_OVERS = frozenset(
    {"matter.registered", "matter.accepted", "matter.assigned", "matter.transferred", "stage.started"}
)
CORRECTED = "fact.corrected"
RETRACTED = "fact.retracted"
_STOPS = frozenset(
    {
        "matter.accepted", "matter.decided", "matter.closed", "matter.refused", "matter.delivered", "stage.finished",
        "task.finished",
    }
)  # fmt: skip
_RANKS = (
    dict.fromkeys(REGISTRATIONS, 0)
    | dict.fromkeys(_STOPS | WITHDRAWALS, 1)
    | dict.fromkeys(SUSPENSIONS, 2)
    | dict.fromkeys(RESUMPTIONS, 3)
    | {EXTENSION: 4}
)
_LAST = 5
_occurred = attrgetter("occurred")

Identity = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Suspended:
    """A pause begins. It is expected to last so long or until then; `pause` names it for its end."""

    ground: str
    pause: str | None = None
    expected: Amount | None = None
    until: datetime | date | None = None


@dataclass(frozen=True, slots=True)
class Resumed:
    """A pause ends: that of this name, else the earliest open one of this ground, else the earliest open one."""

    ground: str | None = None
    pause: str | None = None


@dataclass(frozen=True, slots=True)
class Extended:
    """An extension, by an amount or until a stated end; of one clock, or of all that can be extended."""

    by: Amount | None
    until: datetime | date | None = None
    clock: str | None = None
    approver: str | None = None
    reason: bool = False


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A person says that this clock was missed, although its publisher is silent (D8)."""

    clock: str
    subject: str


@dataclass(frozen=True, slots=True)
class About:
    """Whose conduct a lead is about, and when they acted, as far as it says; what its investigation came to.
    `withheld`: an inspection that does not say before it is published."""

    unit: str | None = None
    person: str | None = None
    at: datetime | None = None
    evidence: tuple[str, ...] = ()
    result: str | None = None
    withheld: bool = False


Detail = Suspended | Resumed | Extended | Confirmed | About | Act | Team


class Fact(NamedTuple):
    """One fact. `occurred` is the instant it is known from; `on` its day, where only the day is known (D6).

    `identity` is (source, id) of its submission, `event` the id of its event on our own topics. `subject` is empty
    for the matter, `case:<id>` for a case of it. `revision` is the place of a case's fact in the life of its case, 0
    for a matter's. `part` is the stage or task it is about, or the rectification, `activity` what a task is; `detail`
    what facts of its type alone say. `replaces` and `replacement` belong to corrections and retractions, `discloses` to
    the publication of an inspection: what was withheld of other facts.
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
    urgent: bool = False
    limits: tuple[Limit, ...] = ()
    part: str = ""
    activity: str = ""
    detail: Detail | None = None
    replaces: Identity | None = None
    replacement: "Fact | None" = None
    discloses: tuple[tuple[Identity, About], ...] = ()


class Told:
    """Facts in order, and where the first of each type stands: most of what a clock asks for was never told."""

    __slots__ = ("facts", "first")

    def __init__(self, facts: Sequence[Fact]) -> None:
        self.facts = facts
        self.first = {facts[n].type: n for n in range(len(facts) - 1, -1, -1)}

    def has(self, types: frozenset[str]) -> bool:
        """Whether there is a fact of one of these types."""
        return not types.isdisjoint(self.first)

    def earliest(self, types: Sequence[str]) -> Fact | None:
        """The first fact of these types."""
        found = [self.first[type_] for type_ in types if type_ in self.first]
        return self.facts[min(found)] if found else None


def rank(fact: Fact) -> int:
    """Facts of one instant count in this order: registration, stops, pauses, resumptions, extensions, the rest (D4).
    The facts of a case have an order of their own: where a clock stands still, a case is withdrawn, reinstated and
    withdrawn in one instant.
    """
    return _RANKS.get(fact.type, _LAST) if not fact.revision or fact.type in REGISTRATIONS else 1


def order(fact: Fact) -> tuple[datetime, int, int, Identity]:
    """The total order of facts (D4)."""
    return fact.occurred, rank(fact), fact.revision, fact.identity


def disclosed(facts: Sequence[Fact]) -> Sequence[Fact]:
    """明察暗访: each fact with what a publication says was withheld of it. What was disclosed once stays so, be the
    publication corrected or retracted afterwards."""
    told = {identity: about for fact in facts for identity, about in fact.discloses}
    return [_with(fact, told.get(fact.identity)) for fact in facts] if told else facts


def _with(fact: Fact, about: About | None) -> Fact:
    if about is None:
        return fact
    if fact.replacement is not None:
        return fact._replace(replacement=_with(fact.replacement, about))
    if isinstance(fact.detail, About):
        about = replace(about, result=fact.detail.result)
    return fact._replace(detail=about) if fact.detail is None or isinstance(fact.detail, About) else fact


def effective(facts: Iterable[Fact]) -> list[Fact]:
    """What is held to have happened, in order: of several corrections of one fact the one issued last wins (D4).

    A correction of a correction corrects the fact below it. A correction or retraction that is itself retracted is
    out of the running: the next best correction stands again, or the original. A corrected fact keeps its place by
    the original's identity.
    """
    each = {fact.identity: fact for fact in facts}.values()
    corrections = [fact for fact in each if fact.replaces is not None]
    if not corrections:
        return in_order(each)
    about: defaultdict[Identity, list[Fact]] = defaultdict(list)
    for fact in corrections:
        if fact.replaces is not None:
            about[fact.replaces].append(fact)
    held = []
    for original in each:
        if original.replaces is not None:
            continue
        running = [] if original.subject else _running(original, about)
        if not running:
            held.append(original)
            continue
        winner = max(running, key=lambda fact: (fact.issued, fact.identity))
        if winner.replacement is not None:
            held.append(
                winner.replacement._replace(identity=original.identity, issued=winner.issued, event=winner.event)
            )
    return in_order(held)


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """In the total order (D4); by instants alone where no two are of one instant."""
    found = sorted(facts, key=_occurred)
    instants = [fact.occurred for fact in found]
    if any(map(eq, instants, instants[1:])):
        found.sort(key=order)
    return found


def _running(original: Fact, about: Mapping[Identity, Sequence[Fact]]) -> list[Fact]:
    """The corrections that say what became of this fact, and its own retractions; all but those that a standing
    retraction takes back.
    """
    reached = [original]
    for fact in reached:  # grows: each statement stands behind the one it is about
        reached += about.get(fact.identity, ())
    taken_back: set[Identity] = set()
    for fact in reversed(reached):  # whatever takes a statement back stands behind it, and is settled before it
        if fact.type == RETRACTED and fact.replaces is not None and fact.identity not in taken_back:
            taken_back.add(fact.replaces)
    return [
        fact
        for fact in reached[1:]
        if fact.identity not in taken_back and (fact.type == CORRECTED or fact.replaces == original.identity)
    ]
