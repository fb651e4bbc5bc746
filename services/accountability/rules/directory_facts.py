"""Facts of the directory, and which of them hold: corrections are facts too, and any order of arrival is the same.

Two times are kept apart: `at` is business time and decides; `learned_at` is when the fact was recorded here, so that
what was known at an instant can be told again. An entry is what a fact is about: a unit, a post, or a person on leave.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple

from services.accountability.rules.model import Ref, Role

FactKind = Literal[
    "assigned", "ended", "established", "abolished", "placed", "dissolved", "leave-taken", "leave-ended", "retracted"
]
OF_POSTS: frozenset[FactKind] = frozenset({"assigned", "ended", "established", "abolished"})
OF_UNITS: frozenset[FactKind] = frozenset({"placed", "dissolved"})
OF_LEAVES: frozenset[FactKind] = frozenset({"leave-taken", "leave-ended"})


class PostKey(NamedTuple):
    """An entry of an authority's directory: `post` is the id of a post, a unit or a person on leave."""

    authority: str
    post: str


@dataclass(frozen=True, slots=True)
class DirectoryFact:
    """From `at` on something holds, until `until` where that is said. `ref` is the publisher's identity of the fact
    and orders it; `event` the id on directory-events.

    `role` and `unit` are of posts; `unit` of a unit is its parent. `other` is the deputy of who is on leave, or who
    hands a post over; `of_post` the one post that a leave is from. `replaces`: the fact it corrects or takes back.
    """

    post: PostKey
    ref: Ref
    event: str
    kind: FactKind
    at: datetime
    person: str | None
    role: Role | None
    unit: str | None
    learned_at: datetime
    until: datetime | None = None
    acting: bool = False
    other: str | None = None
    of_post: str | None = None
    unit_kind: str | None = None
    issued_at: datetime | None = None
    replaces: Ref | None = None


def in_order(facts: Iterable[DirectoryFact]) -> list[DirectoryFact]:
    """By business time; at one instant what ends goes before what begins, so that a renewal keeps its holder, and a
    post is there before somebody holds it."""
    return sorted(facts, key=lambda f: (f.at, _RANK[f.kind], f.ref))


_RANK: dict[FactKind, int] = {
    "retracted": 0, "ended": 0, "abolished": 1, "dissolved": 1, "leave-ended": 1, "established": 2, "placed": 2,
    "leave-taken": 2, "assigned": 3,
}  # fmt: skip


def effective(facts: Iterable[DirectoryFact]) -> list[DirectoryFact]:
    """What is held to have happened, in order: of several corrections of one fact the one issued last wins (D4).

    A correction of a correction corrects the fact below it. One that is itself retracted is out of the running. A
    corrected fact keeps its place by the original's identity, and is known since its correction was.
    """
    each = {fact.ref: fact for fact in facts}.values()
    about: defaultdict[Ref, list[DirectoryFact]] = defaultdict(list)
    for fact in each:
        if fact.replaces is not None:
            about[fact.replaces].append(fact)
    held: list[DirectoryFact] = []
    for original in each:
        if original.replaces is not None:
            continue
        running = _running(original, about) if about else ()
        if not running:
            held.append(original)
            continue
        winner = max(running, key=lambda fact: (fact.issued_at or fact.at, fact.ref))
        if winner.kind != "retracted":
            held.append(replace(winner, ref=original.ref))
    return in_order(held)


def _running(original: DirectoryFact, about: Mapping[Ref, Sequence[DirectoryFact]]) -> list[DirectoryFact]:
    """What says what became of this fact, but for what a standing retraction takes back."""
    reached = [original]
    for fact in reached:  # grows: each statement stands behind the one it is about
        reached += (each for each in about.get(fact.ref, ()) if each not in reached)
    taken_back: set[Ref] = set()
    for fact in reversed(reached):
        if fact.kind == "retracted" and fact.replaces is not None and fact.ref not in taken_back:
            taken_back.add(fact.replaces)
    return [
        fact
        for fact in reached[1:]
        if fact.ref not in taken_back and (fact.kind != "retracted" or fact.replaces == original.ref)
    ]


def known_at(facts: Iterable[DirectoryFact], at: datetime | None) -> list[DirectoryFact]:
    """What had been recorded by then; None: all."""
    return [fact for fact in facts if at is None or fact.learned_at <= at]
