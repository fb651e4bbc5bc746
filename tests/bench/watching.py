"""A consumer of one topic in this process that marks, for each matter of a series, when its event came by."""

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.events.catalog import PARTITIONS
from tests.bench.ground import Field, WrongCount
from tests.bench.matters import number

NOTHING_S = 300.0


@dataclass
class Watcher:
    """Use it through :func:`watching`. `at[i]`: the wall time at which matter i of the series came by, 0 before."""

    consumer: AIOKafkaConsumer
    series: str
    kind: bytes
    at: list[float]
    seen: int = 0
    again: int = 0
    last: float = field(default=0.0)

    async def until(self, count: int) -> float:
        """Return when so many matters were seen: the wall time of the last. Raises WrongCount when no more come."""
        heard = time.monotonic()
        while self.seen < count:
            polled = await self.consumer.getmany(timeout_ms=200)
            here = time.time()
            for records in polled.values():
                for record in records:
                    if ("ce_type", self.kind) in record.headers:
                        self._mark(record.key, here)
            if polled:
                heard = time.monotonic()
            elif time.monotonic() - heard > NOTHING_S:
                raise WrongCount(f"{self.seen} of {count} {self.kind.decode()} came, then nothing for {NOTHING_S:g} s")
        return self.last

    def _mark(self, key: bytes, here: float) -> None:
        index = number(key, self.series)
        if index is None:
            return
        if self.at[index]:
            self.again += 1
        else:
            self.at[index] = self.last = here
            self.seen += 1


@contextlib.asynccontextmanager
async def watching(field_: Field, topic: str, kind: str, series: str, n: int) -> AsyncIterator[Watcher]:
    """Watch a topic from its beginning."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=field_.kafka, enable_auto_commit=False, max_partition_fetch_bytes=4_000_000
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(field_.prefix + topic, partition) for partition in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        yield Watcher(consumer, series, kind.encode(), [0.0] * n)
    finally:
        await consumer.stop()
