"""What people do about cases, and what overseers are late with, as events on `case-events` and rows of the record: by
their models, for none of them comes in a storm."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.accountability.publish import SOURCE, TOPIC
from services.accountability.rules.identity import caused, event_id
from services.accountability.rules.model import CaseKey, Ref
from services.accountability.store import KeptEvent
from shared.events.accountability import CaseEvent, SourceWentLive
from shared.events.base import EventRef, aggregate_key
from shared.events.envelope import headers_out
from shared.outbox import Message


def published(
    event: CaseEvent | SourceWentLive, key: CaseKey, n: int, at: datetime, cause: Ref | None
) -> tuple[KeptEvent, Message]:
    """The event as its case's history keeps it and as it goes out. `n` is the case's revision by it; with a cause it
    is one of its type for that cause, else one for that revision."""
    id = event_id(event.TYPE, key.case_id, f"{n}" if cause is None else caused(cause))
    subject = aggregate_key(key.authority, key.matter)
    headers = headers_out(
        type(event), id=id, source=SOURCE, subject=subject, time=at, revision=n,
        causation=None if cause is None else cause.id,
    )  # fmt: skip
    body = event.model_dump_json(exclude_none=True).encode()
    return KeptEvent(key, n, id, event.TYPE, at, cause, body), Message(TOPIC, subject, id, headers, body)


def local(at: datetime, zone: str) -> datetime:
    """As people read it: in the zone of the limit that was missed."""
    return at.astimezone(ZoneInfo(zone))


def due(written: str) -> datetime | date:
    """A due as it is written: a bare date, or an instant."""
    return datetime.fromisoformat(written) if "T" in written else date.fromisoformat(written)


def ref(of: Ref) -> EventRef:
    """An event's identity as events say it."""
    return EventRef(source=of.source, id=of.id)
