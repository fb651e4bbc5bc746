"""Reads what the services publish, as any integrator would: from their topics, up to where the outboxes have sent.

The broker is not asked where its logs end: the embedded one answers that wrongly (docs/decisions/embedded-broker.md).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.events.base import Event
from shared.events.catalog import UnknownVersion, model_of, topics
from shared.events.envelope import Received, read_own
from shared.postgres import Connection

_ENDS = "select topic, partition, next_offset from {service}.published_offsets where topic = $1"


class Tail:
    """Use it through :func:`tailing`. `producers` says which service publishes each topic."""

    def __init__(self, conn: Connection, kafka: AIOKafkaConsumer, prefix: str, producers: Mapping[str, str]) -> None:
        self._conn = conn
        self._kafka = kafka
        self._prefix = prefix
        self._producers = producers
        self._read: dict[TopicPartition, int] = {}

    async def new(self) -> list[tuple[Received, Event]]:
        """All events since the last call, in the order of their partitions."""
        ends = await self._ends()
        found = []
        while behind := [tp for tp, end in ends.items() if self._read.get(tp, 0) < end]:
            for tp, records in (await self._kafka.getmany(*behind, timeout_ms=200)).items():
                for record in records:
                    self._read[tp] = record.offset + 1
                    received = read_own(((n, v) for n, v in record.headers if v is not None), record.value)
                    model = model_of(tp.topic.removeprefix(self._prefix), received.type, received.version)
                    if model is not None and not isinstance(model, UnknownVersion):
                        found.append((received, model.model_validate_json(received.data, extra="ignore")))
        return found

    async def _ends(self) -> dict[TopicPartition, int]:
        rows = [
            row
            for topic, service in self._producers.items()
            for row in await self._conn.fetch(_ENDS.format(service=service), topic)
        ]
        return {TopicPartition(self._prefix + row["topic"], row["partition"]): row["next_offset"] for row in rows}


@asynccontextmanager
async def tailing(dsn: str, bootstrap: str, prefix: str, producers: Mapping[str, str]) -> AsyncIterator[Tail]:
    """Topics from their beginning on."""
    partitions = [TopicPartition(prefix + name, n) for name in producers for n in range(topics()[name].partitions)]
    conn: Connection = await asyncpg.connect(dsn, timeout=10, command_timeout=60)
    kafka = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=20)
    try:
        await kafka.start()
        kafka.assign(partitions)
        for tp in partitions:
            kafka.seek(tp, 0)
        yield Tail(conn, kafka, prefix, producers)
    finally:
        await kafka.stop()
        await conn.close()
