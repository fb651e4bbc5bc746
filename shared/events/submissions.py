"""What government systems publish on `submissions`, by Kafka or HTTP: facts about matters, who holds which post, which
days are worked, and up to when all of it is sent.
"""

from typing import Any, Literal

from pydantic import Field, model_validator

from shared.events.base import Event, EventRef, Instant, Model, Name, PersonId, Role, Span, Text, When
from shared.events.calendars import CalendarVersion
from shared.events.conduct import CONDUCT_FACTS
from shared.events.facts import Acted, Handled
from shared.events.facts import Fact as Fact
from shared.events.facts import ends_in_a_zone as ends_in_a_zone
from shared.events.leads import LEAD_FACTS, REGISTRATIONS


class MatterSubmitted(Handled):
    """收件. A recorded `due` is a limit of its own, beside those of the item."""

    TYPE = "matter.submitted"
    item: Name
    unit: Name
    title: Text | None = None
    due: When | None = None
    first_contact: PersonId | None = Field(default=None, description="首问责任人: follows the matter to its end.")


class MatterAccepted(Handled):
    """受理."""

    TYPE = "matter.accepted"


class MatterRefused(Acted):
    """不予受理. `unit` and `person` refused it: the matter stays in the hands it was in."""

    TYPE = "matter.refused"


class MatterAssigned(Handled):
    """A person or unit is given the matter."""

    TYPE = "matter.assigned"


class MatterTransferred(Handled):
    """转办: the matter leaves one pair of hands for another."""

    TYPE = "matter.transferred"


class StageStarted(Handled):
    """环节开始. `provisional`: on the provisional consent of the stage before it."""

    TYPE = "stage.started"
    stage: Name
    basis: Literal["final", "provisional"] | None = Field(default=None, description="Absent: final.")


class StageFinished(Acted):
    """环节结束. `unit` and `person` finished it: the matter stays in the hands it was in."""

    TYPE = "stage.finished"
    stage: Name


class MatterDecided(Fact):
    """决定."""

    TYPE = "matter.decided"
    outcome: Name | None = None


class MatterClosed(Fact):
    """办结."""

    TYPE = "matter.closed"
    outcome: Name | None = None


class MatterWithdrawn(Fact):
    """The applicant takes it back."""

    TYPE = "matter.withdrawn"


class MatterReopened(Fact):
    """A closure that did not hold: every stop before it is void."""

    TYPE = "matter.reopened"


class MatterDelivered(Fact):
    """送达."""

    TYPE = "matter.delivered"


class LimitsChanged(Fact):
    """From `occurred_at` the matter is under another item's limits, or has another recorded due (D5)."""

    TYPE = "limits.changed"
    item: Name | None = None
    due: When | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "LimitsChanged":
        if self.item is None and self.due is None:
            raise ValueError("names neither an item nor a due")
        return self


class MatterSuspended(Acted):
    """挂起: a pause begins. The day it begins counts, the day it ends does not (R9)."""

    TYPE = "matter.suspended"
    ground: Name = Field(description="Why: hearing, inspection, appraisal … as the item's limits name it.")
    expected: Span | None = Field(default=None, description="How long it will last, until the resume says otherwise.")
    until: When | None = None
    pause: Name | None = Field(default=None, description="Names this pause, for the resume that ends it.")

    @model_validator(mode="after")
    def _one_end(self) -> "MatterSuspended":
        if self.expected is not None and self.until is not None:
            raise ValueError("says both `expected` and `until`: one end is enough")
        return self


class MatterResumed(Acted):
    """恢复: ends the pause of that id; else the earliest open one of that ground; else the earliest open one."""

    TYPE = "matter.resumed"
    pause: Name | None = None
    ground: Name | None = None


class MatterExtended(Fact):
    """延期: by an amount, or until a day. Whether it is allowed is the limit's own rule (R6)."""

    TYPE = "matter.extended"
    by: Span | None = None
    until: When | None = None
    clock: Name | None = Field(default=None, description="Absent: every clock that can be extended.")
    approver: PersonId | None = None
    reason: Text | None = None

    @model_validator(mode="after")
    def _one_amount(self) -> "MatterExtended":
        if (self.by is None) == (self.until is None):
            raise ValueError("says either `by` how much or `until` when")
        return self


