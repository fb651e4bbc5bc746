"""Webhook subscribers: each event they take becomes one delivery for each of them, sent by `sender` after the commit.

The body is the event as it stands on its topic, as one structured-mode CloudEvent: the same to every subscriber.
"""

from collections.abc import Callable, Sequence
from typing import NotRequired

import orjson
from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from services.notification import store
from services.notification.channels import Batch
from services.notification.publish import Ended
from services.notification.reading import type_of
from services.notification.rules.notices import IMPORTED, Ref, notice_id
from services.notification.rules.webhooks import takes
from services.notification.store import Delivery, Subscription
from shared.events.base import Event, Origin
from shared.events.envelope import JSON, Received
from shared.inbox import Message
from shared.postgres import Connection
from shared.reading import read_as


@with_config(ConfigDict(strict=True))
class _Live(TypedDict):
    origin: NotRequired[Origin]


_ORIGIN = TypeAdapter(_Live)


class Webhooks:
    """Matches events with subscriptions. `wake` starts the sender."""

    name = "webhook"

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    async def begin(self, conn: Connection) -> "WebhookSession":
        return WebhookSession(conn, await store.select_active_subscriptions(conn))

    def wake(self) -> None:
        self._wake()


class WebhookSession:
    """The subscriptions as they were when the batch began."""

    def __init__(self, conn: Connection, subscriptions: Sequence[Subscription]) -> None:
        self._conn = conn
        self._subscriptions = subscriptions
        self._takers: dict[str, Sequence[Subscription]] = {}

    def wants(self, type_: str) -> bool:
        return bool(self._of(type_))

    async def take(self, batch: Batch) -> Sequence[Ended]:
        deliveries: dict[str, Delivery] = {}
        for received, origin in read_as(self._wanted(batch.events), _passed_over, _origin):
            about = Ref(received.source, received.id)
            imported = origin == "import"
            body = None if imported or not self._of(received.type) else structured(received)
            for subscription in self._of(received.type):
                id = notice_id(about, subscription.id, received.type, Webhooks.name)
                deliveries[id] = Delivery(
                    id, subscription.id, about, received.type, received.subject, body,
                    "suppressed" if imported else "pending", IMPORTED if imported else None,
                )  # fmt: skip
        if not deliveries:
            return ()
        new = await store.insert_deliveries(self._conn, list(deliveries.values()), batch.now)
        return [ended(d) for id, d in deliveries.items() if id in new and d.state != "pending"]

    def _wanted(self, messages: Sequence[Message]) -> list[Message]:
        return [m for m in messages if self._of(type_of(m) or "")] if self._subscriptions else []

    def _of(self, type_: str) -> Sequence[Subscription]:
        if type_ not in self._takers:
            self._takers[type_] = [s for s in self._subscriptions if takes(s.types, type_)]
        return self._takers[type_]


def _passed_over(_: str) -> None:
    """A type that this build does not know: counted where the batch is read."""


def _origin(_: type[Event], received: Received) -> str:
    return str(_ORIGIN.validate_json(received.data).get("origin", "live"))


def ended(delivery: Delivery) -> Ended:
    """A delivery that is not pending any more, as it is published."""
    return Ended(
        delivery.state, delivery.id, delivery.matter_key, delivery.about, delivery.kind, Webhooks.name,
        delivery.subscription, delivery.attempts, delivery.reason,
    )  # fmt: skip


def structured(received: Received) -> bytes:
    """An event in structured mode. Its data were read as JSON before, so they are passed on as they stand."""
    event = {
        "specversion": "1.0", "id": received.id, "source": received.source, "type": received.type,
        "subject": received.subject, "time": received.time.isoformat(), "version": received.version,
        "revision": received.revision, "datacontenttype": JSON,
    }  # fmt: skip
    if received.causation is not None:
        event["causationid"] = received.causation
    return orjson.dumps({**event, "data": orjson.Fragment(received.data)})
