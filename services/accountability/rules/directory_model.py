"""What facts of the directory amount to: holdings of posts, places of units, leaves, and where facts do not fit."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.accountability.rules.directory_facts import PostKey
from services.accountability.rules.model import Ref, Role


@dataclass(frozen=True, slots=True)
class Leave:
    """A person was on leave, [since, until), from one post or from all; `deputy` stood in."""

    entry: PostKey
    since: datetime
    until: datetime | None
    deputy: str | None
    of_post: str | None
    learned_at: datetime

    @property
    def person(self) -> str:
        return self.entry.post

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class PostHolding:
    """A person in a post, [since, until). `unit` None: the post serves the whole authority.

    What an answer of `Directory.holder` adds: `leave` covers the instant asked for; `stands_in_for` holds the post and
    is on that leave, and `person` is the deputy; `passed` are the units below, where the role was vacant.
    """

    post: PostKey
    person: str
    role: Role
    unit: str | None
    since: datetime
    until: datetime | None
    learned_at: datetime
    acting: bool = False
    leave: Leave | None = None
    stands_in_for: str | None = None
    passed: tuple[str, ...] = ()

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class UnitPlace:
    """A unit under its parent, or at the top, [since, until)."""

    entry: PostKey
    parent: str | None
    kind: str | None
    since: datetime
    until: datetime | None
    learned_at: datetime

    @property
    def unit(self) -> str:
        return self.entry.post

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class PostTerms:
    """A post as established, [since, until)."""

    entry: PostKey
    role: Role
    unit: str | None
    since: datetime
    until: datetime | None
    learned_at: datetime


class Conflict(NamedTuple):
    """Facts that do not fit each other, from `at` on. `ref` is the fact that does not fit what was before it, None of a
    ring of units; `code` is stable, `detail` for people."""

    entry: PostKey
    code: str
    at: datetime
    ref: Ref | None
    detail: str


@dataclass(frozen=True, slots=True)
class Entry:
    """All that the facts about one entry amount to."""

    holdings: tuple[PostHolding, ...] = ()
    terms: tuple[PostTerms, ...] = ()
    places: tuple[UnitPlace, ...] = ()
    leaves: tuple[Leave, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
