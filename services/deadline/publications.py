"""Events of `calendar-events` as rows: what was published by whom, and from when on it counts."""

import orjson

from services.deadline.calendar_store import VersionRow
from shared.events.base import Event, instant_of, split_key
from shared.events.envelope import Received
from shared.events.intake import CalendarPublished


def version_of(model: type[Event], received: Received) -> VersionRow:
    """The row of a publication; a bare day counts from 00:00 in its zone (D6). Raises ValueError for one that is not as
    declared."""
    event = model.model_validate_json(received.data, extra="ignore")
    if not isinstance(event, CalendarPublished):
        raise ValueError("is no publication of a calendar")
    authority, code = split_key(received.subject)
    return VersionRow(
        authority=authority,
        code=code,
        identity=(event.submission.source, event.submission.id),
        event=received.id,
        effective_at=instant_of(event.occurred_at, event.zone),
        received_at=event.received_at,
        says=orjson.loads(received.data),
    )
