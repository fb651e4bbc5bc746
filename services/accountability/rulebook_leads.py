"""The section `leads:` of the rulebook's file."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from services.accountability.rules.lead_rules import LeadEdition, LeadRule
from shared.events.base import Model, Text

Part = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]


class LeadRuleText(Model):
    """A finding that opens a case."""

    finding: Part
    severity: Literal["general", "serious", "especially-serious"]
    source: Text = Field(description="[L] a statute with its article, [P] practice of offices, [D] Duban's default.")


class LeadEditionText(Model):
    """One version of the rules of leads. It governs acts on or after `effective_from`."""

    version: Part
    effective_from: date
    source: Text
    rules: tuple[LeadRuleText, ...]

    @model_validator(mode="after")
    def _one_each(self) -> "LeadEditionText":
        findings = [rule.finding for rule in self.rules]
        if len(set(findings)) != len(findings):
            raise ValueError("each finding has one rule")
        return self

    def edition(self, rulebook: str) -> LeadEdition:
        """As the rules see it."""
        rules = tuple(LeadRule(rule.finding, rule.severity) for rule in self.rules)
        return LeadEdition(f"{rulebook}/leads-{self.version}", self.effective_from, rules)
