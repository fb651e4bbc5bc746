"""Which findings open a case of their own, and how severe they are: versioned data of the rulebook (`leads:`)."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.accountability.rules.model import Ref

Severity = Literal["general", "serious", "especially-serious"]


@dataclass(frozen=True, slots=True)
class LeadRule:
    """A finding of this code opens a case of this severity."""

    finding: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class LeadEdition:
    """One version, in force from a day on; `name` is how a case refers to it."""

    name: str
    effective_from: date
    rules: tuple[LeadRule, ...]

    def rule_of(self, finding: str) -> LeadRule | None:
        """None: it opens no case, and is on record as a finding."""
        return next((rule for rule in self.rules if rule.finding == finding), None)


@dataclass(frozen=True, slots=True)
class Lead:
    """What a case says of the lead that it is; `rule` names the edition by which it opened."""

    kind: str
    severity: Severity
    rule: str
    fact: Ref
    evidence: tuple[str, ...]
