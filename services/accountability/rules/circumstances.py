"""What a miss says beside who held the matter: how long each hand had it, who decided what, who follows it, its pauses.

Most misses say nothing of it: a matter in one pair of hands, on which nobody gave an opinion, has none.
"""

from datetime import datetime
from typing import Literal, NamedTuple

from services.accountability.rules.named import Proposal, Ref

RevisionReason = Literal["miss-republished", "directory-fact"]
Stance = Literal["grant", "refuse", "hold"]
Office = Literal["handler", "reviewer", "approver"]
HOLD: Stance = "hold"


class Hand(NamedTuple):
    """The matter was in these hands, [since, until), for so long in the time that its limit counts."""

    since: datetime
    until: datetime | None
    unit: str | None
    person: str | None
    net_minutes: int


class Act(NamedTuple):
    """An opinion, an order or a collective decision; `fact` is its submission, `event` its event on our topics."""

    kind: Literal["opinion", "order", "decision"]
    at: datetime
    stance: Stance
    fact: Ref
    event: str
    known_since: datetime
    person: str | None = None
    role: Office | None = None
    overrides: Ref | None = None
    bypasses: str | None = None
    members: tuple[str, ...] = ()
    dissented: tuple[str, ...] = ()


class Team(NamedTuple):
    """Who belongs to the matter, as far as it was said."""

    lead_unit: str | None = None
    assisting_units: tuple[str, ...] | None = None
    project_manager: str | None = None
    first_contact: str | None = None

    @property
    def followers(self) -> tuple[str, ...]:
        """Who gets every alert on the matter: its project manager, and whoever it came to first."""
        return tuple(dict.fromkeys(p for p in (self.project_manager, self.first_contact) if p is not None))


class Paused(NamedTuple):
    """The limit stood still, as written: (since, until] by days, [since, until) by hours."""

    ground: str
    since: str
    until: str
    assumed: bool


class Circumstances(NamedTuple):
    """Of one miss."""

    hands: tuple[Hand, ...] = ()
    acts: tuple[Act, ...] = ()
    team: Team = Team()
    pauses: tuple[Paused, ...] = ()


NOTHING = Circumstances()


class Beside(NamedTuple):
    """What is kept of a case beside its row, for the few that have it. `confirmed` is the number of the attribution
    that a person last confirmed; `revisions` counts the revisions proposed since, `proposed` is the one that waits."""

    circumstances: Circumstances = NOTHING
    confirmed: int | None = None
    revisions: int = 0
    proposed: Proposal | None = None
    reason: RevisionReason | None = None


NOT_KEPT = Beside()
