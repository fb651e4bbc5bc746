"""The inbox path: batches from Kafka into one transaction each, with the offsets stored in that same transaction.

The database is authoritative for what was consumed (D13); commits to Kafka only display lag. Delivery is at least once
and the effect exactly once: a batch that fails is rolled back and tried one message at a time, a message that can never
succeed goes to the dead letters alone, a passing fault is retried for as long as it lasts, and an event of a newer
version stops its partition (D16). This module decides nothing about an event's content.
"""

import asyncio
import contextlib
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from pydantic import ValidationError

from shared import inbox, outbox
from shared.errors import LogTooShort, NewerVersion, Permanent
from shared.events.base import Event
from shared.events.catalog import UnknownVersion, model_of
from shared.events.envelope import Received, read_own
from shared.inbox import Message
from shared.lenient_records import read_leniently
from shared.postgres import PASSING, Connection, Pool

Handle = Callable[[Connection, Sequence[Message]], Awaitable[None]]
ATTEMPTS = 5
CAUGHT_UP_S = 2.0
"""How long ago a partition may have been read to its end to count as caught up."""
log = structlog.get_logger()


def read(messages: Sequence[Message], skipped: Callable[[str], None]) -> list[tuple[Received, Event]]:
    """The events of a batch from our own topics. Unknown types are skipped and reported to `skipped`; fields that this
    build does not know are ignored; anything unreadable raises Permanent, a newer version NewerVersion (D16)."""
    found = []
    for m in messages:
        try:
            received = read_own(((n, v) for n, v in m.headers if v is not None), m.value or b"")
            model = model_of(m.topic, received.type, received.version)
            if model is None:
                skipped(received.type)
                continue
            if isinstance(model, UnknownVersion):
                raise NewerVersion(f"{m.topic}/{m.partition}@{m.offset}: {received.type} version {received.version}")
            found.append((received, model.model_validate_json(received.data, extra="ignore")))
        except (KeyError, ValueError, ValidationError) as error:
            raise Permanent(f"not an event of {m.topic}: {type(error).__name__}") from error
    return found


def _name(topic: str, partition: int) -> str:
    return f"{topic}/{partition}"


