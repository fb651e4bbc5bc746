"""Who decided what on a matter, and who belongs to it (R25): from its facts, for whoever attributes a miss.

They move no limit. Most matters have none of these facts: for those nothing is made, and nothing said.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

OPINION, ORDER, DECISION, TEAM = "opinion.given", "order.given", "decision.taken", "team.named"
ACTS = {OPINION: "opinion", ORDER: "order", DECISION: "decision"}
CONDUCT = frozenset({*ACTS, TEAM})
TOLD_ACTS = 20
"""A miss tells the last so many acts before its due, as it does hands: it must fit into a message."""


@dataclass(frozen=True, slots=True)
class Act:
    """An opinion, an order or a collective decision. `known_since` is when it was received here."""

    kind: str
    at: datetime
    stance: str
    fact: tuple[str, str]
    event: str
    known_since: datetime
    person: str | None = None
    role: str | None = None
    overrides: tuple[str, str] | None = None
    bypasses: str | None = None
    members: tuple[str, ...] = ()
    dissented: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Team:
    """Who belongs to the matter; what is None was never said."""

    lead_unit: str | None = None
    assisting_units: tuple[str, ...] | None = None
    project_manager: str | None = None
    first_contact: str | None = None

    def renewed(self, said: "Team") -> "Team":
        """What is said now counts; of what is not, what was said before."""
        return Team(
            said.lead_unit or self.lead_unit,
            self.assisting_units if said.assisting_units is None else said.assisting_units,
            said.project_manager or self.project_manager,
            said.first_contact or self.first_contact,
        )


NO_TEAM = Team()
NOTHING_DONE: tuple[tuple[Act, ...], Team] = (), NO_TEAM


@dataclass(frozen=True, slots=True)
class Conduct:
    """Acts and teams of a matter in order, each with the instant from which it counts."""

    acts: tuple[Act, ...]
    teams: tuple[tuple[datetime, Team], ...]

    def before(self, late_from: datetime) -> tuple[tuple[Act, ...], Team]:
        """The last acts, and the team, as of just before an instant: what comes later moves no responsibility."""
        team = NO_TEAM
        for since, said in self.teams:
            if since < late_from:
                team = team.renewed(said)
        return tuple(act for act in self.acts if act.at < late_from)[-TOLD_ACTS:], team


class _Said(Protocol):
    """A fact, of which only its instant, its identity and what its type says are asked."""

    @property
    def occurred(self) -> datetime: ...
    @property
    def identity(self) -> tuple[str, str]: ...
    @property
    def detail(self) -> object: ...


def conduct_of(facts: Iterable[_Said]) -> Conduct:
    """What these facts, in order, say of it."""
    acts: list[Act] = []
    teams: list[tuple[datetime, Team]] = []
    for fact in facts:
        if isinstance(fact.detail, Act):
            acts.append(replace(fact.detail, fact=fact.identity))  # where it was corrected, the original's
        elif isinstance(fact.detail, Team):
            teams.append((fact.occurred, fact.detail))
    return Conduct(tuple(acts), tuple(teams))
