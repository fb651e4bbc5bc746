"""The rulebook's file, checked before it governs anything: a service with a faulty rulebook does not start."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, StringConstraints, model_validator

from services.accountability.rulebook_cards import CardEditionText
from services.accountability.rulebook_leads import LeadEditionText
from services.accountability.rulebook_overseers import OverseerEditionText, RectificationEditionText, SnoozeText
from services.accountability.rulebook_process import ProcessEditionText
from services.accountability.rulebook_scores import ScoreEditionText
from services.accountability.rules import ladder, model
from shared.events.base import Model, Role, Text

Amount = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,4}(wd|d|m|h|wh|min)$")]
Part = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]


class RungText(Model):
    """One rung: `after` counts from the opening of the case, in the calendar and zone of the limit that was missed."""

    rung: int = Field(ge=0)
    role: Role
    after: Amount | None = None


class EditionText(Model):
    """One version. It governs misses whose due lies on or after `effective_from`."""

    version: Part
    effective_from: date
    source: Text
    ladder: tuple[RungText, ...] = Field(min_length=1)
    on_leave: Literal["deputy", "holder"] = "deputy"
    """Who answers for what falls due while a holder is on leave."""
    acknowledgement_stops: bool = False
    """Whether the ladder stops when somebody whom the case concerns has read it."""
    snooze: SnoozeText | None = None

    @model_validator(mode="after")
    def _climbs(self) -> "EditionText":
        if [step.rung for step in self.ladder] != list(range(len(self.ladder))):
            raise ValueError("rungs are numbered 0, 1, 2, … in order")
        if self.ladder[0].after is not None or any(step.after is None for step in self.ladder[1:]):
            raise ValueError("rung 0 is the day of the miss and has no `after`; every other rung has one")
        roles = [model.ROLES.index(step.role) for step in self.ladder]
        if any(below >= above for below, above in pairwise(roles)):
            raise ValueError("roles only rise: direct, leading, principal")
        amounts = [step.after for step in self.ladder if step.after is not None]
        if len({amount.lstrip("0123456789") for amount in amounts}) > 1:
            raise ValueError("one ladder counts in one unit, so that its order is certain")
        counts = [int(amount.rstrip("wdmhin")) for amount in amounts]
        if any(below >= above for below, above in pairwise(counts)):
            raise ValueError("each rung comes later than the one below")
        return self


class RulebookText(Model):
    """The whole file."""

    name: Part
    editions: tuple[EditionText, ...] = Field(min_length=1)
    cards: tuple[CardEditionText, ...] = ()
    proceedings: tuple[ProcessEditionText, ...] = ()
    leads: tuple[LeadEditionText, ...] = ()
    overseers: tuple[OverseerEditionText, ...] = ()
    rectification: tuple[RectificationEditionText, ...] = ()
    scores: tuple[ScoreEditionText, ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> "RulebookText":
        _follow(self.editions)
        _follow(self.cards)
        _follow(self.proceedings)
        _follow(self.leads)
        _follow(self.overseers)
        _follow(self.rectification)
        _follow(self.scores)
        return self


Versioned = (
    EditionText
    | CardEditionText
    | ProcessEditionText
    | LeadEditionText
    | OverseerEditionText
    | RectificationEditionText
    | ScoreEditionText
)


def _follow(editions: Sequence[Versioned]) -> None:
    if any(before.effective_from >= after.effective_from for before, after in pairwise(editions)):
        raise ValueError("editions follow each other by effective_from")
    if len({edition.version for edition in editions}) != len(editions):
        raise ValueError("two editions have the same version")


def load(file: Path) -> ladder.Rulebook:
    """The rulebook. Raises OSError, yaml.YAMLError or pydantic.ValidationError, each naming what is wrong."""
    text = RulebookText.model_validate(yaml.safe_load(file.read_text()), strict=False)
    return ladder.Rulebook(
        text.name,
        tuple(
            ladder.Edition(
                edition.version,
                edition.effective_from,
                tuple(model.Rung(step.rung, step.role, step.after) for step in edition.ladder),
                deputies_answer=edition.on_leave == "deputy",
                acknowledgement_stops=edition.acknowledgement_stops,
                snooze=_snooze(edition.snooze),
            )
            for edition in text.editions
        ),
        tuple(edition.edition(text.name) for edition in text.cards),
        tuple(edition.edition(text.name) for edition in text.proceedings),
        leads=tuple(edition.edition(text.name) for edition in text.leads),
        overseers=tuple(edition.edition() for edition in text.overseers),
        rectification=tuple(edition.edition() for edition in text.rectification),
        scores=tuple(edition.edition(text.name) for edition in text.scores),
    )


def _snooze(text: SnoozeText | None) -> ladder.SnoozeTerms | None:
    return None if text is None else ladder.SnoozeTerms(text.times, text.longest, text.by)
