"""Outbox rows to Kafka: one record batch for each partition, a fifth of the cost of a send for each message.

A row that the broker refuses for what it is (too large, a topic that cannot exist) is handed back; the others go. What
is refused for any other reason, and whatever may pass, is raised: the caller tries again.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTimestampError,
    InvalidTopicError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
    UnsupportedForMessageFormatError,
)
from aiokafka.partitioner import murmur2

from shared import failpoints
from shared.events.catalog import PARTITIONS
from shared.postgres import Record

MAX_BYTES = 2_000_000
"""Of one request; whoever makes the producer says so too."""
REFUSALS = (
    InvalidTimestampError,
    InvalidTopicError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
    UnsupportedForMessageFormatError,
)
"""What a broker says of a record and will say of it again. Others that aiokafka calls final are about the moment or
about us (no authorisation, an epoch, an unknown error): setting rows aside for those would set all of them aside.
"""
_TOPIC = re.compile(r"[a-zA-Z0-9._-]{1,249}")
Place = tuple[str, int]
"""Topic (without prefix) and partition."""


@dataclass(frozen=True, slots=True)
class Sent:
    """All rows are acknowledged but the `refused`, each with the reason. `ends`: the offset after the last message."""

    ends: dict[Place, int]
    refused: list[tuple[Record, str]]


@lru_cache(maxsize=16_384)
def bucket_of(key: str, partitions: int = PARTITIONS) -> int:
    """The partition the default partitioner would choose."""
    return (int(murmur2(key.encode())) & 0x7FFFFFFF) % partitions


async def send(producer: AIOKafkaProducer, rows: Sequence[Record], prefix: str) -> Sent:
    """Send in order. Returns when all are acknowledged or refused; raises only when nothing is under way any more."""
    sent = Sent({}, [])
    lanes: dict[Place, list[Record]] = {}
    for row in rows:
        if not _TOPIC.fullmatch(prefix + row["topic"]):  # a broker would not say so: it shows no such topic
            sent.refused.append((row, InvalidTopicError.__name__))
            continue
        partitions = len(await producer.partitions_for(prefix + row["topic"]))
        partition = row["bucket"] if partitions == PARTITIONS else bucket_of(row["key"], partitions)
        lanes.setdefault((row["topic"], partition), []).append(row)
    lines = [_send_in_order(producer, prefix, place, members, sent) for place, members in lanes.items()]
    for outcome in await asyncio.gather(*lines, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
    return sent


async def _send_in_order(
    producer: AIOKafkaProducer, prefix: str, place: Place, rows: Sequence[Record], sent: Sent
) -> None:
    """The rows of one partition. A batch waits for the one before it: what is refused is found out in its place."""
    for builder, members in _batches(producer, rows):
        try:
            sent.ends[place] = await _submit(producer, builder, prefix, place)
            failpoints.reach("relay.partly_sent")
        except REFUSALS as error:
            if len(members) > 1:
                for row in members:
                    await _send_in_order(producer, prefix, place, [row], sent)
            else:
                sent.refused.append((members[0], type(error).__name__))


def _batches(producer: AIOKafkaProducer, rows: Sequence[Record]) -> Iterator[tuple[Any, list[Record]]]:
    """As few as hold the rows. A batch takes its first record whatever its size."""
    builder, members = producer.create_batch(), list[Record]()
    for row in rows:
        headers = [(name, value.encode()) for name, value in orjson.loads(row["headers"]).items()]
        content: dict[str, Any] = {
            "key": row["key"].encode(), "value": row["body"], "headers": headers, "timestamp": None,
        }  # fmt: skip
        if builder.append(**content) is None:
            yield builder, members
            builder, members = producer.create_batch(), []
            builder.append(**content)
        members.append(row)
    yield builder, members


async def _submit(producer: AIOKafkaProducer, builder: Any, prefix: str, place: Place) -> int:
    """The offset after the batch's last message."""
    builder.close()
    if builder.size() > MAX_BYTES:  # send_batch does not look
        raise MessageSizeTooLargeError(f"{builder.size()} bytes")
    topic, partition = place
    acknowledged = await producer.send_batch(builder, prefix + topic, partition=partition)
    end: int = (await acknowledged).offset + builder.record_count()
    return end
