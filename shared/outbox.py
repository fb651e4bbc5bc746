"""Events leave through here: appended in the caller's transaction, sent by one relay for each bucket, kept for
`keep_days` after that so that they can be sent again.

The outbox is authoritative for what was published. A crash between sending and marking sends the same event again with
the same id and revision: consumers ignore it (D3). Rows are read by `sent_at is null`, never behind a cursor, so a
transaction that commits late is not overtaken for good. A row that the broker refuses for good is set aside
(`quarantined_at`) and never deleted: the others of its bucket go on, an operator decides about it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared import failpoints, metrics
from shared.closed_connections import tell_of_closed_connections
from shared.events.base import Event
from shared.events.catalog import PARTITIONS
from shared.events.envelope import headers_out
from shared.kafka_access import OPEN, Access
from shared.leases import Leases
from shared.postgres import PASSING, Connection, Pool, Record
from shared.sending import MAX_BYTES, Sent, bucket_of, send

__all__ = ["Message", "Relay", "append", "bucket_of", "message", "purge_sent"]

PURGE_EVERY_S = 60.0
SEND_S = 45.0
"""More than the client's own limits: it is wedged then (aiokafka/issues/1017), and the next one sends the rows."""
STOP_S = 10.0
PURGE_ROWS = 1000
"""Of each bucket in one go: it holds up what is to be sent."""
log = structlog.get_logger()


class Message(NamedTuple):
    """One row to append: `headers` is a JSON object of strings, `body` the bytes as they will stand on the topic.
    `bucket` is the partition of what goes to another one than its key's.
    """

    topic: str
    key: str
    event_id: str
    headers: bytes
    body: bytes
    bucket: int | None = None


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


async def append(conn: Connection, messages: Iterable[Message]) -> None:
    """Add to the outbox in the caller's transaction, in the order given."""
    rows = [
        (bucket_of(m.key) if m.bucket is None else m.bucket, m.topic, m.key, m.event_id, m.headers, m.body)
        for m in messages
    ]
    if rows:
        await conn.copy_records_to_table(
            "outbox", records=rows, columns=("bucket", "topic", "key", "event_id", "headers", "body")
        )


# A freshly filled table has no statistics; left to itself the planner sorts the whole backlog for every batch.
_PLAN = "set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off"
_UNSENT = """
select u.* from unnest($1::int[]) b
cross join lateral (
    select bucket, id, topic, key, headers, body from outbox
    where bucket = b and sent_at is null and quarantined_at is null order by bucket, id limit $2
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
_QUARANTINE = """
update outbox o set quarantined_at = clock_timestamp(), quarantine_reason = q.reason
from unnest($1::int[], $2::bigint[], $3::text[]) q (bucket, id, reason) where o.bucket = q.bucket and o.id = q.id
"""
_PURGE = """
delete from outbox o using unnest($1::int[]) b
cross join lateral (select bucket, id from outbox where bucket = b order by bucket, id limit $3) old
where o.bucket = old.bucket and o.id = old.id and o.sent_at < clock_timestamp() - $2::interval
"""


async def purge_sent(
    conn: Connection, older_than: timedelta, buckets: Sequence[int] = range(PARTITIONS), limit: int = PURGE_ROWS
) -> int:
    """Delete what was sent so long ago, of the `limit` oldest rows of each bucket; how many. Never what is unsent or
    set aside."""
    return int((await conn.execute(_PURGE, list(buckets), older_than, limit)).split()[-1])


class Relay:
    """Sends what is unsent in the buckets it holds leases for. Any number of replicas; each bucket has one."""

    def __init__(
        self,
        pool: Pool,
        bootstrap: str,
        *,
        service: str,
        idempotent: bool,
        prefix: str = "",
        batch: int = 500,
        poll_s: float = 0.2,
        lease_s: float = 10,
        keep_days: float = 30,
        access: Access = OPEN,
    ) -> None:
        self._pool = pool
        self._bootstrap = bootstrap
        self._service = service
        self._access = access
        self._idempotent = idempotent
        self._prefix = prefix
        self._batch = batch
        self._poll_s = poll_s
        self._leases = Leases(lease_s)
        self._renew_s = min(1.0, lease_s / 4)
        self._keep = timedelta(days=keep_days)
        self._committed = asyncio.Event()
        self._stopping = False
        tell_of_closed_connections()
        self.sent = 0
        self.trouble: str | None = None
        self.alive_at = asyncio.get_running_loop().time()

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
                self.trouble = f"relay_retrying: {type(error).__name__}"
                self.alive_at = asyncio.get_running_loop().time()
                await asyncio.sleep(0.5)

    async def _run(self) -> None:
        async with self._pool.acquire() as conn:
            await conn.execute(_PLAN)
            try:
                await self._with_producer(conn)
            finally:
                await self._leases.leave(conn)

    async def _with_producer(self, conn: Connection) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=self._idempotent,
            linger_ms=0,
            max_batch_size=1_000_000,
            max_request_size=MAX_BYTES,
            **self._access,
        )
        try:
            await producer.start()
            await self._relay(conn, producer)
        finally:
            async with asyncio.timeout(
                STOP_S
            ):  # before the leases go: what it holds may not overtake the next holder's
                await producer.stop()

    async def _relay(self, conn: Connection, producer: AIOKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        held: list[int] = []
        renew_at = purge_at = 0.0
        while True:
            if loop.time() >= renew_at:
                held = await self._leases.renew(conn)
                renew_at = loop.time() + self._renew_s
            self.alive_at = loop.time()
            self.trouble = None
            self._committed.clear()
            rows = await conn.fetch(_UNSENT, held, self._batch)
            if rows:
                failpoints.reach("relay.read")
                async with asyncio.timeout(SEND_S):
                    sent = await send(producer, rows, self._prefix)
                failpoints.reach("relay.sent")
                await self._mark(conn, rows, sent)
                failpoints.reach("relay.marked")
                continue
            if self._stopping:
                return
            if loop.time() >= purge_at:  # when there is nothing to send, and again at once while there is more
                if not await purge_sent(conn, self._keep, held):
                    purge_at = loop.time() + PURGE_EVERY_S
                continue
            try:
                async with asyncio.timeout(min(self._poll_s, self._renew_s)):
                    await self._committed.wait()
            except TimeoutError:
                continue

    async def _mark(self, conn: Connection, rows: Sequence[Record], sent: Sent) -> None:
        refused = {(row["bucket"], row["id"]): reason for row, reason in sent.refused}
        gone = [row for row in rows if (row["bucket"], row["id"]) not in refused] if refused else rows
        async with conn.transaction():
            if refused:
                buckets, ids = zip(*refused, strict=True)
                await conn.execute(_QUARANTINE, list(buckets), list(ids), list(refused.values()))
            await conn.execute(
                _MARK,
                [row["bucket"] for row in gone],
                [row["id"] for row in gone],
                [topic for topic, _ in sent.ends],
                [partition for _, partition in sent.ends],
                list(sent.ends.values()),
            )
            failpoints.reach("relay.marking")
        for row, reason in sent.refused:
            log.error("quarantined", topic=row["topic"], bucket=row["bucket"], id=row["id"], reason=reason)
            metrics.QUARANTINED.labels(self._service).inc()
        self.sent += len(gone)
        metrics.SENT.labels(self._service).inc(len(gone))
