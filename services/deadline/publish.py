"""Changes of clocks as events on `deadline-events`."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

import orjson

from services.deadline.rules.change import Change
from services.deadline.rules.origin import HISTORY, Live, is_live
from services.deadline.rules.stored import Stored
from services.deadline.store import Key
from shared.clock import Moment
from shared.events.base import aggregate_key
from shared.events.deadline import DEADLINE_EVENTS
from shared.events.envelope import headers_out
from shared.outbox import Message

TOPIC = "deadline-events"
SOURCE = "/duban/deadline"
NAMESPACE = UUID("6f6d2c3e-6a0b-5b7e-9a55-0d1d6b1f7a10")
_MODELS = {model.TYPE: model for model in DEADLINE_EVENTS}


def messages(key: Key, row: Stored, changes: Sequence[Change], moment: Moment, live: Live = HISTORY) -> list[Message]:
    """The events of one clock's changes; the last of them has the row's revision (D3). `live`: since when the sources
    of imported history are live (D9)."""
    subject = aggregate_key(*key)
    first = row.revision - len(changes) + 1
    return [
        _message(subject, row, change, revision, moment, live)
        for revision, change in enumerate(changes, start=first)
    ]  # fmt: skip


def _message(subject: str, row: Stored, change: Change, revision: int, moment: Moment, live: Live) -> Message:
    """A clock's statement is what its events say: it is not checked once more against their models here, but by every
    test that makes one (docs/decisions/made-events-are-checked-by-every-test.md)."""
    says = change.says
    if says["origin"] == "import" and is_live(row, change, live, moment.now):
        says = {**says, "origin": "live"}
    if change.type == "deadline.missed":
        says = {**says, "detected_at": moment.now.isoformat()}
    id = _id(f"{subject}|{row.name}|{row.subject}|{revision}")
    headers = headers_out(
        _MODELS[change.type], id=id, source=SOURCE, subject=subject, time=moment.now, revision=revision,
        causation=change.cause,
    )  # fmt: skip
    return Message(TOPIC, subject, id, headers, orjson.dumps(says))


def _id(name: str) -> str:
    """The uuid5 of a name, in less than half the time of `uuid.uuid5`, which makes an object of it first."""
    raw = bytearray(hashlib.sha1(NAMESPACE.bytes + name.encode(), usedforsecurity=False).digest()[:16])
    raw[6], raw[8] = raw[6] & 0x0F | 0x50, raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
