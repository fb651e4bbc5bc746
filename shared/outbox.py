"""Events leave through here: appended in the caller's transaction, sent by one relay for each bucket, kept for a while.

The outbox is authoritative for what was published. A crash between sending and marking sends the same event again with
the same id and revision: consumers ignore it (D3). Rows are read by `sent_at is null`, never behind a cursor, so a
transaction that commits late is not overtaken for good.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from shared.events.base import Event
from shared.events.catalog import PARTITIONS
from shared.events.envelope import headers_out
from shared.postgres import PASSING, Connection, Pool, Record

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Message:
    """One row to append: `headers` is a JSON object of strings, `body` the bytes as they will stand on the topic."""

    topic: str
    key: str
    event_id: str
    headers: bytes
    body: bytes


def message(
    topic: str,
    event: Event,
    *,
    id: str,
    source: str,
    subject: str,
    time: datetime,
    revision: int,
    causation: str | None,
) -> Message:
    """The message of an event in binary mode. `subject` is its aggregate's key and the Kafka key (D1)."""
    headers = headers_out(
        type(event), id=id, source=source, subject=subject, time=time, revision=revision, causation=causation
    )
    return Message(topic, subject, id, headers, event.model_dump_json(exclude_none=True).encode())


def bucket_of(key: str, partitions: int = PARTITIONS) -> int:
    """The partition the default partitioner would choose."""
    return (int(murmur2(key.encode())) & 0x7FFFFFFF) % partitions


async def append(conn: Connection, messages: Iterable[Message]) -> None:
    """Add to the outbox in the caller's transaction, in the order given."""
    rows = [(bucket_of(m.key), m.topic, m.key, m.event_id, m.headers, m.body) for m in messages]
    if rows:
        await conn.copy_records_to_table(
            "outbox", records=rows, columns=("bucket", "topic", "key", "event_id", "headers", "body")
        )


# A freshly filled table has no statistics; left to itself the planner sorts the whole backlog for every batch.
_PLAN = "set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off"
_ALIVE = """
with gone as (delete from outbox_relays where seen_at < clock_timestamp() - $2::interval and holder <> $1),
me as (
    insert into outbox_relays values ($1, clock_timestamp())
    on conflict (holder) do update set seen_at = excluded.seen_at returning holder
)
select (select count(*) from me) + (
    select count(*) from outbox_relays where holder <> $1 and seen_at >= clock_timestamp() - $2::interval
)
"""
_RENEW = """
update outbox_leases set expires_at = clock_timestamp() + $2
where holder = $1 and expires_at >= clock_timestamp() returning bucket
"""
_TAKE = """
insert into outbox_leases as l (bucket, holder, epoch, expires_at)
select b, $1, 1, clock_timestamp() + $2 from generate_series(0, $3 - 1) b
where not exists (select from outbox_leases where bucket = b and expires_at >= clock_timestamp())
order by b limit $4
on conflict (bucket) do update set holder = excluded.holder, expires_at = excluded.expires_at, epoch = l.epoch + 1
where l.expires_at < clock_timestamp()
returning bucket
"""
_GIVE = "update outbox_leases set expires_at = '-infinity' where holder = $1 and bucket = any($2::int[])"
_UNSENT = """
select u.* from unnest($1::int[]) b
cross join lateral (
    select bucket, id, topic, key, headers, body from outbox
    where bucket = b and sent_at is null order by bucket, id limit $2
) u
"""
_MARK = """
with sent as (
    update outbox o set sent_at = clock_timestamp() from unnest($1::int[], $2::bigint[]) s (bucket, id)
    where o.bucket = s.bucket and o.id = s.id
)
insert into published_offsets as p (topic, partition, next_offset)
select * from unnest($3::text[], $4::int[], $5::bigint[])
on conflict (topic, partition) do update set next_offset = greatest(p.next_offset, excluded.next_offset)
"""
_LEAVE = """
with gone as (delete from outbox_relays where holder = $1)
update outbox_leases set expires_at = '-infinity' where holder = $1
"""
_OLDEST = """
select coalesce(extract(epoch from clock_timestamp() - min(u.created_at)), 0)::float8 from generate_series(0, $1 - 1) b
cross join lateral (select created_at from outbox where bucket = b and sent_at is null order by bucket, id limit 1) u
"""


async def oldest_unsent_s(conn: Connection) -> float:
    """The age of the oldest row that is not sent, in seconds; 0 when all is sent."""
    age: float = await conn.fetchval(_OLDEST, PARTITIONS)
    return age


