"""Holds every event that a service appends to its outbox to its model: strict, closed, and byte for byte as the model
itself would be dumped. Services write contents field by field and do not validate them again
(docs/decisions/made-events-are-checked-by-every-test.md).
"""

from collections.abc import Iterable

import orjson

from shared import outbox
from shared.events.catalog import EVENTS, UnknownVersion, model_of
from shared.outbox import Message
from shared.postgres import Connection

append = outbox.append
"""As it is without us."""


class NotAsTheModelSays(AssertionError):
    """What was appended is not an event of its topic."""


class Checking:
    """Stands in for `shared.outbox.append`. A service may take what is raised for a bad message and go on, so what was
    found is kept too."""

    def __init__(self) -> None:
        self.found: list[NotAsTheModelSays] = []

    async def append(self, conn: Connection, messages: Iterable[Message]) -> None:
        messages = list(messages)
        for message in messages:
            try:
                check(message)
            except (ValueError, KeyError) as error:
                self.found.append(NotAsTheModelSays(f"{message.headers!r} {message.body!r}: {error}"))
                raise self.found[-1] from error
        await append(conn, messages)


def check(message: Message) -> None:
    """Raises KeyError or ValueError. Topics that are none of ours (dead letters, a test's own) may carry anything."""
    if message.topic not in EVENTS:
        return
    headers = orjson.loads(message.headers)
    model = model_of(message.topic, headers["ce_type"], int(headers["ce_version"]))
    if model is None or isinstance(model, UnknownVersion):
        raise ValueError("no such event on this topic")
    written = model.model_validate_json(message.body).model_dump_json(exclude_none=True).encode()
    if written != message.body:
        raise ValueError(f"its model would write {written!r}")
    if (headers["ce_subject"], headers["ce_id"]) != (message.key, message.event_id):
        raise ValueError("key and id are not those of its envelope")
