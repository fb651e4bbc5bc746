"""One edition of the rules of proceedings, pinned on a case at its preliminary review."""

from dataclasses import dataclass
from datetime import date

from services.accountability.rules.exemption import ExemptionGround
from services.accountability.rules.measures import Measure, MeasureRule

LEAST_INVESTIGATORS = 2
"""R28 [L]: no rulebook goes below it."""


@dataclass(frozen=True, slots=True)
class ProcessLimit:
    """How long a duty may take, and whose rule that is."""

    clock: str
    amount: str
    source: str


@dataclass(frozen=True, slots=True)
class ProcessEdition:
    """`name` is rulebook and version. `decision_most` and `appeal_most` count from filing and from the appeal, with the
    extension. `two_people` are the steps of which one proposes and another confirms. `filing_stops_ladder`: no rung
    fires that falls due after the case was filed or dismissed."""

    name: str
    effective_from: date
    limits: tuple[ProcessLimit, ...]
    decision_most: str
    appeal_most: str
    quorum: int
    two_people: frozenset[str]
    investigators_may_vote: bool
    repetition_months: int
    measures: tuple[Measure, ...]
    recommend: tuple[MeasureRule, ...]
    exemptions: tuple[ExemptionGround, ...]
    filing_stops_ladder: bool = True

    def limit(self, clock: str) -> ProcessLimit | None:
        """None: this edition gives that duty no limit."""
        return next((limit for limit in self.limits if limit.clock == clock), None)

    def measure(self, code: str) -> Measure | None:
        """A measure by its code."""
        return next((measure for measure in self.measures if measure.code == code), None)


def in_force(editions: tuple[ProcessEdition, ...], day: date) -> ProcessEdition | None:
    """By effective date and never by arrival (D4); None: the rulebook has no proceedings."""
    if not editions:
        return None
    return next((e for e in reversed(editions) if e.effective_from <= day), editions[0])
