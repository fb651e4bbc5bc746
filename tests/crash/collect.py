"""Reads the topics to their ends, by no group, without our own envelope: a message is its headers and its bytes."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

TOPICS = (
    "matter-events", "directory-events", "deadline-events", "case-events", "case-states", "record-heads", "rejections",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One message as it stands on its topic; `at` is when its sender gave it to the broker, seconds since 1970."""

    topic: str
    at: float
    key: str
    id: str
    source: str
    type: str
    revision: int
    causation: str | None
    data: dict[str, Any]
    raw: bytes

    @classmethod
    def of(cls, record: Any) -> "Event":
        headers = {name: value.decode() for name, value in record.headers}
        return cls(
            topic=record.topic,
            at=record.timestamp / 1000,
            key=record.key.decode(),
            id=headers["ce_id"],
            source=headers["ce_source"],
            type=headers["ce_type"],
            revision=int(headers["ce_revision"]),
            causation=headers.get("ce_causationid"),
            data=orjson.loads(record.value),
            raw=record.value,
        )


async def events(bootstrap: str, topics: Sequence[str] = TOPICS) -> AsyncIterator[Event]:
    """Everything on these topics, each partition in its order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, max_partition_fetch_bytes=4_000_000)
    await consumer.start()
    try:
        places = await partitions(bootstrap, topics)
        ends = await consumer.end_offsets(places)
        for topic in topics:
            mine = [place for place in places if place.topic == topic and ends[place] > 0]
            if not mine:
                continue
            consumer.assign(mine)
            await consumer.seek_to_beginning(*mine)
            left = set(mine)
            while left:
                for place, records in (await consumer.getmany(*left, timeout_ms=1000, max_records=5000)).items():
                    for record in records:
                        if record.offset < ends[place]:
                            yield Event.of(record)
                    if records[-1].offset >= ends[place] - 1:
                        left.discard(place)
    finally:
        await consumer.stop()


async def partitions(bootstrap: str, topics: Sequence[str]) -> list[TopicPartition]:
    """Of topics that must be there."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        described = {each["topic"]: len(each["partitions"]) for each in await admin.describe_topics(list(topics))}
    finally:
        await admin.close()
    assert described.keys() == set(topics) and all(described.values()), f"not all of {topics} are there: {described}"
    return [TopicPartition(topic, n) for topic, count in described.items() for n in range(count)]


async def ends(bootstrap: str, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """The end of each partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        places = await partitions(bootstrap, topics)
        return {(place.topic, place.partition): end for place, end in (await consumer.end_offsets(places)).items()}
    finally:
        await consumer.stop()
