"""What each step of a proceeding takes as its body, and the command it makes. `by` is who acts (stepping.actor), `at`
when it was done where that was not now."""

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from services.accountability.rules.measures import Severity
from services.accountability.rules.process_model import Announced, Command, Outcome, Step
from shared.events.base import Instant, Model, Name, PersonId, Role, Text

People = Annotated[tuple[PersonId, ...], Field(min_length=1, max_length=50)]


class StepForm(Model):
    """Of every step. `TEXTS` are its fields that are kept apart, as texts."""

    TEXTS: ClassVar[tuple[str, ...]] = ()
    by: PersonId | None = None
    at: Instant | None = None

    def written(self) -> list[tuple[str, str]]:
        """(kind, text) of what was written."""
        return [(name, text) for name in self.TEXTS if (text := getattr(self, name)) is not None]

    def command(self, step: Step, by: str, now: datetime) -> Command:
        """The command. Its digest is of everything but who asks: what two people ask is the same or not (I20)."""
        said = self.model_dump_json(exclude={"by"}, exclude_none=True)
        digest = hashlib.sha256(f"{step}\n{said}".encode()).hexdigest()
        return self.filled(Command(step, by, self.at or now, digest))

    def filled(self, command: Command) -> Command:
        """With what this step needs."""
        return command


class PlainForm(StepForm):
    """Nothing beside who and when."""


class ReasonForm(StepForm):
    """With reasons."""

    TEXTS = ("reason",)
    reason: Text


class ForPartiesForm(StepForm):
    """For some of the parties; without `people` for all whose turn it is."""

    people: People | None = None

    def filled(self, command: Command) -> Command:
        return replace(command, people=self.people or ())


class AnswerForm(ForPartiesForm, ReasonForm):
    """维持, 延期: with reasons, for some of the parties."""


class FilingForm(ReasonForm):
    """立案."""

    violation: Literal["omission", "delay", "misconduct"] = "delay"

    def filled(self, command: Command) -> Command:
        return replace(command, ground=self.violation)


class InvestigatorsForm(StepForm):
    """All who investigate from now on."""

    investigators: People

    def filled(self, command: Command) -> Command:
        return replace(command, people=self.investigators)


class RecusalForm(ReasonForm):
    """回避."""

    people: People

    def filled(self, command: Command) -> Command:
        return replace(command, people=self.people)


class AnnouncedForm(Model):
    """What is announced to one person: the most that may come of it."""

    person: PersonId
    role: Role
    severity: Severity
    measure: Name


class NoticeForm(StepForm):
    """告知."""

    TEXTS = ("facts", "basis")
    facts: Text
    basis: Text
    announced: Annotated[tuple[AnnouncedForm, ...], Field(min_length=1, max_length=50)]

    def filled(self, command: Command) -> Command:
        said = tuple(Announced(one.person, one.role, one.severity, one.measure) for one in self.announced)
        return replace(command, announced=said)


class DefenceForm(StepForm):
    """申辩, or that it is waived."""

    TEXTS = ("defence",)
    defence: Text | None = None
    waived: bool = False

    def filled(self, command: Command) -> Command:
        return replace(command, waived=self.waived)


class DeliberationForm(StepForm):
    """集体研究: all who deliberate from now on."""

    TEXTS = ("minutes",)
    members: People
    minutes: Text | None = None

    def filled(self, command: Command) -> Command:
        return replace(command, people=self.members)


class VoteForm(StepForm):
    """One member's vote."""

    TEXTS = ("dissent",)
    outcome: Outcome
    dissent: Text | None = None

    def filled(self, command: Command) -> Command:
        return replace(command, vote=self.outcome)


class ExemptionForm(ReasonForm):
    """免责."""

    ground: Name

    def filled(self, command: Command) -> Command:
        return replace(command, ground=self.ground)


class MeasureForm(Model):
    """What comes of it for one person."""

    person: PersonId
    measure: Name


class DecisionForm(ReasonForm):
    """处理决定."""

    measures: Annotated[tuple[MeasureForm, ...], Field(min_length=1, max_length=50)]

    def filled(self, command: Command) -> Command:
        return replace(command, measures=tuple((one.person, one.measure) for one in self.measures))


class VariationForm(DecisionForm, AnswerForm):
    """变更: a measure for each who is answered; others it may spare."""

    def filled(self, command: Command) -> Command:
        return replace(DecisionForm.filled(self, command), people=self.people or ())


class ReferralForm(ReasonForm):
    """移送; `measures` for those who are not referred."""

    to: Name
    measures: Annotated[tuple[MeasureForm, ...], Field(max_length=50)] = ()

    def filled(self, command: Command) -> Command:
        return replace(command, ground=self.to, measures=tuple((one.person, one.measure) for one in self.measures))


class RequestForm(StepForm):
    """复核, 申诉."""

    TEXTS = ("request",)
    request: Text


FORMS: dict[Step, type[StepForm]] = {
    "review": PlainForm,
    "dismissal": ReasonForm,
    "filing": FilingForm,
    "investigators": InvestigatorsForm,
    "recusal": RecusalForm,
    "notice": NoticeForm,
    "deliberation": DeliberationForm,
    "vote": VoteForm,
    "exemption": ExemptionForm,
    "decision": DecisionForm,
    "referral": ReferralForm,
    "service": ForPartiesForm,
    "execution": PlainForm,
    "upholding": AnswerForm,
    "variation": VariationForm,
    "revocation": ReasonForm,
    "extension": AnswerForm,
    "closure": PlainForm,
}
"""Of those who run the case."""
PLEAS: dict[Step, type[StepForm]] = {
    "defence": DefenceForm,
    "review-request": RequestForm,
    "appeal": RequestForm,
}
"""Of those whom it is about."""
