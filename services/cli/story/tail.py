"""Reads what the services publish, as any integrator would: from their topics, up to where they end now."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.events.base import Event
from shared.events.catalog import UnknownVersion, model_of, topics
from shared.events.envelope import Received, read_own


class Tail:
    """Use it through :func:`tailing`."""

    def __init__(self, kafka: AIOKafkaConsumer, prefix: str, partitions: Sequence[TopicPartition]) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._partitions = partitions
        self._read = dict.fromkeys(partitions, 0)

    async def new(self) -> list[tuple[Received, Event]]:
        """All events since the last call, in the order of their revisions within each aggregate."""
        ends = await self._kafka.end_offsets(self._partitions)
        found = []
        while behind := [tp for tp in self._partitions if self._read[tp] < ends[tp]]:
            for tp, records in (await self._kafka.getmany(*behind, timeout_ms=200)).items():
                for record in records:
                    self._read[tp] = record.offset + 1
                    received = read_own(((n, v) for n, v in record.headers if v is not None), record.value)
                    model = model_of(tp.topic.removeprefix(self._prefix), received.type, received.version)
                    if model is not None and not isinstance(model, UnknownVersion):
                        found.append((received, model.model_validate_json(received.data, extra="ignore")))
        return found


@asynccontextmanager
async def tailing(bootstrap: str, prefix: str, names: Sequence[str]) -> AsyncIterator[Tail]:
    """Topics from their beginning on."""
    partitions = [TopicPartition(prefix + name, n) for name in names for n in range(topics()[name].partitions)]
    kafka = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50)
    await kafka.start()
    try:
        kafka.assign(partitions)
        for tp in partitions:
            kafka.seek(tp, 0)
        yield Tail(kafka, prefix, partitions)
    finally:
        await kafka.stop()
