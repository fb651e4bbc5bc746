"""Going live (D9): imported history is decided like any other, its ladders stand still until an operator says from when
on its source is live.

    imported, standing ──go live at T──► live: its rungs count from T, whoever it is addressed to is told by one digest
        └─ answered, withdrawn or in proceedings by then: left as it is

What falls due at or after T is live from its opening, though its matter was imported. What is imported later and was
due before T stands still until the source goes live again, at a later instant. The source's going live is an event of
its own, by which the deadline service tells what is history still: warnings and cards follow that, and cases, too.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from services.accountability.rules.identity import event_id
from services.accountability.rules.ladder import addressee
from services.accountability.rules.model import Addressee, Case

WENT_LIVE = "case.went_live"
OF_SOURCES = "duban"
"""Whose the source is, in the place of an authority: a source may be several authorities'."""
AT_MOST_BACK = timedelta(days=1)
"""A go-live instant that lay further back would have the first rung fire at once."""
Refusal = Literal["ahead", "too-far-back", "before-the-last"]


@dataclass(frozen=True, slots=True)
class WentLive:
    """`case` is the case just after."""

    case: Case
    at: datetime
    addressee: Addressee


def refusal(at: datetime, now: datetime, before: Sequence[datetime]) -> Refusal | None:
    """Why a source cannot go live at that instant."""
    if at > now:
        return "ahead"
    if at < now - AT_MOST_BACK:
        return "too-far-back"
    return "before-the-last" if any(at < earlier for earlier in before) else None


def stands_still(case: Case) -> bool:
    """Whether it is imported history whose ladder has not begun, and that nobody has answered."""
    return case.origin == "import" and case.state == "standing" and case.answered_at is None


def go_live(case: Case, at: datetime) -> WentLive:
    """From now on the case is like any other, and its ladder counts from `at`; the caller has asked `stands_still`."""
    to = addressee(case.ladder, 0, case.proposal)
    revision = case.revision + 1
    told = case.told if to.person is None else tuple(sorted({*case.told, to.person}))
    live = replace(
        case, origin="live", revision=revision, told=told,
        standing_event=event_id(WENT_LIVE, case.key.case_id, f"{revision}"),
    )  # fmt: skip
    return WentLive(live, at, to)


def lives(late_from: datetime, went_live: Iterable[datetime]) -> bool:
    """Whether a miss of imported history is live all the same: it fell due when its source was."""
    return any(late_from >= at for at in went_live)


def report(cases: Iterable[Case]) -> Mapping[str, Any]:
    """What would have been sent of these imported cases, had they been live and nobody had answered but who did: the
    opening to whom it was addressed, each rung, and the withdrawal to all who were told."""
    states: Counter[str] = Counter()
    rungs: Counter[str] = Counter()
    people: defaultdict[str, Counter[str]] = defaultdict(Counter)
    nobody = 0
    for case in cases:
        state = "withdrawn" if case.state == "withdrawn" else "answered" if case.answered_at else "standing"
        states[state] += 1
        climbs = case.ladder if state == "standing" else case.ladder[:1]
        for step in climbs:
            rungs[str(step.rung)] += 1
            person = addressee(case.ladder, step.rung, case.proposal).person
            if person is None:
                nobody += 1
            else:
                people[person]["case.escalated" if step.rung else "case.opened"] += 1
        if state == "withdrawn":
            for person in case.told:
                people[person]["case.withdrawn"] += 1
    kinds = sum(people.values(), Counter[str]())
    return {
        "cases": {name: states[name] for name in ("standing", "answered", "withdrawn")},
        "rungs": dict(sorted(rungs.items())),
        "notices": {"total": kinds.total(), "by_kind": dict(sorted(kinds.items())), "to_nobody": nobody},
        "people": [
            {"person": person, "notices": count.total(), "by_kind": dict(sorted(count.items()))}
            for person, count in sorted(people.items(), key=lambda each: (-each[1].total(), each[0]))
        ],
    }
