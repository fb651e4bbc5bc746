"""The section `cards:` of the rulebook's file, slips included."""

from datetime import date
from itertools import pairwise
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from services.accountability.rules.card_rules import LEVELS, SLIPS, CardEdition, CardRule, Ground, Level, Slips
from shared.events.base import Model, Name, Text

Amount = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,4}(wd|d|m|h|wh|min)$")]
Part = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]


class GroundText(Model):
    """For what there is a card of which level. `left` only for warnings, `after` for what is overdue."""

    ground: Ground
    level: Level
    left: tuple[Amount, ...] = ()
    after: Amount | None = None

    @model_validator(mode="after")
    def _whole(self) -> "GroundText":
        if self.left and self.ground != "warned":
            raise ValueError("`left` is of warnings")
        if (self.after is not None) != (self.ground == "overdue"):
            raise ValueError("`after` says how late something is that is overdue, and belongs there alone")
        return self


class CardRuleText(GroundText):
    """R21. `times` only for what is repeated."""

    times: int | None = Field(default=None, ge=2, le=20)

    @model_validator(mode="after")
    def _of_a_card(self) -> "CardRuleText":
        if self.level not in LEVELS:
            raise ValueError("a card is a reminder, a warning, yellow or red; blue and orange are slips")
        if (self.times is not None) != (self.ground == "repeated"):
            raise ValueError("`times` says how often something is repeated, and belongs there alone")
        if self.ground == "repeated" and self.level != "red":
            raise ValueError("repeated yellow cards make a red one")
        if (self.ground == "warned") != (LEVELS.index(self.level) < LEVELS.index("yellow")):
            raise ValueError("a warning is a ground for a reminder or a warning, all else for a yellow or red card")
        return self


class SlipRuleText(GroundText):
    """R23. `urgent`: the level of what is urgent, where that is another."""

    urgent: Level | None = None

    @model_validator(mode="after")
    def _of_a_slip(self) -> "SlipRuleText":
        if self.level not in SLIPS or (self.urgent or self.level) not in SLIPS:
            raise ValueError("a slip is blue, orange or red")
        if self.urgent is not None and SLIPS.index(self.urgent) <= SLIPS.index(self.level):
            raise ValueError("what is urgent starts higher")
        if self.ground == "repeated":
            raise ValueError("only yellow cards are counted")
        return self


class SlipsText(Model):
    """Which items have slips in the place of yellow and red cards, and which happening raises which."""

    items: tuple[Name, ...] = Field(min_length=1)
    source: Text = Field(description="[L] a statute with its article, [P] practice of offices, [D] Duban's default.")
    rules: tuple[SlipRuleText, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rises(self) -> "SlipsText":
        for levels in ([r.level for r in self.rules], [r.urgent or r.level for r in self.rules]):
            if any(SLIPS.index(one) > SLIPS.index(next_) for one, next_ in pairwise(levels)):
                raise ValueError("rules of slips go upwards: a later happening never has a lower level")
        warned = [rule.ground == "warned" for rule in self.rules]
        if warned != sorted(warned, reverse=True):
            raise ValueError("warnings come before what they warn of")
        said = [(rule.ground, rule.after, rule.left) for rule in self.rules]
        if len(set(said)) != len(said):
            raise ValueError("each happening has one rule")
        return self


class CardEditionText(Model):
    """One version of the rules of cards. It governs what is due on or after `effective_from`."""

    version: Part
    effective_from: date
    source: Text
    rules: tuple[CardRuleText, ...] = Field(min_length=1)
    slips: tuple[SlipsText, ...] = ()

    @model_validator(mode="after")
    def _one_level_each(self) -> "CardEditionText":
        grounds = [rule.ground for rule in self.rules if rule.ground != "warned"]
        if len(set(grounds)) != len(grounds):
            raise ValueError("each ground but `warned` has one rule")
        items = [item for slips in self.slips for item in slips.items]
        if len(set(items)) != len(items):
            raise ValueError("each item has its slips once")
        return self

    def edition(self, rulebook: str) -> CardEdition:
        """As the rules see it."""
        return CardEdition(
            f"{rulebook}/cards-{self.version}",
            self.effective_from,
            tuple(CardRule(r.ground, r.level, r.left, r.after, r.times or 0) for r in self.rules),
            tuple(
                Slips(
                    frozenset(each.items),
                    tuple(CardRule(r.ground, r.level, r.left, r.after, urgent=r.urgent) for r in each.rules),
                )
                for each in self.slips
            ),
        )
