"""明察暗访 on the topics: what was found is withheld until it is published, and told with the publication.

    inspection.recorded ──► HIDDEN: its facts travel, ──inspection.published──► PUBLISHED: the publication carries what
                            without their content                               was withheld; all else in full

The facts travel all the same, because the inspectors are on the clock from the day of the inspection (docs/decisions/
hidden-inspections-travel-without-content.md). A publication that comes first leaves nothing to be withheld. What was
published once is hidden from nobody any more, whatever becomes of the publication.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from services.intake.rules.judge import Submission
from services.intake.rules.order import INSPECTED, PUBLISHED
from services.intake.rules.settle import Aggregate, Entered, Identity, aggregate_of

State = Literal["hidden", "published"]
HIDDEN: State = "hidden"
CORRECTED = "fact.corrected"
DISCLOSED = ("title", "about", "evidence")
"""What was found, and about whom."""
_DROPPED = frozenset({*DISCLOSED, "note", "missing"})
REASON = "withheld until the inspection is published"
"""In the place of a reason: a limit may ask that there is one."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How a fact is published. `disclosed`: what was withheld of other facts, by their submissions."""

    withheld: bool = False
    disclosed: tuple[tuple[Identity, Mapping[str, Any]], ...] = ()


WHOLE = Shown()


@dataclass(slots=True)
class Inspections:
    """What is known of the matters of a batch. `withheld` are the facts whose content the topics lack yet."""

    states: dict[Aggregate, State] = field(default_factory=dict)
    withheld: dict[Aggregate, list[tuple[Identity, Mapping[str, Any]]]] = field(default_factory=dict)
    changed: dict[Aggregate, State] = field(default_factory=dict)

    def show(self, entered: Entered) -> Shown:
        """How the next fact of the batch is published, and what it changes."""
        submission, of = entered.accepted.submission, aggregate_of(entered.accepted)
        state = self.states.get(of)
        if submission.type == PUBLISHED:
            if state != "published":
                self.states[of] = self.changed[of] = "published"
            return Shown(disclosed=tuple(self.withheld.pop(of, ())))
        if state is None and records_an_inspection(submission):
            state = self.states[of] = self.changed[of] = HIDDEN
        if state != HIDDEN:
            return WHOLE
        if found := content_of(stated(submission)):
            self.withheld.setdefault(of, []).append((submission.identity, found))
        return Shown(withheld=True)


def records_an_inspection(submission: Submission) -> bool:
    """Whether it says what an inspection found, be it a correction of one that is not known here."""
    return submission.fact is not None and submission.fact.type == INSPECTED


def stated(submission: Submission) -> Mapping[str, Any]:
    """What a fact says, or a correction of one."""
    return submission.data if submission.replaces is None or submission.fact is None else submission.fact.data


def content_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Of what a fact says, what was found."""
    return {name: data[name] for name in DISCLOSED if data.get(name) is not None}


def veiled(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a fact says without its content: what its clocks need, and in whose hands it is."""
    return {name: REASON if name == "reason" else value for name, value in data.items() if name not in _DROPPED}


def to_disclose(entered: Iterable[Entered], states: Mapping[Aggregate, State]) -> Sequence[Aggregate]:
    """The hidden matters that a batch publishes: what was withheld of them is to be read."""
    publications = {aggregate_of(e.accepted) for e in entered if e.accepted.submission.type == PUBLISHED}
    return sorted(of for of in publications if states.get(of) == HIDDEN)
