"""What has changed: a clock as stored against the clock as folded, and what falls due from the stored row alone.

Authoritative for which events a clock publishes. Each change is one revision of the clock (D3); a miss that stands is
remembered by its `late_from`, so that it is published once, and withdrawn when it becomes untrue (I1, I7).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from services.deadline.rules import statement
from services.deadline.rules.clock import EVERYBODY, LATE, MISS, Heard, State
from services.deadline.rules.statement import Statement
from services.deadline.rules.stored import Stored
from services.deadline.rules.warnings import PASSED

STOPPED = frozenset({State.MET, State.VOID})
NOT_GOING_ON = frozenset({State.PAUSED, State.VOID})
"""After a pause these are no resumption."""


class Change(NamedTuple):
    """One event to publish: its type, what it says besides the detection instant, the fact's event that caused it. `at`
    is when it happened, where what it says does not tell."""

    type: str
    says: Statement
    cause: str
    at: datetime | None = None


def compare(old: Stored | None, new: Stored) -> tuple[Stored, tuple[Change, ...]]:
    """The row to store and the events to publish now that the fold says `new`."""
    before = old if old is not None and old.applies else None
    changes = (*_changes(before, new, old.miss if old else None), *_findings(before, new))
    miss = new.late_from if new.state in LATE else None
    return new._replace(miss=miss, revision=(old.revision if old else 0) + len(changes)), changes


def vanish(old: Stored, *, registered: bool) -> tuple[Stored, tuple[Change, ...]]:
    """The fold knows the clock no more: its limit was replaced, or its registration retracted. A verdict falls too."""
    if not old.applies:
        return old, ()
    changes: list[Change] = []
    if old.miss is not None:
        changes += _untrue(old, "voided", old.says["facts"])
    for each in old.says.get("findings", ()):
        told = {**old.says["about"], "code": each["code"], "facts": each["facts"]}
        changes.append(Change("deadline.finding_revoked", told, _cause(each["facts"])))
    if old.state is not State.VOID:
        changes.append(_voided(old, "limit-removed" if registered else "registration-retracted", old.says["facts"]))
    gone = old._replace(state=State.VOID, applies=False, miss=None, alarms=(), revision=old.revision + len(changes))
    return gone, tuple(changes)


def fire(row: Stored, confirmed: datetime, heard: Heard = EVERYBODY) -> tuple[Stored, tuple[Change, ...]]:
    """What the stored row says at its alarm: the last warning that has passed, the miss, or that it lasts (D12). Nobody
    is named while its source is `heard` to have sent less than that: then it waits, without an alarm (D8).
    """
    done = row.done_at  # known, but late: what is told while nothing is done ends there
    alarms = [each for each in row.alarms if done is None or not each[1].startswith(PASSED) or each[0] <= done]
    come = [each for each in alarms if each[0] <= confirmed]
    if not come:
        return row, ()
    passed = [label for _, label in come]
    told_up_to = heard.get(row.says["facts"][0]["source"]) if heard and not row.part else None
    if MISS in passed and told_up_to is not None and row.late_from is not None and told_up_to < row.late_from:
        told = next((label for label in reversed(passed) if label != MISS and not label.startswith(PASSED)), row.warned)
        waiting = row._replace(warned=told, alarms=(), confirmed=confirmed, unconfirmed=True)
        waiting = waiting._replace(warned_at=next((at for at, label in reversed(come) if label == told), None))
        if told == row.warned:
            return waiting, ()
        waiting = waiting._replace(state=State.WARNED, revision=row.revision + 1)
        return waiting, (_warned(waiting),)
    ahead = tuple(alarm for alarm in alarms if alarm[0] > confirmed)
    told = next((label for label in reversed(passed) if label != MISS), row.warned)
    fired = row._replace(warned=told, alarms=ahead, confirmed=confirmed, warned_at=come[-1][0])
    changes: list[Change] = []
    if MISS in passed:
        fired = fired._replace(state=State.MISSED, miss=row.late_from)
        if done is not None:
            fired = fired._replace(state=State.MISSED_DONE, alarms=())
        changes = [_missed(fired), *_deemed(fired)]
        if done is not None:
            changes.append(_ended("deadline.stopped_late", fired))
    if passed[-1].startswith(PASSED):
        changes.append(_overdue(fired))
    elif passed[-1] != MISS:
        fired = fired._replace(state=State.WARNED)
        changes = [_warned(fired)]
    return fired._replace(revision=row.revision + len(changes)), tuple(changes)


def _changes(old: Stored | None, new: Stored, standing: datetime | None) -> Iterator[Change]:
    stop = new.says.get("stop", {"facts": new.says["facts"]})
    if old is not None and standing is not None and (new.state not in LATE or new.late_from != standing):
        if new.late_from != standing:
            yield from _untrue(old, "due-moved", new.says["facts"], _mover(old, new))
        else:
            # not met: withdrawn before its due, or no longer confirmed, its source being silent (D8)
            yield from _untrue(old, "met" if new.state is State.MET else "voided", stop["facts"])
        standing = None
    if new.state is State.VOID and (old is None or old.state is not State.VOID) and new.late_from is None:
        yield _voided(new, _void_reason(new), _void_facts(new))
        return
    if new.late_from is None:
        if new.state is State.PAUSED:
            yield from _paused(old, new)
        elif old is not None and old.late_from is not None and old.state is not State.VOID:
            # what started it never was, or its limit cannot be counted now: no due is awaited
            yield _voided(new, "limit-removed", new.says["facts"], _mover(old, new))
        return
    if old is not None and old.state is State.PAUSED and new.state not in NOT_GOING_ON:
        yield Change("deadline.resumed", statement.scheduled(new.says), _mover(old, new))
    elif old is not None and old.state is State.PAUSED and new.state is State.VOID:
        pass  # it ends as it stood: a due is awaited no more
    elif old is None or old.late_from is None or (old.state in STOPPED and new.state not in STOPPED):
        yield Change("deadline.scheduled", statement.scheduled(new.says), _cause(new.says["facts"]))
    elif old.late_from != new.late_from:
        told = {**statement.scheduled(new.says), "previous_due": old.says["counted"]["due"]}
        yield Change("deadline.rescheduled", told, _mover(old, new))
    match new.state:
        case State.MET if old is None or old.state is not State.MET or old.done_at != new.done_at:
            yield _ended("deadline.met", new)
        case State.VOID if old is None or old.state is not State.VOID:
            yield _voided(new, _void_reason(new), _void_facts(new))
        case State.PAUSED:
            yield from _paused(old, new)
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
    if old is None or not any(_deemed(old)):
        yield from _deemed(new)
    if new.state is State.MISSED_DONE and (again or old is None or old.done_at != new.done_at):
        yield _ended("deadline.stopped_late", new)
    before = [] if old is None else _told_overdue(old)
    for passed in before:
        if passed not in _told_overdue(new):
            yield _overdue(new, "deadline.overdue_revoked", passed)
    if _told_late(new) and _told_overdue(new)[-1] not in before:
        yield _overdue(new)


def _paused(old: Stored | None, new: Stored) -> Iterator[Change]:
    pause = new.says["pause"]
    if old is None or old.says.get("pause") != pause:
        yield Change("deadline.paused", {**new.says["about"], **pause}, _cause(pause["facts"]))


def _untrue(old: Stored, reason: str, facts: list[Statement], cause: str | None = None) -> Iterator[Change]:
    """The miss falls, and with it what silence meant."""
    yield _withdrawn(old, reason, facts, cause)
    if statement.deemed(old.says) is not None:
        told = {**statement.dated(old.says), "facts": facts}
        yield Change("deadline.deemed_revoked", told, cause or _cause(facts))


def _deemed(row: Stored) -> Iterator[Change]:
    says = statement.deemed(row.says)
    if says is not None:
        yield Change("deadline.deemed", says, _cause(row.says["facts"]))


def _findings(old: Stored | None, new: Stored) -> Iterator[Change]:
    """What is found now and was not before, and what was and is no more."""
    if "findings" not in new.says and (old is None or "findings" not in old.says):
        return
    before = {} if old is None else {_found(each): each for each in old.says.get("findings", ())}
    after = {_found(each): each for each in new.says.get("findings", ())}
    for key, each in after.items():
        if before.get(key) != each:  # new, or told again: it was somebody else's act
            yield Change("deadline.finding", {**new.says["about"], **each}, _cause(each["facts"]))
    for key, each in before.items():
        if key not in after:
            told = {**new.says["about"], "code": each["code"], "facts": each["facts"]}
            yield Change("deadline.finding_revoked", told, _cause(new.says["facts"]))


def _found(finding: Statement) -> tuple[str, str, str]:
    """A finding is (code, fact): a fact that was corrected is the same one."""
    fact = finding["facts"][-1]
    return finding["code"], fact["source"], fact["id"]


def _told_late(row: Stored) -> bool:
    return row.warned is not None and row.warned.startswith(PASSED)


def _told_overdue(row: Stored) -> list[str]:
    """How much the miss was told to have lasted, the least first; what passed at once with more of it, too."""
    if not _told_late(row):
        return []
    last = (row.warned or "").removeprefix(PASSED)
    stated: list[str] = row.says["counted"]["limit"].get("overdue", [])
    return [*stated[: stated.index(last)], last] if last in stated else [last]


def _overdue(row: Stored, type_: str = "deadline.overdue", passed: str | None = None) -> Change:
    # taken back by its late end, or by another calendar, which is no fact
    facts = row.says["facts"] if passed is None else row.says.get("stop", row.says)["facts"]
    passed = passed or (row.warned or "").removeprefix(PASSED)
    at = row.warned_at if type_ == "deadline.overdue" else None
    return Change(type_, {**statement.dated(row.says), "overdue": passed, "facts": facts}, _cause(facts), at)


def _missed(row: Stored) -> Change:
    return Change("deadline.missed", statement.missed(row.says), _cause(row.says["facts"]))


def _ended(type_: str, row: Stored) -> Change:
    stop = row.says["stop"]
    return Change(type_, {**statement.dated(row.says), **stop}, _cause(stop["facts"]))


def _warned(row: Stored) -> Change:
    says = statement.dated(row.says)
    holdings = row.says["holdings"]
    holding = holdings[-1] if holdings else {"since": says["late_from"]}
    told = {**says, "warning": row.warned, "holding": holding}
    if "team" in row.says:
        told["team"] = row.says["team"]
    return Change("deadline.warned", told, _cause(row.says["facts"]), row.warned_at)


def _withdrawn(row: Stored, reason: str, facts: list[Statement], cause: str | None = None) -> Change:
    told = {**statement.dated(row.says), "reason": reason, "facts": facts}
    return Change("deadline.withdrawn", told, cause or _cause(facts))


def _voided(row: Stored, reason: str, facts: list[Statement], cause: str | None = None) -> Change:
    return Change("deadline.voided", {**row.says["about"], "reason": reason, "facts": facts}, cause or _cause(facts))


def _void_facts(row: Stored) -> list[Statement]:
    """What ended it: its withdrawal, or the pause that lasted too long."""
    facts: list[Statement] = row.says["lapsed"] if "lapsed" in row.says else row.says["stop"]["facts"]
    return facts


def _void_reason(row: Stored) -> str:
    if "lapsed" in row.says:
        return "pause-lapsed"
    return "case-withdrawn" if row.subject.startswith("case:") else "withdrawn"


def _mover(old: Stored, new: Stored) -> str:
    """The event of the fact that moved the due: one that it did not rest on before, if there is one."""
    facts = new.says["facts"]
    if facts != old.says["facts"]:
        before = [fact["event"] for fact in old.says["facts"]]
        facts = [fact for fact in facts if fact["event"] not in before] or facts
    return _cause(facts)


def _cause(facts: list[Statement]) -> str:
    """The event of the last fact a change rests on."""
    return str(facts[-1]["event"])
