"""The life of a rectification 整改 on `case-events`: ordered, reported with evidence, verified or sent back, overdue.

It belongs to a case, whose revisions its events count; or it stands alone for a matter: then its own id stands in the
place of the case's.
"""

from pydantic import Field

from shared.events.accountability import Addressee, CaseEvent
from shared.events.base import Event, EventRef, Instant, Model, Name, PersonId, Span, When
from shared.events.limits import LimitTerms


class EvidenceUsed(Model):
    """One piece of evidence; its content is read under access control."""

    sha256: Name
    bytes: int = Field(ge=1)
    media_type: Name


class RectificationEvent(CaseEvent):
    """`part` names the round: clocks named `…:<part>` are of it alone. `unit` is who must rectify, `person` by name.
    Texts are told by their digests."""

    rectification_id: Name
    part: Name
    unit: Name
    person: PersonId | None = None


class Ordered(RectificationEvent):
    """What an order says; its limit runs from it."""

    ordered_by: PersonId
    demand: Name
    within: Span
    rulebook: Name
    addressee: Addressee
    limits: tuple[LimitTerms, ...]


class RectificationOrdered(Ordered):
    """For a case."""

    TYPE = "rectification.ordered"


class RectificationOpened(Ordered):
    """For a matter, without a case."""

    TYPE = "rectification.opened"


class RectificationReported(RectificationEvent):
    """Done, as who must rectify says. The limit is of who must look at it."""

    TYPE = "rectification.reported"
    reported_by: PersonId
    report: Name
    evidence: tuple[EvidenceUsed, ...]
    limits: tuple[LimitTerms, ...]


class RectificationVerified(RectificationEvent):
    """Done, as another person has seen."""

    TYPE = "rectification.verified"
    verified_by: PersonId
    finding: Name


class RectificationRejected(RectificationEvent):
    """Sent back: `part` is the round that ends, the limit that of the next."""

    TYPE = "rectification.rejected"
    rejected_by: PersonId
    reason: Name
    within: Span
    addressee: Addressee
    limits: tuple[LimitTerms, ...]


class RectificationOverdue(RectificationEvent):
    """The limit of a round passed without a report. It escalates against who must rectify, and opens no case (D17)."""

    TYPE = "rectification.overdue"
    MOVES_CLOCKS = False
    clock: Name
    due: When
    late_from: Instant
    miss: EventRef
    addressee: Addressee


class RectificationNotOverdue(RectificationEvent):
    """The limit of the round has not passed after all: the due is another, or is counted otherwise. `withdrawal` is
    the word of the deadline service by which its miss was taken back."""

    TYPE = "rectification.not_overdue"
    MOVES_CLOCKS = False
    clock: Name
    withdrawal: EventRef
    addressee: Addressee


RECTIFICATION_EVENTS: tuple[type[Event], ...] = (
    RectificationOrdered, RectificationOpened, RectificationReported, RectificationVerified, RectificationRejected,
    RectificationOverdue, RectificationNotOverdue,
)  # fmt: skip
