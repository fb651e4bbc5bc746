"""Who is named: roles, and what is said of whoever held them."""

from datetime import datetime
from typing import Literal, NamedTuple

Role = Literal["direct", "leading", "principal"]


class Ref(NamedTuple):
    """An event's identity (D1)."""

    source: str
    id: str


class Responsible(NamedTuple):
    """Who held a role at the due instant; `person` None: the post was vacant."""

    role: Role
    person: str | None
    rule: str
    because: str
    facts: tuple[str, ...] = ()
    """The matter's own facts it rests on, as events on our topics."""
    known_since: datetime | None = None
    """When the last of these was received, and of those of the directory that say who held the post; None where it
    rests on the matter's hand-overs alone, or nothing was ever said of a post."""


Proposal = tuple[Responsible, ...]
"""One Responsible for each of ROLES, in that order; after them whoever else is direct (R25, collective decisions)."""


def says_the_same(one: Proposal, other: Proposal) -> bool:
    """Whether both name the same people by the same rules for the same reasons. A fact that is told again is known
    since another instant, and that alone is no reason to say anything anew."""
    if one == other:
        return True
    return [r._replace(known_since=None) for r in one] == [r._replace(known_since=None) for r in other]


def latest(*instants: datetime | None) -> datetime | None:
    """Since when all of this is known; None where nothing of it ever was said."""
    return max((each for each in instants if each is not None), default=None)
