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
    """When the last of these was received."""


Proposal = tuple[Responsible, ...]
"""One Responsible for each of ROLES, in that order; after them whoever else is direct (R25, collective decisions)."""