class Relay:
    """Sends what is unsent in the buckets it holds leases for. Any number of replicas; each bucket has one."""

    def __init__(
        self,
        pool: Pool,
        bootstrap: str,
        *,
        idempotent: bool,
        prefix: str = "",
        batch: int = 500,
        poll_s: float = 0.2,
        lease_s: float = 10,
    ) -> None:
        self._pool = pool
        self._bootstrap = bootstrap
        self._idempotent = idempotent
        self._prefix = prefix
        self._batch = batch
        self._poll_s = poll_s
        self._lease_time = timedelta(seconds=lease_s)
        self._renew_s = min(1.0, lease_s / 4)
        self._holder = uuid4().hex
        self._committed = asyncio.Event()
        self._stopping = False
        self.sent = 0

    def wake(self) -> None:
        """Rows were committed: send now instead of at the next poll."""
        self._committed.set()

    def stop(self) -> None:
        """Send what is left, then return from `run`."""
        self._stopping = True
        self._committed.set()

    async def run(self) -> None:
        """Relay until stopped. A broken broker or database is waited for; the producer is rebuilt after each error."""
        while True:
            try:
                await self._run()
                return
            except (KafkaError, *PASSING) as error:
                log.warning("relay_retrying", error=type(error).__name__)
                await asyncio.sleep(0.5)

    async def _run(self) -> None:
        async with self._pool.acquire() as conn:
            await conn.execute(_PLAN)
            try:
                await self._with_producer(conn)
            finally:
                await conn.execute(_LEAVE, self._holder)

    async def _with_producer(self, conn: Connection) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=self._idempotent,
            linger_ms=0,
            max_batch_size=1_000_000,
            max_request_size=2_000_000,
        )
        try:
            await producer.start()
            await self._relay(conn, producer)
        finally:
            await producer.stop()  # before the leases go: what it still holds may not overtake the next holder's

    async def _lease(self, conn: Connection) -> list[int]:
        """Renew what is held, give up what exceeds the share of one relay, take what is free up to it (D14). Called
        between sends only, so that nothing of a bucket that is given up is on its way."""
        alive = await conn.fetchval(_ALIVE, self._holder, self._lease_time)
        share = -(-PARTITIONS // alive)
        held = sorted(r["bucket"] for r in await conn.fetch(_RENEW, self._holder, self._lease_time))
        if len(held) > share:
            await conn.execute(_GIVE, self._holder, held[share:])
            return held[:share]
        taken = await conn.fetch(_TAKE, self._holder, self._lease_time, PARTITIONS, share - len(held))
        return sorted(held + [r["bucket"] for r in taken])

    async def _relay(self, conn: Connection, producer: AIOKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        held: list[int] = []
        renew_at = 0.0
        while True:
            if loop.time() >= renew_at:
                held = await self._lease(conn)
                renew_at = loop.time() + self._renew_s
            self._committed.clear()
            rows = await conn.fetch(_UNSENT, held, self._batch)
            if rows:
                ends = await send(producer, rows, self._prefix)
                await conn.execute(
                    _MARK,
                    [r["bucket"] for r in rows],
                    [r["id"] for r in rows],
                    [topic for topic, _ in ends],
                    [partition for _, partition in ends],
                    list(ends.values()),
                )
                self.sent += len(rows)
                continue
            if self._stopping:
                return
            try:
                async with asyncio.timeout(min(self._poll_s, self._renew_s)):
                    await self._committed.wait()
            except TimeoutError:
                continue


async def send(producer: AIOKafkaProducer, rows: Sequence[Record], prefix: str) -> dict[tuple[str, int], int]:
    """One record batch for each partition, a fifth of the cost of a send for each message. Returns when all are
    acknowledged: the offset after the last message, for each (topic, partition).
    """
    batches: dict[tuple[str, int], list[Record]] = {}
    for row in rows:
        partitions = len(await producer.partitions_for(prefix + row["topic"]))
        partition = row["bucket"] if partitions == PARTITIONS else bucket_of(row["key"], partitions)
        batches.setdefault((row["topic"], partition), []).append(row)
    waiting: list[tuple[tuple[str, int], int, Any]] = []
    for (topic, partition), members in batches.items():
        builder = producer.create_batch()
        for row in members:
            headers = [(name, value.encode()) for name, value in orjson.loads(row["headers"]).items()]
            content: dict[str, Any] = {
                "key": row["key"].encode(), "value": row["body"], "headers": headers, "timestamp": None,
            }  # fmt: skip
            if builder.append(**content) is None:
                waiting.append(await _submit(producer, builder, prefix, topic, partition))
                builder = producer.create_batch()
                builder.append(**content)
        waiting.append(await _submit(producer, builder, prefix, topic, partition))
    ends: dict[tuple[str, int], int] = {}
    for at, size, acknowledged in waiting:
        ends[at] = (await acknowledged).offset + size
    return ends


async def _submit(
    producer: AIOKafkaProducer, builder: Any, prefix: str, topic: str, partition: int
) -> tuple[tuple[str, int], int, Any]:
    builder.close()
    acknowledged = await producer.send_batch(builder, prefix + topic, partition=partition)
    return (topic, partition), builder.record_count(), acknowledged
