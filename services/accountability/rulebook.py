"""The rulebook's file, checked before it governs anything: a service with a faulty rulebook does not start."""

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, StringConstraints, model_validator

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

    @model_validator(mode="after")
    def _ordered(self) -> "RulebookText":
        if any(before.effective_from >= after.effective_from for before, after in pairwise(self.editions)):
            raise ValueError("editions follow each other by effective_from")
        if len({edition.version for edition in self.editions}) != len(self.editions):
            raise ValueError("two editions have the same version")
        return self


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
            )
            for edition in text.editions
        ),
    )
