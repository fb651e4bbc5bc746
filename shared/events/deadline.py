"""What the deadline service publishes on `deadline-events`: each change of a clock, complete enough to act on alone."""

from typing import Literal

from pydantic import Field

from shared.events.base import Event, Instant, Model, Name, Origin, PersonId, When
from shared.events.limits import LimitTerms


class FactUsed(Model):
    """A fact a clock rests on. `event` is its event on our own topics, `source` and `id` its submission's identity."""

    type: Name
    occurred_at: When
    source: Name
    id: Name
    event: Name


class Holding(Model):
    """In whose hands the matter was, [since, until)."""

    since: Instant
    until: Instant | None = None
    unit: Name | None = None
    person: PersonId | None = None


class ClockEvent(Event):
    """A clock is (matter, clock, subject); subject is empty for the whole matter, `case:<id>` for a case's own clock
    (D2).
    """

    authority: Name
    matter: Name
    clock: Name
    subject: str = ""
    item: Name | None = None
    unit: Name | None = None
    origin: Origin = "live"


class Dated(ClockEvent):
    """`due` is a bare date for a day limit; `late_from` is the first instant that is too late (D6)."""

    due: When
    late_from: Instant


class DeadlineScheduled(Dated):
    """A clock has a due."""

    TYPE = "deadline.scheduled"
    limit: LimitTerms
    calendar: Name = Field(description="The calendar and its version.")
    provisional: bool = Field(description="The span reaches into a year whose notice is not published (R3).")
    facts: tuple[FactUsed, ...]


class DeadlineRescheduled(DeadlineScheduled):
    """The due moved: a fact was corrected or the limits changed."""

    TYPE = "deadline.rescheduled"
    previous_due: When


class DeadlineWarned(Dated):
    """A warning instant has passed with the clock running."""

    TYPE = "deadline.warned"
    warning: Name = Field(description="What remains: an amount such as 5wd, or a share such as 25%.")
    holding: Holding


class DeadlineMet(Dated):
    """Stopped before `late_from`."""

    TYPE = "deadline.met"
    done_at: When
    facts: tuple[FactUsed, ...]


class DeadlineMissed(Dated):
    """`late_from` has passed undone. The same miss with a higher revision replaces what this one said (D18), its late
    end included: one that stands is told again after it. `holdings` are the last twenty before `late_from`.
    """

    TYPE = "deadline.missed"
    limit: LimitTerms
    calendar: Name
    detected_at: Instant
    holdings: tuple[Holding, ...]
    facts: tuple[FactUsed, ...]


class DeadlineStoppedLate(Dated):
    """Done at or after `late_from`; the miss stands."""

    TYPE = "deadline.stopped_late"
    done_at: When
    facts: tuple[FactUsed, ...]


class DeadlineVoided(ClockEvent):
    """The clock ends without a verdict: withdrawn before its due, or its limit no longer applies."""

    TYPE = "deadline.voided"
    reason: Literal["withdrawn", "limit-removed", "registration-retracted", "case-withdrawn"]
    facts: tuple[FactUsed, ...]


class DeadlineWithdrawn(Dated):
    """A miss that was published is untrue: `due` and `late_from` are those of that miss."""

    TYPE = "deadline.withdrawn"
    reason: Literal["met", "due-moved", "voided"]
    facts: tuple[FactUsed, ...]


DEADLINE_EVENTS: tuple[type[Event], ...] = (
    DeadlineScheduled, DeadlineRescheduled, DeadlineWarned, DeadlineMet, DeadlineMissed, DeadlineStoppedLate,
    DeadlineVoided, DeadlineWithdrawn,
)  # fmt: skip
