"""A corner of the broker of its own: topics under a random prefix, raw messages in, everything out."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.events.catalog import PARTITIONS

SENTINEL = "the end of what a test reads"
Headers = Sequence[tuple[str, bytes | None]]


class Broker:
    """Topics are named as the product names them; the prefix is added here."""

    def __init__(self, bootstrap: str, producer: AIOKafkaProducer) -> None:
        self.bootstrap = bootstrap
        self.prefix = f"t{secrets.token_hex(4)}-"
        self._producer = producer
        self._partitions: dict[str, int] = {}

    async def create(self, *topics: str, partitions: int = PARTITIONS) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(self.prefix + topic, partitions, 1) for topic in topics])
        finally:
            await admin.close()
        self._partitions |= dict.fromkeys(topics, partitions)

    async def send(
        self, topic: str, *values: bytes | None, key: bytes | None = None, headers: Headers = (), partition: int = 0
    ) -> list[int]:
        """The offsets of the messages, when all are acknowledged."""
        waiting = [
            await self._producer.send(self.prefix + topic, value, key, partition, headers=list(headers))
            for value in values
        ]
        return [(await acknowledged).offset for acknowledged in waiting]

    async def read(self, topic: str) -> list[Any]:
        """Everything that stands on the topic, by partition and offset. Exact: it reads up to a mark set now."""
        partitions = [TopicPartition(self.prefix + topic, n) for n in range(self._partitions[topic])]
        for tp in partitions:
            await self.send(topic, b"", headers=[(SENTINEL, b"")], partition=tp.partition)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=4_000_000
        )
        try:
            await consumer.start()
            consumer.assign(partitions)
            await consumer.seek_to_beginning()
            found: dict[TopicPartition, list[Any]] = {tp: [] for tp in partitions}
            ended: set[TopicPartition] = set()
            while len(ended) < len(partitions):
                for tp, records in (await consumer.getmany(timeout_ms=1000)).items():
                    found[tp] += [r for r in records if not any(name == SENTINEL for name, _ in r.headers)]
                    marks = sum(1 for r in records if any(name == SENTINEL for name, _ in r.headers))
                    if marks:
                        ended.add(tp)
        finally:
            await consumer.stop()
        return [record for tp in partitions for record in found[tp]]

    async def commit(self, group: str, topic: str, partition: int, offset: int) -> None:
        """Tell Kafka that a group has consumed up to `offset`."""
        at = TopicPartition(self.prefix + topic, partition)
        async with self._observer(group, at) as observer:
            await observer.commit({at: offset})

    async def committed(self, group: str, topic: str, partition: int) -> int | None:
        """What Kafka believes a group to have consumed."""
        at = TopicPartition(self.prefix + topic, partition)
        async with self._observer(group, at) as observer:
            offset: int | None = await observer.committed(at)
            return offset

    @asynccontextmanager
    async def _observer(self, group: str, at: TopicPartition) -> AsyncIterator[AIOKafkaConsumer]:
        """Speaks for a group without joining it."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, group_id=self.prefix + group, enable_auto_commit=False
        )
        try:
            await consumer.start()
            consumer.assign([at])
            yield consumer
        finally:
            await consumer.stop()


@asynccontextmanager
async def open_broker(bootstrap: str) -> AsyncIterator[Broker]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_request_size=2_000_000)
    try:
        await producer.start()
        yield Broker(bootstrap, producer)
    finally:
        await producer.stop()
