"""What notification publishes on `notification-events`: what was told to whom, by which channel, and what was not."""

from pydantic import Field

from shared.events.base import Event, EventRef, Instant, Name, PersonId


class Notice(Event):
    """`recipient` is a person, or a webhook subscription's id."""

    notice_id: Name
    about: EventRef
    kind: Name = Field(description="The type of the event told about.")
    channel: Name
    recipient: PersonId
    occurred_at: Instant


class NotificationSent(Notice):
    """Delivered, as far as the channel can say."""

    TYPE = "notification.sent"
    attempts: int = Field(ge=1)
    digest: Name | None = Field(None, description="Told by this digest and not by itself: much came at once.")


class NotificationFailed(Notice):
    """Given up after the last attempt."""

    TYPE = "notification.failed"
    attempts: int = Field(ge=1)
    reason: Name


class NotificationSuppressed(Notice):
    """Not told on purpose, and on record: imported history (D9)."""

    TYPE = "notification.suppressed"
    reason: Name


NOTIFICATION_EVENTS: tuple[type[Event], ...] = (NotificationSent, NotificationFailed, NotificationSuppressed)
