"""Recommended measures 处理建议 (R26, R27): severity × role × how often within a year, by the rulebook.

It recommends and never imposes: formal sanctions are decided by the competent authority only, so none of them is a
measure here; where the rulebook would recommend one, it recommends a referral with the range as a hint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from services.accountability.rules.model import Role

Severity = Literal["general", "serious", "especially-serious"]
"""一般, 严重, 特别严重."""
NONE = "none"
"""The measure of who is found not to have violated anything."""
REFERRAL = "referral"
"""移送: the harshest that can be announced; a formal sanction is the competent authority's alone (R26)."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One kind of measure. `influence` is for how long it counts against a person (an amount), None: not at all."""

    code: str
    name: str
    influence: str | None


@dataclass(frozen=True, slots=True)
class MeasureRule:
    """From the `times`-th time on. `range` is told with a referral."""

    severity: Severity
    role: Role
    times: int
    measure: str
    rule: str
    range: str | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What the rulebook recommends, and by which of its rules."""

    measure: str
    rule: str
    range: str | None


def recommend(rules: Sequence[MeasureRule], severity: Severity, role: Role, earlier: int) -> Recommendation | None:
    """The rule for the highest number of times that is reached; `earlier` are those before this one (R27)."""
    fitting = [r for r in rules if (r.severity, r.role) == (severity, role) and r.times <= earlier + 1]
    if not fitting:
        return None
    best = max(fitting, key=lambda rule: rule.times)
    return Recommendation(best.measure, best.rule, best.range)


def harshness(measures: Sequence[Measure], code: str) -> int | None:
    """Its place in the rulebook's order, from none upwards to a referral; None: there is no such measure."""
    order = (NONE, *(measure.code for measure in measures), REFERRAL)
    return order.index(code) if code in order else None