def _without_values(error: Exception) -> dict[str, Any]:
    """What a log may say of an error: its message and its variables may hold personal data (I22)."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "where": [f"{frame.filename}:{frame.lineno}" for frame in frames]}


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """One member of the service's group over all of its topics. `run` returns when stopped; liveness is its
    progress.
    """

    def __init__(
        self,
        pool: Pool,
        bootstrap: str,
        *,
        service: str,
        topics: Sequence[str],
        handle: Handle,
        committed: Callable[[], None],
        prefix: str = "",
        batch: int = 1000,
        session_ms: int = 10_000,
        wait_ms: int = 50,
    ) -> None:
        self._pool = pool
        self._bootstrap = bootstrap
        self._service = service
        self._topics = topics
        self._handle = handle
        self._committed = committed
        self._prefix = prefix
        self._batch = batch
        self._session_ms = session_ms
        self._wait_ms = wait_ms
        self._unverified: dict[TopicPartition, int] = {}
        self._at_end: dict[TopicPartition, float] = {}
        self._synced: set[TopicPartition] = set()
        self._stopping = asyncio.Event()
        self.stopped_partitions: dict[str, str] = {}
        self.polled_at = asyncio.get_running_loop().time()
        self.assigned = False
        self.processed = 0
        self.dead_lettered = 0

    def stop(self) -> None:
        """Finish the batch in hand, then return from `run`."""
        self._stopping.set()

    def caught_up(self) -> frozenset[int]:
        """The partitions of which every topic was read to its end a moment ago, by us. What is decided because nothing
        was heard may be decided there only: elsewhere it may stand unread.
        """
        since = asyncio.get_running_loop().time() - CAUGHT_UP_S
        topics = Counter(tp.partition for tp, at in self._at_end.items() if at >= since)
        return frozenset(number for number, read in topics.items() if read == len(self._topics))

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        self._synced.clear()
        self._at_end.clear()

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        self._synced.clear()
        self._at_end.clear()
        self.assigned = True

    async def run(self) -> None:
        """Consume until stopped. A broken broker or database is waited for; LogTooShort is raised and meant to end the
        process."""
        while not self._stopping.is_set():
            try:
                await self._consume()
            except (KafkaError, *PASSING) as error:
                log.warning("consumer_reconnecting", error=type(error).__name__)
                await asyncio.sleep(0.5)
            except UnicodeDecodeError:  # of a header's name: see there
                log.warning("reading_leniently")
                read_leniently()

    async def _consume(self) -> None:
        kafka = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self._prefix + self._service,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=self._batch,
            max_partition_fetch_bytes=4_000_000,
            fetch_max_wait_ms=self._wait_ms,
            session_timeout_ms=self._session_ms,
            heartbeat_interval_ms=self._session_ms // 4,
            metadata_max_age_ms=10_000,
            # A key's partition has the same number on every topic: it goes to one member, whole.
            partition_assignment_strategy=[RangePartitionAssignor],
        )
        kafka.subscribe([self._prefix + topic for topic in self._topics], listener=self)
        try:
            await kafka.start()
            while not self._stopping.is_set():
                begun = asyncio.get_running_loop().time()
                polled = await kafka.getmany(timeout_ms=100, max_records=self._batch)
                self.polled_at = asyncio.get_running_loop().time()
                at = await self._position(kafka)
                self._verify(kafka)
                await self._process(
                    kafka, [self._message(r) for tp, records in polled.items() if tp in at for r in records]
                )
                await self._observe(kafka, at, begun)
        finally:
            await kafka.stop()

    async def _position(self, kafka: AIOKafkaConsumer) -> set[TopicPartition]:
        """After each assignment, read on from the stored position and not from where Kafka believes we are (D13). The
        partitions whose messages in hand may be processed: those that were positioned before they were polled."""
        before = set(self._synced)
        fresh = kafka.assignment() - before
        if not fresh:
            return before
        async with self._pool.acquire() as conn:
            stored = await inbox.next_offsets(conn)
        for tp in fresh:
            offset = stored.get((tp.topic.removeprefix(self._prefix), tp.partition))
            try:
                await kafka.seek_to_beginning(tp) if offset is None else kafka.seek(tp, offset)
            except IllegalStateError:  # revoked meanwhile: whoever owns it now positions it
                continue
            self._synced.add(tp)
            # Who had it meanwhile may have passed the newer version; if not, it stops again.
            self.stopped_partitions.pop(_name(tp.topic.removeprefix(self._prefix), tp.partition), None)
            if offset is not None:
                self._unverified[tp] = offset
        return before

    async def _observe(self, kafka: AIOKafkaConsumer, positioned: set[TopicPartition], begun: float) -> None:
        """Note which partitions have nothing left to read, as of when the poll began."""
        for tp in positioned & self._synced:
            end = kafka.highwater(tp)
            if end is None or _name(tp.topic.removeprefix(self._prefix), tp.partition) in self.stopped_partitions:
                continue
            with contextlib.suppress(IllegalStateError):  # revoked meanwhile
                if await kafka.position(tp) >= end:
                    self._at_end[tp] = begun

    def _verify(self, kafka: AIOKafkaConsumer) -> None:
        """The log must reach as far as we have consumed. The fetch answers tell; asking for end offsets, the embedded
        broker answers with the beginning of its last batch.
        """
        for tp, offset in list(self._unverified.items()):
            if tp not in self._synced:
                del self._unverified[tp]
            elif (end := kafka.highwater(tp)) is not None:
                if end < offset:
                    raise LogTooShort(f"{tp.topic}/{tp.partition} ends at {end}, but {offset} was consumed from it")
                del self._unverified[tp]

    async def _process(self, kafka: AIOKafkaConsumer, messages: Sequence[Message]) -> None:
        messages = [m for m in messages if _name(m.topic, m.partition) not in self.stopped_partitions]
        if not messages:
            return
        try:
            await self._transact(messages)
            done = messages
        except Exception as error:  # whatever it is: if it does not pass, one message of the batch is its cause
            log.warning("batch_failed", error=type(error).__name__, size=len(messages))
            done = await self._one_by_one(kafka, messages)
        ends = {self._partition(m): m.offset + 1 for m in done if self._partition(m) in self._synced}
        if not ends:
            return
        try:
            await kafka.commit(ends)
        except (CommitFailedError, IllegalStateError):
            log.info("lag_display_not_updated")

    async def _transact(self, messages: Sequence[Message]) -> None:
        async with self._pool.acquire() as conn, conn.transaction():
            fresh = await inbox.claim(conn, messages)
            if fresh:
                await self._handle(conn, fresh)
                await inbox.advance(conn, fresh)
        self.processed += len(fresh)
        self._committed()

    async def _one_by_one(self, kafka: AIOKafkaConsumer, messages: Sequence[Message]) -> list[Message]:
        """What was done of them: all but what stands in or behind a partition that stopped, or came after `stop`."""
        done = []
        for m in messages:
            partition = _name(m.topic, m.partition)
            if partition in self.stopped_partitions:
                continue
            try:
                if not await self._until_done(m):
                    break
            except NewerVersion as error:
                log.error("partition_stopped", reason=str(error))
                self.stopped_partitions[partition] = str(error)
                with contextlib.suppress(IllegalStateError):  # revoked meanwhile: it stops whoever owns it now
                    kafka.pause(self._partition(m))
            else:
                done.append(m)
        return done

    async def _until_done(self, m: Message) -> bool:
        """True when its effect or its dead letter is stored; False when told to stop before that."""
        failures, pause_s = 0, 0.05
        while not self._stopping.is_set():
            try:
                await self._transact([m])
                return True
            except NewerVersion:
                raise
            except Permanent as error:
                await self._bury(m, str(error))
                return True
            except PASSING as error:
                log.warning("message_retrying", error=type(error).__name__)
                self.polled_at = asyncio.get_running_loop().time()
            except Exception as error:
                failures += 1
                log.error("message_failed", at=f"{_name(m.topic, m.partition)}@{m.offset}", **_without_values(error))
                if failures == ATTEMPTS:
                    await self._bury(m, f"{type(error).__name__} after {ATTEMPTS} attempts")
                    return True
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 2)
        return False

    async def _bury(self, m: Message, reason: str) -> None:
        log.error("dead_lettered", topic=m.topic, partition=m.partition, offset=m.offset, reason=reason)
        headers: dict[str, Any] = {
            "reason": reason, "topic": m.topic, "partition": str(m.partition), "offset": str(m.offset),
        }  # fmt: skip
        async with self._pool.acquire() as conn, conn.transaction():
            if await inbox.claim(conn, [m]):
                await inbox.bury(conn, m, reason)
                key = (m.key or b"").decode("utf-8", "replace").replace("\0", "\ufffd")  # Postgres holds no NUL
                id = f"{m.topic}/{m.partition}/{m.offset}"
                letter = outbox.Message(f"{self._service}-dlq", key, id, orjson.dumps(headers), m.value or b"")
                await outbox.append(conn, [letter])
                await inbox.advance(conn, [m])
        self.dead_lettered += 1
        self._committed()

    def _message(self, record: Any) -> Message:
        topic = record.topic.removeprefix(self._prefix)
        return Message(topic, record.partition, record.offset, record.key, record.value, tuple(record.headers))

    def _partition(self, m: Message) -> TopicPartition:
        return TopicPartition(self._prefix + m.topic, m.partition)
