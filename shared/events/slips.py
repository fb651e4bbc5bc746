"""Slips 蓝单, 橙单, 红单 of directives, on `case-events` (R23): what cards are to other limits. A slip is handed to
whoever had the directive in hand, so its events are types of their own: who tells people need not read every card.
"""

from typing import Literal

from pydantic import Field

from shared.events.accountability import Ground
from shared.events.base import Event, EventRef, Instant, Name, Origin, PersonId, When

SlipLevel = Literal["blue", "orange", "red"]


class SlipEvent(Event):
    """Of every event of a slip: one for each limit of a matter and each level (R22), listed among the cards. The
    envelope's revision counts the slip's own events. `person` is who had the matter in hand when the limit passed;
    absent: nobody by name.
    """

    card_id: Name
    authority: Name
    matter: Name
    occurred_at: Instant
    origin: Origin = "live"
    level: SlipLevel
    clock: Name
    subject: str = ""
    item: Name | None = None
    unit: Name | None = None
    person: PersonId | None = None
    due: When
    cause: EventRef
    late_from: Instant
    urgent: bool | None = Field(default=None, description="The matter is urgent: its slips start higher.")


class SlipIssued(SlipEvent):
    """A slip stands. The same slip with a higher revision replaces what this one said, a revocation too."""

    TYPE = "slip.issued"
    grounds: tuple[Ground, ...]
    rulebook: Name


class SlipRevoked(SlipEvent):
    """No ground of the slip holds any more. It stays on record."""

    TYPE = "slip.revoked"
    reason: Literal["met", "due-moved", "voided", "deemed-revoked", "done-earlier", "overtaken"]


SLIP_EVENTS: tuple[type[Event], ...] = (SlipIssued, SlipRevoked)
