"""A service that only writes down what it was given, in the transaction in which it was given."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from shared.inbox import Message
from shared.kafka import Consumer
from shared.postgres import Connection, Pool
from tests.support.broker import Broker

TOPIC = "submissions"
SESSION_MS = 1_000
"""The embedded broker ignores a farewell: who joins after a member that left waits until its session is over."""
CREATE = "create table effects (id bigint generated always as identity, partition int, position bigint, value bytea)"
Hook = Callable[[Sequence[Message]], None]


class Probe:
    """`before` may raise before a batch is written, `after` when it is written and not committed."""

    def __init__(self, pool: Pool, broker: Broker) -> None:
        self.pool = pool
        self.broker = broker
        self.before: Hook = lambda _: None
        self.after: Hook = lambda _: None
        self.batches: list[int] = []

    async def handle(self, conn: Connection, messages: Sequence[Message]) -> None:
        self.before(messages)
        await conn.execute(
            "insert into effects (partition, position, value)"
            " select * from unnest($1::int[], $2::bigint[], $3::bytea[])",
            [m.partition for m in messages],
            [m.offset for m in messages],
            [m.value for m in messages],
        )
        self.after(messages)
        self.batches.append(len(messages))

    def consumer(self, service: str = "probe", **changes: Any) -> Consumer:
        return Consumer(
            self.pool,
            self.broker.bootstrap,
            service=service,
            prefix=self.broker.prefix,
            **{
                "topics": [TOPIC],
                "handle": self.handle,
                "batch": 100,
                "committed": lambda: None,
                "session_ms": SESSION_MS,
                **changes,
            },
        )

    async def seen(self) -> list[bytes]:
        """Every effect, in the order in which they were written."""
        return [row["value"] for row in await self.pool.fetch("select value from effects order by id")]

    async def count(self, wanted: int) -> bool:
        found: int = await self.pool.fetchval("select count(*) from effects")
        return found >= wanted

    async def by_partition(self) -> dict[int, list[int]]:
        """The offsets with an effect, in the order in which they were written."""
        found = defaultdict(list)
        for row in await self.pool.fetch("select partition, position from effects order by id"):
            found[row["partition"]].append(row["position"])
        return dict(found)

    async def stored(self, partition: int = 0) -> int | None:
        """The stored position of a partition of the topic."""
        position: int | None = await self.pool.fetchval(
            "select next_offset from consumed_offsets where topic = $1 and partition = $2", TOPIC, partition
        )
        return position

    async def letters(self) -> list[tuple[int, int, bytes, str]]:
        """Partition, offset, bytes and reason of each dead letter."""
        rows = await self.pool.fetch("select * from dead_letters order by failed_at")
        return [(row["partition"], row["position"], row["value"], row["reason"]) for row in rows]


async def failure(consumer: Consumer, within_s: float = 15) -> BaseException:
    """What ended a consumer that was not asked to stop."""
    task = asyncio.create_task(consumer.run())
    await asyncio.wait([task], timeout=within_s)
    assert task.done(), f"still runs after {within_s:g} s"
    error = task.exception()
    assert error is not None
    return error


async def fill(broker: Broker, start: int, end: int) -> None:
    """Numbered messages, dealt to the partitions in turn."""
    async with asyncio.TaskGroup() as group:
        for partition in range(6):
            values = [b"%d" % n for n in range(start, end) if n % 6 == partition]
            group.create_task(broker.send(TOPIC, *values, partition=partition))
