"""Facts of the directory as this service keeps them, and which of them hold: corrections are facts like others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

Identity = tuple[str, str]
"""(source, id), as the publisher gave it (D1)."""
RETRACTED = "retracted"


@dataclass(frozen=True, slots=True)
class HolderFact:
    """One fact about an entry of an authority: `post` is the id of a post, a unit, or a person on leave. (source, id)
    orders facts of the same instant (D4). `kind` empty: assigned where there is a role, else ended. `unit` is a post's,
    or a unit's parent; `other` the deputy of who is on leave."""

    authority: str
    post: str
    source: str
    id: str
    at: datetime
    person: str | None = None
    role: str | None = None
    unit: str | None = None
    kind: str = ""
    until: datetime | None = None
    acting: bool = False
    other: str | None = None
    of_post: str | None = None
    unit_kind: str | None = None
    issued_at: datetime | None = None
    replaces: Identity | None = None

    @property
    def does(self) -> str:
        return self.kind or ("assigned" if self.role is not None else "ended")

    @property
    def identity(self) -> Identity:
        return self.source, self.id


_FIRST = ("ended", "abolished", "dissolved", "leave-ended", "established", "placed", "leave-taken", "assigned")
"""At one instant what ends goes before what begins: a post handed over at noon is not vacant at noon."""


def standing(facts: Iterable[HolderFact]) -> list[HolderFact]:
    """What is held to have happened, entry by entry in business order. A statement about a fact, or about a statement
    about it, replaces the fact unless it is taken back; of several the one issued last."""
    each = {(f.authority, f.post, f.identity): f for f in facts}
    about: dict[tuple[str, str, Identity], list[HolderFact]] = {}
    for fact in each.values():
        if fact.replaces is not None:
            about.setdefault((fact.authority, fact.post, fact.replaces), []).append(fact)
    found = [_as_it_was(fact, about) if about else fact for fact in each.values() if fact.replaces is None]
    held = [f for f in found if f is not None and (f.until is None or f.at < f.until)]
    return sorted(held, key=lambda f: (f.authority, f.post, f.at, _rank(f.does), f.source, f.id))


def _rank(does: str) -> int:
    place = _FIRST.index(does)
    return 0 if place == 0 else 1 if place < 4 else 2 if place < 7 else 3


def _as_it_was(original: HolderFact, about: Mapping[tuple[str, str, Identity], list[HolderFact]]) -> HolderFact | None:
    """The fact with what became of it; None: it never was."""
    gone: dict[Identity, bool] = {}

    def taken_back(fact: HolderFact) -> bool:
        if fact.identity not in gone:
            gone[fact.identity] = False  # of statements that are about each other in a ring, none is reached
            said = about.get((fact.authority, fact.post, fact.identity), ())
            gone[fact.identity] = any(f.does == RETRACTED and not taken_back(f) for f in said)
        return gone[fact.identity]

    reached = [original]
    for fact in reached:
        said = about.get((fact.authority, fact.post, fact.identity), ())
        reached += [f for f in said if f not in reached]
    running = [
        fact
        for fact in reached[1:]
        if not taken_back(fact) and (fact.does != RETRACTED or fact.replaces == original.identity)
    ]
    if not running:
        return original
    last = max(running, key=lambda f: (f.issued_at or f.at, f.identity))
    return None if last.does == RETRACTED else replace(last, source=original.source, id=original.id)
