"""How a notice ended, on `notification-events`.

A notice is an aggregate of its own that ends once: its one event is revision 1 (D3). The topic's key is the matter's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid5

import orjson
from pydantic import TypeAdapter

from services.notification.rules.notices import NAMESPACE, Ref
from shared import outbox
from shared.events.base import EventRef, Instant
from shared.events.envelope import headers_out
from shared.events.notification import NotificationFailed, NotificationSent, NotificationSuppressed
from shared.postgres import Connection

TOPIC = "notification-events"
SOURCE = "/duban/notification"
_INSTANT = TypeAdapter[datetime](Instant)


@dataclass(frozen=True, slots=True)
class Ended:
    """A notice or delivery that is sent, failed or suppressed. `recipient` is a person or a subscription, `digest` by
    which of theirs it is told."""

    state: str
    notice_id: str
    matter_key: str
    about: Ref
    kind: str
    channel: str
    recipient: str
    attempts: int = 1
    reason: str | None = None
    digest: str | None = None


async def publish(conn: Connection, ended: Iterable[Ended], now: datetime) -> None:
    """Append their events to the outbox, in the caller's transaction."""
    written = _INSTANT.dump_python(now, mode="json")
    await outbox.append(conn, [_sent(e, now, written) if e.state == "sent" else message(e, now) for e in ended])


def _sent(ended: Ended, now: datetime, written: str) -> outbox.Message:
    """What `message` makes of a notice that was sent, without a model: a storm makes a great many of them."""
    about = {"source": ended.about.source, "id": ended.about.id}
    said = {
        "notice_id": ended.notice_id, "about": about, "kind": ended.kind, "channel": ended.channel,
        "recipient": ended.recipient, "occurred_at": written, "attempts": ended.attempts,
    }  # fmt: skip
    if ended.digest is not None:
        said["digest"] = ended.digest
    id, key = str(uuid5(NAMESPACE, f"{ended.notice_id}\n{ended.state}")), ended.matter_key
    headers = headers_out(
        NotificationSent, id=id, source=SOURCE, subject=key, time=now, revision=1, causation=ended.about.id
    )
    return outbox.Message(TOPIC, key, id, headers, orjson.dumps(said))


def message(ended: Ended, now: datetime) -> outbox.Message:
    """The event of one notice; its id follows from the notice's."""
    return outbox.message(
        TOPIC,
        _event(ended, now),
        id=str(uuid5(NAMESPACE, f"{ended.notice_id}\n{ended.state}")),
        source=SOURCE,
        subject=ended.matter_key,
        time=now,
        revision=1,
        causation=ended.about.id,
    )


def _event(ended: Ended, now: datetime) -> NotificationSent | NotificationFailed | NotificationSuppressed:
    said: dict[str, Any] = {
        "notice_id": ended.notice_id, "about": EventRef(source=ended.about.source, id=ended.about.id),
        "kind": ended.kind, "channel": ended.channel, "recipient": ended.recipient, "occurred_at": now,
    }  # fmt: skip
    match ended.state:
        case "sent":
            return NotificationSent(**said, attempts=ended.attempts, digest=ended.digest)
        case "failed":
            return NotificationFailed(**said, attempts=max(ended.attempts, 1), reason=ended.reason or "unknown")
        case _:
            return NotificationSuppressed(**said, reason=ended.reason or "unknown")
