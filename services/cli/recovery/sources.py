"""From where the events of a topic come when they are sent again, with their original ids (D15).

Intake's facts, the record of cases and its heads are kept for years and know every event that they became; of the
standing state of a case only the last is worth telling, on a compacted topic. What else was published stands in its
service's outbox for `outbox_keep_days`.
"""

from collections.abc import AsyncIterator, Callable, Iterator

import orjson

from services.accountability import states
from services.accountability.publish import SOURCE as ACCOUNTABILITY
from services.accountability.record import heads
from services.intake.publishing import SOURCE as INTAKE
from services.intake.rules.judge import WATERMARK
from shared.events.base import aggregate_key
from shared.events.catalog import PARTITIONS, UnknownVersion, model_of
from shared.events.envelope import headers_out
from shared.outbox import Message
from shared.postgres import Connection, Record

BATCH = 2000
KEPT = {
    "matter-events": "intake's facts",
    "directory-events": "intake's facts",
    "calendar-events": "intake's facts",
    "case-events": "the record of cases",
    states.TOPIC: "the cases as they stand",
    heads.TOPIC: "the heads of the record",
}
"""What can be sent again from tables that are kept for years, and from which."""

_FACTS = """
select subject, source, event_id, issued_at, revision, published_id, published_type, published_version, published_body
from facts where topic = $1 order by type = 'source.watermark', authority, matter, topic, revision
"""
_CASE_EVENTS = """
select authority, matter, event_id, type, occurred_at, n, cause_id, says::text as says
from case_events order by case_id, n
"""
_STATES = """
select c.*, e.event_id as last_event, e.occurred_at as last_at, p.state as stage
from cases c
join case_events e on e.case_id = c.case_id and e.n = c.revision
join seals s on s.row_id = e.case_id and s.row_n = e.n and s.kind = 'case-event'
left join proceedings p on p.case_id = c.case_id order by c.case_id
"""
"""What is not sealed yet is told when it is."""
_HEADS = "select body, signature from record_heads order by n"


class UnknownEvent(RuntimeError):
    """A kept event is of a type or version that this build does not know: the build that knows it must send it."""


async def events_of(conn: Connection, topic: str) -> AsyncIterator[list[Message]]:
    """The events of a topic from what is kept for years, in batches, those of a key in their order. `conn` is in the
    producer's schema and in a transaction."""
    build: Callable[[str, Record], Iterator[Message]]
    match topic:
        case "case-events":
            cursor, build = await conn.cursor(_CASE_EVENTS), _case_event
        case states.TOPIC:
            cursor, build = await conn.cursor(_STATES), _state
        case heads.TOPIC:
            cursor, build = await conn.cursor(_HEADS), _head
        case _:
            cursor, build = await conn.cursor(_FACTS, topic), _fact
    while rows := await cursor.fetch(BATCH):
        yield [message for row in rows for message in build(topic, row)]


def _fact(topic: str, row: Record) -> Iterator[Message]:
    """As services.intake.publishing.published made it. Watermarks come last, as they are true of all that was accepted
    before them."""
    headers = headers_out(
        _model(topic, row["published_type"], row["published_version"]),
        id=row["published_id"],
        source=INTAKE,
        subject=row["subject"],
        time=row["issued_at"],
        revision=row["revision"],
        causation=f"{row['source']} {row['event_id']}",
    )
    for bucket in range(PARTITIONS) if row["published_type"] == WATERMARK else (None,):
        yield Message(topic, row["subject"], row["published_id"], headers, row["published_body"].encode(), bucket)


def _case_event(topic: str, row: Record) -> Iterator[Message]:
    """As services.accountability.publish.published made it; its version is 1 until there is another."""
    key = aggregate_key(row["authority"], row["matter"])
    headers = headers_out(
        _model(topic, row["type"], 1),
        id=row["event_id"],
        source=ACCOUNTABILITY,
        subject=key,
        time=row["occurred_at"],
        revision=row["n"],
        causation=row["cause_id"],
    )
    yield Message(topic, key, row["event_id"], headers, row["says"].encode())


def _state(_: str, row: Record) -> Iterator[Message]:
    yield states.message(row)


def _head(_: str, row: Record) -> Iterator[Message]:
    yield heads.message(orjson.loads(row["body"]), row["signature"])


def _model(topic: str, type_: str, version: int) -> type:
    model = model_of(topic, type_, version)
    if model is None or isinstance(model, UnknownVersion):
        raise UnknownEvent(f"{topic} has a {type_} of version {version}, which this build does not know")
    return model
