"""The section `proceedings` of the rulebook's file: limits of due process, who has to agree, measures, exemptions.

What the law forbids to skip is not here but in rules/process_guards.py: no file can lower it.
"""

from datetime import date
from typing import Annotated, get_args

from pydantic import Field, StringConstraints, model_validator

from services.accountability.rules.exemption import ExemptionGround
from services.accountability.rules.measures import NONE, REFERRAL, Measure, MeasureRule, Severity
from services.accountability.rules.process import WITHOUT_MEASURES
from services.accountability.rules.process_clocks import OFFICE_CLOCKS, PARTY_CLOCKS
from services.accountability.rules.process_edition import ProcessEdition, ProcessLimit
from services.accountability.rules.process_model import Step
from shared.events.base import Model, Role, Text

Part = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
Amount = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,4}(wd|d|m)$")]
Period = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,3}[md]$")]
AT_MOST = {
    "decision": 180, "decision_most": 360, "review-answer": 30, "appeal-decision": 60, "appeal_most": 90,
}  # fmt: skip
"""R28, R29 [L] in days, a month being 30: no place gives its overseers more."""
AT_LEAST = {"review-request": 30, "appeal": 15}
"""R29 [L]: no place gives a party less."""
CLOCKS = (PARTY_CLOCKS | OFFICE_CLOCKS) - {"decision-extended", "appeal-decision-extended"}


class ProcessLimitText(Model):
    """How long a duty may take, and whose rule that is."""

    after: Amount
    source: Text


class MeasureText(Model):
    """One measure; the list goes from the mildest to the harshest."""

    code: Part
    name: Text
    influence: Period | None = None
    source: Text


class MeasureRuleText(Model):
    """What is recommended from the `times`-th time on."""

    severity: Severity
    role: Role
    times: int = Field(default=1, ge=1, le=20)
    measure: Part
    rule: Text
    range: Text | None = None


class ExemptionText(Model):
    """A ground of exemption, and what has to be shown for it."""

    code: Part
    name: Text
    proof: Text
    source: Text


class ProcessEditionText(Model):
    """One version. It governs the cases that are taken up from `effective_from` on."""

    version: Part
    effective_from: date
    source: Text
    limits: dict[str, ProcessLimitText]
    decision_most: Period
    appeal_most: Period
    quorum: int = Field(ge=2, le=99)
    two_people: tuple[str, ...]
    investigators_may_vote: bool = False
    filing_stops_ladder: bool = True
    repetition_months: int = Field(ge=1, le=120)
    measures: tuple[MeasureText, ...] = Field(min_length=1)
    recommend: tuple[MeasureRuleText, ...] = Field(min_length=1)
    exemptions: tuple[ExemptionText, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> "ProcessEditionText":
        if unknown := set(self.limits) - CLOCKS:
            raise ValueError(f"there is no limit {min(unknown)}: the limits are {', '.join(sorted(CLOCKS))}")
        needed = ("decision", "defence", "review-request", "review-answer", "appeal", "appeal-decision")
        if missing := [clock for clock in needed if clock not in self.limits]:
            raise ValueError(f"the law gives a limit for {missing[0]}, and the file none")
        self._lawful()
        known = {*get_args(Step), WITHOUT_MEASURES}
        if unknown := set(self.two_people) - known:
            raise ValueError(f"there is no step {min(unknown)}")
        codes = [measure.code for measure in self.measures]
        if len({*codes, NONE, REFERRAL}) != len(codes) + 2:
            raise ValueError(f"each measure has a code of its own; {NONE} and {REFERRAL} are there already")
        if any(rule.measure not in (*codes, NONE, REFERRAL) for rule in self.recommend):
            raise ValueError("what is recommended is one of the measures, none, or a referral")
        cases = [(rule.severity, rule.role, rule.times) for rule in self.recommend]
        if len(set(cases)) != len(cases):
            raise ValueError("one recommendation for each severity, role and number of times")
        if len({ground.code for ground in self.exemptions}) != len(self.exemptions):
            raise ValueError("each ground of exemption has a code of its own")
        return self

    def _lawful(self) -> None:
        stated = {clock: said.after for clock, said in self.limits.items()}
        stated |= {"decision_most": self.decision_most, "appeal_most": self.appeal_most}
        for clock, most in AT_MOST.items():
            if stated[clock].endswith("wd"):
                raise ValueError(f"{clock} is in months or natural days")
            if _days(stated[clock]) > most:
                raise ValueError(f"{clock} is more than the law gives (R28, R29)")
        for clock, least in AT_LEAST.items():
            if _days(stated[clock]) < least:
                raise ValueError(f"{clock} is less than the law gives (R29)")

    def edition(self, rulebook: str) -> ProcessEdition:
        """As the rules know it."""
        return ProcessEdition(
            name=f"{rulebook}/proceedings-{self.version}",
            effective_from=self.effective_from,
            limits=tuple(ProcessLimit(clock, said.after, said.source) for clock, said in sorted(self.limits.items())),
            decision_most=self.decision_most,
            appeal_most=self.appeal_most,
            quorum=self.quorum,
            two_people=frozenset(self.two_people),
            investigators_may_vote=self.investigators_may_vote,
            repetition_months=self.repetition_months,
            measures=tuple(Measure(m.code, m.name, m.influence) for m in self.measures),
            recommend=tuple(
                MeasureRule(r.severity, r.role, r.times, r.measure, r.rule, r.range) for r in self.recommend
            ),
            exemptions=tuple(ExemptionGround(g.code, g.name, g.proof) for g in self.exemptions),
            filing_stops_ladder=self.filing_stops_ladder,
        )


def _days(amount: str) -> int:
    return int(amount.rstrip("wdm")) * (30 if amount.endswith("m") else 1)