class CorrectionRequested(Acted):
    """补正告知: one notice of all that is missing (R5). A pause of ground `correction`, where a limit lists that."""

    TYPE = "correction.requested"
    missing: tuple[Text, ...] | None = None


class CorrectionReceived(Fact):
    """补正: what was missing is there. Ends the pause of ground `correction`."""

    TYPE = "correction.received"


class TaskAssigned(Acted):
    """A task within the matter, for whoever it names; the matter stays in the hands it was in."""

    TYPE = "task.assigned"
    task: Name = Field(description="Of this task alone: one that is done again is another.")
    activity: Name
    due: When | None = None


class TaskFinished(Acted):
    """That task is done."""

    TYPE = "task.finished"
    task: Name


class MissConfirmed(Fact):
    """The efficiency office or a supervisor confirms a miss for which a silent source names nobody (D8)."""

    TYPE = "miss.confirmed"
    clock: Name
    subject: Name | None = Field(default=None, description="The clock's stage, task or party; absent: the matter.")
    reason: Text


class SourceWatermark(Event):
    """All of this source for this authority up to an instant is sent (D8). Its subject is `authority/watermark`."""

    TYPE = "source.watermark"
    up_to: Instant
    note: Text | None = None


class Replacement(Model):
    """The fact as it should have been: a type of this module and its data."""

    type: Name
    data: dict[str, Any]


class FactCorrected(Event):
    """The fact `replaces` was wrong; `fact` is right. Of several corrections the one issued last wins (D4)."""

    TYPE = "fact.corrected"
    replaces: EventRef
    fact: Replacement
    note: Text | None = None


class FactRetracted(Event):
    """The fact `replaces` never was."""

    TYPE = "fact.retracted"
    replaces: EventRef
    of: Literal["directory"] | None = Field(
        default=None, description="directory: it was about a unit, post or person. Absent: about a matter."
    )
    note: Text | None = None


class HolderAssigned(Fact):
    """任职: from `occurred_at` a person holds a post (subject `authority/post`) with a role in a unit, or in all
    units.
    """

    TYPE = "holder.assigned"
    person: PersonId
    role: Role
    unit: Name | None = Field(default=None, description="Absent: the post serves the whole authority.")
    acting: Literal[True] | None = Field(
        default=None, description="代理: for the time being, over whoever holds the post by appointment."
    )
    until: When | None = Field(default=None, description="Holds it no more from then on. Absent: until further facts.")
    takes_over_from: PersonId | None = Field(default=None, description="交接: who hands the post over.")

    @model_validator(mode="after")
    def _ends_in_a_zone(self) -> "HolderAssigned":
        ends_in_a_zone(self.until, self.zone)
        return self


class HolderEnded(Fact):
    """离任: from `occurred_at` that person holds the post no more."""

    TYPE = "holder.ended"
    person: PersonId


class CalendarPublished(Fact):
    """An authority publishes a version of a working calendar (subject `authority/code`): from `occurred_at` on it
    counts.
    """

    TYPE = "calendar.published"
    calendar: CalendarVersion


MATTER_FACTS: tuple[type[Fact], ...] = (
    MatterSubmitted, MatterAccepted, MatterRefused, MatterAssigned, MatterTransferred, StageStarted, StageFinished,
    MatterDecided, MatterClosed, MatterWithdrawn, MatterReopened, MatterDelivered, LimitsChanged, MatterSuspended,
    MatterResumed, MatterExtended, CorrectionRequested, CorrectionReceived, TaskAssigned, TaskFinished, MissConfirmed,
    *CONDUCT_FACTS, *REGISTRATIONS, *LEAD_FACTS,
)  # fmt: skip
HOLDER_FACTS: tuple[type[Fact], ...] = (HolderAssigned, HolderEnded)
CALENDAR_FACTS: tuple[type[Fact], ...] = (CalendarPublished,)
SUBMISSIONS: tuple[type[Event], ...] = (
    *MATTER_FACTS, FactCorrected, FactRetracted, SourceWatermark, *HOLDER_FACTS, *CALENDAR_FACTS,
)  # fmt: skip
