"""What facts of the directory amount to: holdings of posts, places of units, leaves, and where facts do not fit.

Tuples, because a storm of misses in many units loads tens of thousands of them: a third of a dataclass's cost.
"""

from datetime import datetime
from typing import NamedTuple

from services.accountability.rules.directory_facts import PostKey
from services.accountability.rules.model import Ref, Role


class Leave(NamedTuple):
    """A person was on leave, [since, until), from one post or from all; `deputy` stood in.

    Here and below `learned_at` is when the last of the facts that shaped it was recorded here, its end included;
    `known_since`, when that was which says that it began: whoever answers for an instant rests on that alone.
    """

    entry: PostKey
    since: datetime
    until: datetime | None
    deputy: str | None
    of_post: str | None
    learned_at: datetime
    known_since: datetime

    @property
    def person(self) -> str:
        return self.entry.post

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


class PostHolding(NamedTuple):
    """A person in a post, [since, until). `unit` None: the post serves the whole authority.

    What an answer of `Directory.holder` adds: `leave` covers the instant asked for; `stands_in_for` holds the post and
    is on that leave, and `person` is the deputy; `passed` are the units below, where the role was vacant; `known_since`
    is then when the last of all these was recorded.
    """

    post: PostKey
    person: str
    role: Role
    unit: str | None
    since: datetime
    until: datetime | None
    learned_at: datetime
    known_since: datetime
    acting: bool = False
    leave: Leave | None = None
    stands_in_for: str | None = None
    passed: tuple[str, ...] = ()

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


class UnitPlace(NamedTuple):
    """A unit under its parent, or at the top, [since, until)."""

    entry: PostKey
    parent: str | None
    kind: str | None
    since: datetime
    until: datetime | None
    learned_at: datetime
    known_since: datetime

    @property
    def unit(self) -> str:
        return self.entry.post

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


class PostTerms(NamedTuple):
    """A post as established, [since, until)."""

    entry: PostKey
    role: Role
    unit: str | None
    since: datetime
    until: datetime | None
    learned_at: datetime


class Vacancy(NamedTuple):
    """A post without a holder, [since, until), with the role and for the unit that its last holder had, or that it was
    established with."""

    post: PostKey
    role: Role
    unit: str | None
    since: datetime
    until: datetime | None
    known_since: datetime

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


class Conflict(NamedTuple):
    """Facts that do not fit each other, from `at` on. `ref` is the fact that does not fit what was before it, None of a
    ring of units; `code` is stable, `detail` for people."""

    entry: PostKey
    code: str
    at: datetime
    ref: Ref | None
    detail: str
