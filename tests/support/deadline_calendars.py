"""Publications of calendars as the deadline service hears them, and a service that recalculates."""

from datetime import UTC, date, datetime
from typing import Any

from services.deadline.recalculation import Recalculating
from shared import outbox
from shared.events.base import EventRef, aggregate_key
from shared.events.calendars import CalendarVersion
from shared.events.intake import CalendarPublished
from shared.inbox import Message
from shared.outbox import Relay
from tests.support.deadline_service import SHANGHAI, Service, received

NOTICE_2027: dict[str, Any] = {
    "years": (2027, 2027),
    "source": "a notice of 2027, made up",
    "rest": ({"since": date(2027, 1, 1), "to": date(2027, 1, 3), "name": "New Year's Day"},
             {"since": date(2027, 1, 11), "to": date(2027, 1, 15), "name": "a week off"}),
    "work": ({"on": date(2027, 1, 9), "name": "make-up workday"},),
}  # fmt: skip


def when(text: str) -> datetime:
    """An instant in Shanghai, such as `2026-12-20 09:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def published(
    says: dict[str, Any], effective: datetime, *, id: str = "n1", authority: str = "state-council", code: str = "CN"
) -> Message:
    """A version as intake publishes it."""
    event = CalendarPublished(
        occurred_at=effective,
        calendar=CalendarVersion.model_validate(says, strict=False),
        submission=EventRef(source="/notices", id=id),
        issued_at=effective,
        received_at=effective,
    )
    sent = outbox.message(
        "calendar-events", event, id=f"event-{id}", source="/duban/intake", subject=aggregate_key(authority, code),
        time=datetime(2026, 1, 1, tzinfo=UTC), revision=1, causation=None,
    )  # fmt: skip
    return received(sent)


def recalculating(service: Service, *, batch: int = 100) -> Recalculating:
    """As the service runs it, step by step."""
    relay = Relay(service.pool, "nowhere:1", service="deadline", idempotent=False)
    return Recalculating(service.pool, service.clock, relay, batch=batch, poll_s=60)


async def recalculate(service: Service, *, batch: int = 100) -> int:
    """Until there is nothing to fold again; how many steps that took."""
    anew, steps = recalculating(service, batch=batch), 0
    while await anew.run_once():
        steps += 1
        assert steps < 1000
    return steps
