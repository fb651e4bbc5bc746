"""The rulebook's file, checked before it governs anything: a service with a faulty rulebook does not start."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, StringConstraints, model_validator

from services.accountability.rulebook_leads import LeadEditionText
from services.accountability.rulebook_overseers import OverseerEditionText, RectificationEditionText, SnoozeText
from services.accountability.rulebook_process import ProcessEditionText
from services.accountability.rulebook_scores import ScoreEditionText
from services.accountability.rules import ladder, model
from services.accountability.rules.card_rules import LEVELS, CardEdition, CardRule, Ground, Level
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


class CardRuleText(Model):
    """For what there is a card of which level. `left` only for warnings, `after` for what is overdue, `times` for what
    is repeated."""

    ground: Ground
    level: Level
    left: tuple[Amount, ...] = ()
    after: Amount | None = None
    times: int | None = Field(default=None, ge=2, le=20)

    @model_validator(mode="after")
    def _whole(self) -> "CardRuleText":
        if self.left and self.ground != "warned":
            raise ValueError("`left` is of warnings")
        if (self.after is not None) != (self.ground == "overdue"):
            raise ValueError("`after` says how late something is that is overdue, and belongs there alone")
        if (self.times is not None) != (self.ground == "repeated"):
            raise ValueError("`times` says how often something is repeated, and belongs there alone")
        if self.ground == "repeated" and self.level != "red":
            raise ValueError("repeated yellow cards make a red one")
        if (self.ground == "warned") != (LEVELS.index(self.level) < LEVELS.index("yellow")):
            raise ValueError("a warning is a ground for a reminder or a warning, all else for a yellow or red card")
        return self


class CardEditionText(Model):
    """One version of the rules of cards. It governs what is due on or after `effective_from`."""

    version: Part
    effective_from: date
    source: Text
    rules: tuple[CardRuleText, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_level_each(self) -> "CardEditionText":
        grounds = [rule.ground for rule in self.rules if rule.ground != "warned"]
        if len(set(grounds)) != len(grounds):
            raise ValueError("each ground but `warned` has one rule")
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
        tuple(
            CardEdition(
                f"{text.name}/cards-{edition.version}",
                edition.effective_from,
                tuple(CardRule(r.ground, r.level, r.left, r.after, r.times or 0) for r in edition.rules),
            )
            for edition in text.cards
        ),
        tuple(edition.edition(text.name) for edition in text.proceedings),
        leads=tuple(edition.edition(text.name) for edition in text.leads),
        overseers=tuple(edition.edition() for edition in text.overseers),
        rectification=tuple(edition.edition() for edition in text.rectification),
        scores=tuple(edition.edition(text.name) for edition in text.scores),
    )


def _snooze(text: SnoozeText | None) -> ladder.SnoozeTerms | None:
    return None if text is None else ladder.SnoozeTerms(text.times, text.longest, text.by)
