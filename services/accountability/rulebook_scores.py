"""The section `scores:` of the rulebook's file."""

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from services.accountability.rules.scores import ScoreEdition
from shared.events.base import Model, Text

Part = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
Days = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,2}d$")]
Loss = Annotated[int, Field(ge=-1000, le=0)]
Percent = Annotated[int, Field(ge=1, le=100)]


class RunText(Model):
    """So many warned limits in a row."""

    in_a_row: int = Field(ge=1, le=100)
    points: Loss


class CardPointsText(Model):
    """A card. `count`: of one limit and rule the highest, or each of them."""

    yellow: Loss
    red: Loss
    count: Literal["highest", "each"] = "highest"


class SlipPointsText(Model):
    """A slip (R23), which stands in the place of a card. Of one limit as of cards."""

    blue: Loss
    orange: Loss
    red: Loss


class EarlyText(Model):
    """Limits that ended at least `by` before it would have been too late."""

    by: Days = "1d"
    each_percent: Percent
    points: int = Field(ge=0, le=100)


class MissingText(Model):
    """Limits of which something was not told; at most `most` in all."""

    of: tuple[Literal["item", "person"], ...] = Field(min_length=1)
    each_percent: Percent
    points: Loss
    most: Loss


class ScoreEditionText(Model):
    """One version of the rules of scores. It governs the months that begin on or after `effective_from`."""

    version: Part
    effective_from: date
    source: Text
    begins_at: int = Field(ge=0, le=1000)
    least: int = 0
    most: int
    warnings: RunText
    cards: CardPointsText
    slips: SlipPointsText | None = None
    early: EarlyText
    missing: MissingText

    @model_validator(mode="after")
    def _bounded(self) -> "ScoreEditionText":
        if not self.least <= self.begins_at <= self.most:
            raise ValueError("a score begins within its bounds")
        if len(set(self.missing.of)) != len(self.missing.of):
            raise ValueError("what may be missing is named once")
        return self

    def edition(self, rulebook: str) -> ScoreEdition:
        """As the rules see it."""
        return ScoreEdition(
            name=f"{rulebook}/scores-{self.version}",
            effective_from=self.effective_from,
            begins_at=self.begins_at,
            least=self.least,
            most=self.most,
            in_a_row=self.warnings.in_a_row,
            run_points=self.warnings.points,
            yellow_points=self.cards.yellow,
            red_points=self.cards.red,
            slip_points={}
            if self.slips is None
            else {
                "blue": self.slips.blue,
                "orange": self.slips.orange,
                "red": self.slips.red,
            },
            each_card=self.cards.count == "each",
            early_by=timedelta(days=int(self.early.by.removesuffix("d"))),
            early_percent=self.early.each_percent,
            early_points=self.early.points,
            missing_of=self.missing.of,
            missing_percent=self.missing.each_percent,
            missing_points=self.missing.points,
            missing_most=self.missing.most,
        )
