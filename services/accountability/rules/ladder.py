"""The ladder (domain, section 3): who is addressed when, as data of a versioned rulebook.

A case climbs the ladder that was stamped on it when it opened; a later edition never changes a running case (D4).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.accountability.rules.card_rules import CardEdition
from services.accountability.rules.model import Addressee, Proposal, Role, Rung

TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of the rulebook, in force from a day on."""

    version: str
    effective_from: date
    ladder: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All editions, the earliest first; the first is in force for all time before the second. The rules of cards have
    editions of their own."""

    name: str
    editions: tuple[Edition, ...]
    cards: tuple[CardEdition, ...] = ()

    def in_force(self, late_from: datetime, zone: str) -> Edition:
        """The edition in force on the day of the due, by its effective date and never by arrival (D4)."""
        day = _due_day(late_from, zone)
        return next((e for e in reversed(self.editions) if e.effective_from <= day), self.editions[0])

    def stamp(self, edition: Edition) -> str:
        """How a case refers to it."""
        return f"{self.name}/{edition.version}"


@lru_cache(maxsize=1024)
def _due_day(late_from: datetime, zone: str) -> date:
    return (late_from - TICK).astimezone(ZoneInfo(zone)).date()


def addressee(ladder: tuple[Rung, ...], rung: int, proposal: Proposal) -> Addressee:
    """Whom a rung reaches: its role's holder at the due instant; a vacant post is skipped upwards and says so. Where
    everyone from there on is vacant, the ladder's last role with no person."""
    holders = {responsible.role: responsible.person for responsible in proposal}
    skipped: list[Role] = []
    for step in ladder[rung:]:
        if holders[step.role] is not None:
            return Addressee(step.role, holders[step.role], tuple(skipped))
        skipped.append(step.role)
    return Addressee(ladder[-1].role, None, tuple(skipped[:-1]))
