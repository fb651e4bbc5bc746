"""What people do on the ladder of a case beside answering, and what its overseers are late with; on `case-events`."""

from typing import Literal

from pydantic import Field

from shared.events.accountability import CaseEvent
from shared.events.base import Event, EventRef, Instant, Model, Name, PersonId, Span, When
from shared.events.limits import LimitTerms


def _empty(value: tuple[object, ...]) -> bool:
    return not value


class CaseAcknowledged(CaseEvent):
    """Somebody whom the case concerns has received and read it. `limits` are the rungs' anew, where the rulebook says
    that this stops the ladder."""

    TYPE = "case.acknowledged"
    acknowledged_by: PersonId
    limits: tuple[LimitTerms, ...] = Field(default=(), exclude_if=_empty)


class CaseAssigned(CaseEvent):
    """Whom the case was addressed to has said who must answer it; the ladder goes on."""

    TYPE = "case.assigned"
    MOVES_CLOCKS = False
    assigned_by: PersonId
    assignee: PersonId
    unit: Name | None = None
    item: Name | None = None
    due: When


class CaseSnoozed(CaseEvent):
    """The rungs that have not fired are put off. `limits` are the rungs' anew, that know the pause."""

    TYPE = "case.snoozed"
    snoozed_by: PersonId
    ground: Literal["snooze"] = "snooze"
    expected: Span = Field(description="How long.")
    n: int = Field(ge=1, description="How often it was put off in this standing.")
    reason: Name = Field(description="The digest of the reason, which is read under access control.")
    limits: tuple[LimitTerms, ...]


class OverseerAddressee(Model):
    """Whom a miss of an overseer reaches. `skipped` are the vacant posts below, whose turn went up."""

    office: Literal["office", "supervisor"]
    person: PersonId | None = None
    skipped: tuple[Literal["office", "supervisor"], ...] = ()


class CaseOverseerLate(CaseEvent):
    """A duty of those who run the case passed undone: it escalates against them, and opens no case (D17). For a
    rectification that stands alone, `case_id` is its own id."""

    TYPE = "case.overseer_late"
    MOVES_CLOCKS = False
    clock: Name
    due: When
    late_from: Instant
    miss: EventRef
    addressee: OverseerAddressee
    rulebook: Name
    unit: Name | None = None
    item: Name | None = None


OVERSIGHT_EVENTS: tuple[type[Event], ...] = (CaseAcknowledged, CaseAssigned, CaseSnoozed, CaseOverseerLate)
