"""What intake publishes: accepted facts on `matter-events`, post holders on `directory-events`, working calendars on
`calendar-events`.

Each repeats the submission's content and adds where it came from and when it was received; a registration carries the
resolved limits, so that nobody downstream needs the catalogue.
"""

from pydantic import Field

from shared.events import conduct as c
from shared.events import leads as l
from shared.events import submissions as s
from shared.events.base import Event, EventRef, Instant, Model, Name
from shared.events.limits import LimitTerms


class Recorded(Model):
    """Of every accepted fact: the submission's identity orders it (D4), its receipt is kept beside its business
    time.
    """

    submission: EventRef
    issued_at: Instant
    received_at: Instant


class MatterRegistered(l.LeadTold, s.MatterSubmitted, Recorded):
    """A matter, or a lead, and its limits, as the catalogue in force on the day of receipt has them."""

    TYPE = "matter.registered"
    item_version: Name
    limits: tuple[LimitTerms, ...]


class MatterAccepted(s.MatterAccepted, Recorded):
    """受理."""


class MatterRefused(s.MatterRefused, Recorded):
    """不予受理."""


class MatterAssigned(s.MatterAssigned, Recorded):
    """In somebody's hands."""


class MatterTransferred(s.MatterTransferred, Recorded):
    """转办."""


class StageStarted(s.StageStarted, Recorded):
    """环节开始."""


class StageFinished(s.StageFinished, Recorded):
    """环节结束."""


class MatterDecided(s.MatterDecided, Recorded):
    """决定."""


class MatterClosed(s.MatterClosed, Recorded):
    """办结."""


class MatterWithdrawn(s.MatterWithdrawn, Recorded):
    """Taken back by the applicant."""


class MatterReopened(s.MatterReopened, Recorded):
    """Stops before it are void."""


class MatterDelivered(s.MatterDelivered, Recorded):
    """送达."""


class LimitsChanged(s.LimitsChanged, Recorded):
    """From `occurred_at` these limits replace those of the same clock."""

    item_version: Name | None = None
    limits: tuple[LimitTerms, ...] = Field(min_length=1)


class MatterSuspended(s.MatterSuspended, Recorded):
    """挂起."""


class MatterResumed(s.MatterResumed, Recorded):
    """恢复."""


class MatterExtended(s.MatterExtended, Recorded):
    """延期."""


class CorrectionRequested(s.CorrectionRequested, Recorded):
    """补正告知."""


class CorrectionReceived(s.CorrectionReceived, Recorded):
    """补正."""


class TaskAssigned(s.TaskAssigned, Recorded):
    """A task; with the limit of its own that its due is, where one was recorded."""

    limits: tuple[LimitTerms, ...] | None = None


class TaskFinished(s.TaskFinished, Recorded):
    """A task is done."""


class MissConfirmed(s.MissConfirmed, Recorded):
    """A person stands in for the source that is silent."""


class OpinionGiven(c.OpinionGiven, Recorded):
    """审查意见."""


class OrderGiven(c.OrderGiven, Recorded):
    """A superior's order."""


class DecisionTaken(c.DecisionTaken, Recorded):
    """集体研究."""


class TeamNamed(c.TeamNamed, Recorded):
    """Who belongs to the matter."""


class ComplaintConcluded(l.ComplaintConcluded, Recorded):
    """查实与否."""


class ComplaintFedBack(l.ComplaintFedBack, Recorded):
    """反馈."""


class RatingContacted(l.RatingContacted, Recorded):
    """Whoever gave a bad rating has been spoken to."""


class RatingRectified(l.RatingRectified, Recorded):
    """What a bad rating was about is put right."""


class InspectionPublished(l.InspectionPublished, Recorded):
    """Hidden from nobody from now on; with all that was withheld of the facts before it."""

    disclosed: tuple[l.Disclosed, ...] | None = None


class CommitmentAmended(l.CommitmentAmended, Recorded):
    """It says something else from now on; with the limit that its new date is, where it has one."""

    limits: tuple[LimitTerms, ...] | None = None


class FactCorrected(s.FactCorrected, Recorded):
    """`fact.type` and `fact.data` are those of this topic: a corrected submission comes as matter.registered, with
    limits.
    """


class FactRetracted(s.FactRetracted, Recorded):
    """The fact `replaces` never was."""


class SourceWatermark(s.SourceWatermark, Recorded):
    """The same event once in every partition, behind all facts of its source that were accepted before it."""


class HolderAssigned(s.HolderAssigned, Recorded):
    """任职."""


class HolderEnded(s.HolderEnded, Recorded):
    """离任."""


class CalendarPublished(s.CalendarPublished, Recorded):
    """A version of a working calendar."""


MATTER_EVENTS: tuple[type[Event], ...] = (
    MatterRegistered, MatterAccepted, MatterRefused, MatterAssigned, MatterTransferred, StageStarted, StageFinished,
    MatterDecided, MatterClosed, MatterWithdrawn, MatterReopened, MatterDelivered, LimitsChanged, MatterSuspended,
    MatterResumed, MatterExtended, CorrectionRequested, CorrectionReceived, TaskAssigned, TaskFinished, MissConfirmed,
    OpinionGiven, OrderGiven, DecisionTaken, TeamNamed, ComplaintConcluded, ComplaintFedBack, RatingContacted,
    RatingRectified, InspectionPublished, CommitmentAmended, FactCorrected, FactRetracted, SourceWatermark,
)  # fmt: skip
CALENDAR_EVENTS: tuple[type[Event], ...] = (CalendarPublished,)
