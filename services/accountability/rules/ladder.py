"""The ladder (domain, section 3): who is addressed when, as data of a versioned rulebook.

A case climbs the ladder that was stamped on it when it opened; a later edition never changes a running case (D4). What
else may be done on the ladder is said by the edition whose name the case bears.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from services.accountability.rules.card_rules import CardEdition
from services.accountability.rules.lead_rules import LeadEdition
from services.accountability.rules.model import Addressee, Case, Proposal, Role, Rung
from services.accountability.rules.overseers import OverseerEdition
from services.accountability.rules.process_edition import ProcessEdition
from services.accountability.rules.rectification import RectificationEdition
from services.accountability.rules.scores import ScoreEdition

TICK = timedelta(microseconds=1)
E = TypeVar("E", OverseerEdition, RectificationEdition)


@dataclass(frozen=True, slots=True)
class SnoozeTerms:
    """How often the rungs of one standing may be put off, for how long at most each time, and by holders of which
    roles of the case."""

    times: int
    longest: str
    by: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of the rulebook, in force from a day on. Without `snooze` no rung is put off."""

    version: str
    effective_from: date
    ladder: tuple[Rung, ...]
    acknowledgement_stops: bool = False
    snooze: SnoozeTerms | None = None
    deputies_answer: bool = True
    """For what falls due while a holder is on leave: the deputy; else the holder all the same."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All editions, the earliest first; the first is in force for all time before the second. The rules of cards, of
    proceedings, of overseers, of rectification, of leads and of scores have editions of their own."""

    name: str
    editions: tuple[Edition, ...]
    cards: tuple[CardEdition, ...] = ()
    proceedings: tuple[ProcessEdition, ...] = ()
    overseers: tuple[OverseerEdition, ...] = ()
    rectification: tuple[RectificationEdition, ...] = ()
    leads: tuple[LeadEdition, ...] = ()
    scores: tuple[ScoreEdition, ...] = ()

    def of(self, case: Case) -> Edition | None:
        """The edition whose name a case bears; None where the file no longer has it."""
        return next((edition for edition in self.editions if self.stamp(edition) == case.rulebook), None)

    def take_up(self, case: Case) -> str | None:
        """Within what the overseers are to take a lead up; None: nothing says so."""
        edition = self.overseer_rules(case.late_from, case.zone)
        return None if edition is None else edition.take_up

    def overseer_rules(self, late_from: datetime, zone: str) -> OverseerEdition | None:
        """The rules of overseers' duties for what was due then; None: the rulebook has none."""
        return _on(_due_day(late_from, zone), self.overseers)

    def rectification_rules(self, day: date) -> RectificationEdition | None:
        """The rules for what is ordered on a day; None: the rulebook has none."""
        return _on(day, self.rectification)

    def in_force(self, late_from: datetime, zone: str) -> Edition:
        """The edition in force on the day of the due, by its effective date and never by arrival (D4)."""
        day = _due_day(late_from, zone)
        return next((e for e in reversed(self.editions) if e.effective_from <= day), self.editions[0])

    def stamp(self, edition: Edition) -> str:
        """How a case refers to it."""
        return f"{self.name}/{edition.version}"


def _on(day: date, editions: Sequence[E]) -> E | None:
    found = next((edition for edition in reversed(editions) if edition.effective_from <= day), None)
    return found or next(iter(editions), None)


NO_RULEBOOK = Rulebook("", ())
"""For who has none."""


@lru_cache(maxsize=1024)
def _due_day(late_from: datetime, zone: str) -> date:
    return (late_from - TICK).astimezone(ZoneInfo(zone)).date()


def addressee(ladder: tuple[Rung, ...], rung: int, proposal: Proposal) -> Addressee:
    """Whom a rung reaches: its role's holder at the due instant; a vacant post is skipped upwards and says so. Where
    everyone from there on is vacant, the ladder's last role with no person."""
    holders = {responsible.role: responsible.person for responsible in reversed(proposal)}  # the first of a role
    skipped: list[Role] = []
    for step in ladder[rung:]:
        if holders[step.role] is not None:
            return Addressee(step.role, holders[step.role], tuple(skipped))
        skipped.append(step.role)
    return Addressee(ladder[-1].role, None, tuple(skipped[:-1]))
