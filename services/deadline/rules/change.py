"""What has changed: a clock as stored against the clock as folded, and what falls due from the stored row alone.

Authoritative for which events a clock publishes. Each change is one revision of the clock (D3); a miss that stands is
remembered by its `late_from`, so that it is published once, and withdrawn when it becomes untrue (I1, I7).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from services.deadline.rules import statement
from services.deadline.rules.clock import MISS, Clock, State
from services.deadline.rules.statement import Statement

STOPPED = frozenset({State.MET, State.VOID})
LATE = frozenset({State.MISSED, State.MISSED_DONE})


@dataclass(frozen=True, slots=True)
class Stored:
    """A clock's row. `says` is its statement: what its events will say.

    `miss` is the `late_from` of the miss that was published and stands, `digest` what it said. `applies` is False for
    a clock whose limit or registration fell away. `known` and `confirmed` are the latest instants it was judged at: a
    clock that is set back judges it no earlier.
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
    known: datetime | None = field(default=None, compare=False)
    confirmed: datetime | None = field(default=None, compare=False)

    @property
    def problem(self) -> str | None:
        """Why its limit cannot be counted."""
        problem: str | None = self.says.get("problem")
        return problem


@dataclass(frozen=True, slots=True)
class Change:
    """One event to publish: its type, what it says besides the detection instant, the fact's event that caused it."""

    type: str
    says: Statement
    cause: str


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
        alarms=clock.alarms,
        says=says,
        digest=statement.digest(says) if due else None,
        known=known,
        confirmed=confirmed,
    )


def compare(old: Stored | None, new: Stored) -> tuple[Stored, tuple[Change, ...]]:
    """The row to store and the events to publish now that the fold says `new`."""
    before = old if old is not None and old.applies else None
    changes = tuple(_changes(before, new, old.miss if old else None))
    miss = new.late_from if new.state in LATE else None
    return replace(new, miss=miss, revision=(old.revision if old else 0) + len(changes)), changes


def vanish(old: Stored, *, registered: bool) -> tuple[Stored, tuple[Change, ...]]:
    """The fold knows the clock no more: its limit was replaced, or its registration retracted. A verdict falls too."""
    if not old.applies:
        return old, ()
    changes: list[Change] = []
    if old.miss is not None:
        changes.append(_withdrawn(old, "voided", old.says["facts"]))
    if old.state is not State.VOID:
        changes.append(_voided(old, "limit-removed" if registered else "registration-retracted", old.says["facts"]))
    gone = replace(old, state=State.VOID, applies=False, miss=None, alarms=(), revision=old.revision + len(changes))
    return gone, tuple(changes)


def fire(row: Stored, confirmed: datetime) -> tuple[Stored, tuple[Change, ...]]:
    """What the stored row says at its alarm: the last warning that has passed, or the miss (D12)."""
    passed = [label for at, label in row.alarms if at <= confirmed]
    if not passed:
        return row, ()
    ahead = tuple(alarm for alarm in row.alarms if alarm[0] > confirmed)
    told = next((label for label in reversed(passed) if label != MISS), row.warned)
    if passed[-1] != MISS:
        warned = replace(
            row, state=State.WARNED, warned=told, alarms=ahead, confirmed=confirmed, revision=row.revision + 1
        )
        return warned, (_warned(warned),)
    changes = [_missed(row)] if row.done_at is None else [_missed(row), _ended("deadline.stopped_late", row)]
    late = replace(
        row, state=State.MISSED if row.done_at is None else State.MISSED_DONE, miss=row.late_from, warned=told,
        alarms=ahead, confirmed=confirmed, revision=row.revision + len(changes),
    )  # fmt: skip
    return late, tuple(changes)


def _changes(old: Stored | None, new: Stored, standing: datetime | None) -> Iterator[Change]:
    stop = new.says.get("stop", {"facts": new.says["facts"]})
    if old is not None and standing is not None and (new.state not in LATE or new.late_from != standing):
        if new.late_from != standing:
            yield _withdrawn(old, "due-moved", new.says["facts"], _mover(old, new))
        else:
            yield _withdrawn(old, "voided" if new.state is State.VOID else "met", stop["facts"])
        standing = None
    if new.late_from is None:
        if old is not None and old.late_from is not None and old.state is not State.VOID:
            # what started it never was, or its limit cannot be counted now: no due is awaited
            yield _voided(new, "limit-removed", new.says["facts"], _mover(old, new))
        return
    if old is None or old.late_from is None or (old.state in STOPPED and new.state not in STOPPED):
        yield Change("deadline.scheduled", statement.scheduled(new.says), _cause(new.says["facts"]))
    elif old.late_from != new.late_from:
        told = {**statement.scheduled(new.says), "previous_due": old.says["counted"]["due"]}
        yield Change("deadline.rescheduled", told, _mover(old, new))
    match new.state:
        case State.MET if old is None or old.state is not State.MET or old.done_at != new.done_at:
            yield _ended("deadline.met", new)
        case State.VOID if old is None or old.state is not State.VOID:
            yield _voided(new, _void_reason(new), stop["facts"])
        case State.WARNED if old is None or (old.warned, old.late_from) != (new.warned, new.late_from):
            yield _warned(new)
        case State.MISSED | State.MISSED_DONE:
            yield from _late(old if standing is not None else None, new)


def _late(old: Stored | None, new: Stored) -> Iterator[Change]:
    """A miss is published when it is new, again when it says something else (D18), and again when its late end turns
    out never to have been. It says that nothing is done: a late end that stands is told after it each time.
    """
    reopened = old is not None and old.state is State.MISSED_DONE and new.state is State.MISSED
    again = old is None or (old.digest is not None and old.digest != new.digest) or reopened
    if again:
        yield _missed(new)
    if new.state is State.MISSED_DONE and (again or old is None or old.done_at != new.done_at):
        yield _ended("deadline.stopped_late", new)


def _missed(row: Stored) -> Change:
    return Change("deadline.missed", statement.missed(row.says), _cause(row.says["facts"]))


def _ended(type_: str, row: Stored) -> Change:
    stop = row.says["stop"]
    return Change(type_, {**statement.dated(row.says), **stop}, _cause(stop["facts"]))


def _warned(row: Stored) -> Change:
    says = statement.dated(row.says)
    holdings = row.says["holdings"]
    holding = holdings[-1] if holdings else {"since": says["late_from"]}
    return Change("deadline.warned", {**says, "warning": row.warned, "holding": holding}, _cause(row.says["facts"]))


def _withdrawn(row: Stored, reason: str, facts: list[Statement], cause: str | None = None) -> Change:
    told = {**statement.dated(row.says), "reason": reason, "facts": facts}
    return Change("deadline.withdrawn", told, cause or _cause(facts))


def _voided(row: Stored, reason: str, facts: list[Statement], cause: str | None = None) -> Change:
    return Change("deadline.voided", {**row.says["about"], "reason": reason, "facts": facts}, cause or _cause(facts))


def _void_reason(row: Stored) -> str:
    return "case-withdrawn" if row.subject.startswith("case:") else "withdrawn"


def _mover(old: Stored, new: Stored) -> str:
    """The event of the fact that moved the due: one that it did not rest on before, if there is one."""
    before = [fact["event"] for fact in old.says["facts"]]
    fresh = [fact for fact in new.says["facts"] if fact["event"] not in before]
    return _cause(fresh or new.says["facts"])


def _cause(facts: list[Statement]) -> str:
    """The event of the last fact a change rests on."""
    return str(facts[-1]["event"])
