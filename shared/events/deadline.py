"""What the deadline service publishes on `deadline-events`: each change of a clock, complete enough to act on alone."""

from typing import Literal

from pydantic import Field

from shared.events.base import Event, EventRef, Instant, Model, Name, Origin, PersonId, Span, Text, When, Zone
from shared.events.conduct import Office, Stance
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
    net_minutes: int | None = Field(
        default=None,
        ge=0,
        description="Of a miss: for how long, in the time that the limit counts, pauses left out; absent where the"
        " matter was in one pair of hands.",
    )


class Act(Model):
    """An opinion, an order or a collective decision on the matter, and when it was known here (R25)."""

    kind: Literal["opinion", "order", "decision"]
    at: Instant
    stance: Stance
    fact: EventRef = Field(description="Its submission.")
    event: Name
    known_since: Instant
    person: PersonId | None = None
    role: Office | None = None
    overrides: EventRef | None = None
    bypasses: Literal["handler", "reviewer"] | None = None
    members: tuple[PersonId, ...] | None = None
    dissented: tuple[PersonId, ...] | None = None


class Team(Model):
    """Who belongs to the matter, as far as it was said."""

    lead_unit: Name | None = None
    assisting_units: tuple[Name, ...] | None = None
    project_manager: PersonId | None = None
    first_contact: PersonId | None = None


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
    urgent: bool | None = Field(default=None, description="As the matter's registration says.")


class Dated(ClockEvent):
    """`due` is a bare date for a day limit; `late_from` is the first instant that is too late (D6)."""

    due: When
    late_from: Instant


class PauseCounted(Model):
    """A pause that moved the due: (since, until] by days, [since, until) by hours. `assumed`: no fact has ended it."""

    ground: Name
    since: When
    until: When
    assumed: bool


class ExtensionGranted(Model):
    """An extension that moved the due."""

    by: Span | None = None
    until: When | None = None
    approver: PersonId | None = None


class DeadlineScheduled(Dated):
    """A clock has a due. `facts` are all that it rests on: those of its pauses and extensions, too."""

    TYPE = "deadline.scheduled"
    limit: LimitTerms
    calendar: Name = Field(description="The calendar and its version.")
    provisional: bool = Field(description="The span reaches into a year whose notice is not published (R3).")
    facts: tuple[FactUsed, ...]
    pauses: tuple[PauseCounted, ...] | None = None
    extensions: tuple[ExtensionGranted, ...] | None = None


class DeadlinePaused(ClockEvent):
    """The clock stands still since then; `until` is when it is expected to go on, where that is known."""

    TYPE = "deadline.paused"
    ground: Name
    since: When
    until: When | None = None
    facts: tuple[FactUsed, ...]


class DeadlineResumed(DeadlineScheduled):
    """The clock goes on, with this due."""

    TYPE = "deadline.resumed"


class DeadlineRescheduled(DeadlineScheduled):
    """The due moved: by a pause, an extension, a corrected fact, other limits, another calendar."""

    TYPE = "deadline.rescheduled"
    previous_due: When


class DeadlineWarned(Dated):
    """A warning instant has passed with the clock running."""

    TYPE = "deadline.warned"
    warning: Name = Field(description="What remains: an amount such as 5wd, or a share such as 25%.")
    holding: Holding
    team: Team | None = None


class DeadlineMet(Dated):
    """Stopped before `late_from`."""

    TYPE = "deadline.met"
    done_at: When
    facts: tuple[FactUsed, ...]


class DeadlineMissed(Dated):
    """`late_from` has passed undone. The same miss with a higher revision replaces what this one said (D18), its late
    end included: one that stands is told again after it. `holdings` are the last twenty before `late_from`, `acts` the
    last twenty.
    """

    TYPE = "deadline.missed"
    limit: LimitTerms
    calendar: Name
    detected_at: Instant
    holdings: tuple[Holding, ...]
    facts: tuple[FactUsed, ...]
    pauses: tuple[PauseCounted, ...] | None = None
    acts: tuple[Act, ...] | None = None
    team: Team | None = None


class DeadlineStoppedLate(Dated):
    """Done at or after `late_from`; the miss stands."""

    TYPE = "deadline.stopped_late"
    done_at: When
    facts: tuple[FactUsed, ...]


class DeadlineVoided(ClockEvent):
    """The clock ends without a verdict: withdrawn before its due, or its limit no longer applies."""

    TYPE = "deadline.voided"
    reason: Literal["withdrawn", "limit-removed", "registration-retracted", "case-withdrawn", "pause-lapsed"]
    facts: tuple[FactUsed, ...]


class DeadlineWithdrawn(Dated):
    """A miss that was published is untrue: `due` and `late_from` are those of that miss."""

    TYPE = "deadline.withdrawn"
    reason: Literal["met", "due-moved", "voided"]
    facts: tuple[FactUsed, ...]


class DeadlineOverdue(Dated):
    """The miss stands, and so much has passed since, undone."""

    TYPE = "deadline.overdue"
    overdue: Span
    facts: tuple[FactUsed, ...]


class DeadlineOverdueRevoked(Dated):
    """It was done, though late, before so much had passed."""

    TYPE = "deadline.overdue_revoked"
    overdue: Span
    facts: tuple[FactUsed, ...]


class DeadlineDeemed(Dated):
    """Silence has become an answer (R5, R10, R12). The miss stands all the same."""

    TYPE = "deadline.deemed"
    outcome: Name
    legal_basis: Text
    facts: tuple[FactUsed, ...]


class DeadlineDeemedRevoked(Dated):
    """It was answered in time, or was not due: silence has not become an answer. `due` is that of the former miss."""

    TYPE = "deadline.deemed_revoked"
    facts: tuple[FactUsed, ...]


class Doer(Model):
    """Whose act it is, and when they did it; `person` absent: nobody by name."""

    at: Instant
    unit: Name | None = None
    person: PersonId | None = None


class DeadlineFinding(ClockEvent):
    """What the item's rules do not allow was asked for or done. It has no effect, and is on record. The same finding
    with a higher revision replaces what this one said.
    """

    TYPE = "deadline.finding"
    code: Name
    detail: Text
    facts: tuple[FactUsed, ...]
    by: Doer | None = None
    zone: Zone | None = Field(default=None, description="As calendar: of the limit by which it was found.")
    calendar: Name | None = None
    evidence: tuple[Name, ...] | None = Field(default=None, description="SHA-256 of each document.")


class DeadlineFindingRevoked(ClockEvent):
    """A finding turned out untrue."""

    TYPE = "deadline.finding_revoked"
    code: Name
    facts: tuple[FactUsed, ...]


DEADLINE_EVENTS: tuple[type[Event], ...] = (
    DeadlineScheduled, DeadlineRescheduled, DeadlineWarned, DeadlineMet, DeadlineMissed, DeadlineStoppedLate,
    DeadlineVoided, DeadlineWithdrawn, DeadlinePaused, DeadlineResumed, DeadlineOverdue, DeadlineOverdueRevoked,
    DeadlineDeemed, DeadlineDeemedRevoked, DeadlineFinding, DeadlineFindingRevoked,
)  # fmt: skip
