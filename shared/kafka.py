"""The inbox path: batches from Kafka into one transaction each, with the offsets stored in that same transaction.

The database is authoritative for what was consumed (D13); commits to Kafka only display lag. Delivery is at least once
and the effect exactly once: a batch that fails is rolled back and tried one message at a time, a message that can never
succeed goes to the dead letters alone, a passing fault is retried for as long as it lasts, an event of a newer version
stops its partition (D16), and a fault of the deployment ends the process: no message is the cause of a missing table.
This module decides nothing about an event's content.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import IllegalStateError, KafkaError, KafkaTimeoutError

from shared import dead_letters, failpoints, inbox, metrics
from shared.closed_connections import tell_of_closed_connections
from shared.errors import NewerVersion, Permanent, PutBack, without_values
from shared.gathering import Gathering
from shared.inbox import Message
from shared.kafka_access import OPEN, Access
from shared.lag_display import LagDisplay
from shared.lenient_records import read_leniently
from shared.patience import leave, within
from shared.positions import Positions, name
from shared.postgres import PASSING, Connection, Pool, is_environmental

Handle = Callable[[Connection, Sequence[Message]], Awaitable[None]]
T = TypeVar("T")
ATTEMPTS = 5
LAST_WORD_S = 1.0
"""How long who stops may take to tell Kafka how far it came."""
LOG_APPEND_TIME = 1
"""Kafka's number for a timestamp that the broker set."""
SILENT_AFTER_S = 30.0
"""An idle broker answers several times a second. A client that hears nothing for so long is given up and made anew: it
may hang although it looks healthy (aiokafka/issues/1154)."""
SESSIONS = 4
"""A rebalance lasts a session at most. A client that has not got its partitions for so many, or has waited as long for
any other answer, is given up likewise; one whose share is none has got it."""
log = structlog.get_logger()


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """One member of the service's group over all its topics. `run` returns when stopped; liveness is its progress."""

    def __init__(
        self,
        pool: Pool,
        bootstrap: str,
        *,
        service: str,
        topics: Sequence[str],
        handle: Handle,
        committed: Callable[[], None],
        held: Callable[[], Collection[str]] = tuple,
        gather_s: Mapping[str, float] | None = None,
        prefix: str = "",
        batch: int = 1000,
        session_ms: int = 10_000,
        wait_ms: int = 50,
        access: Access = OPEN,
        patience_s: float | None = None,
    ) -> None:
        self._pool = pool
        self._bootstrap = bootstrap
        self._service = service
        self._topics = topics
        self._handle = handle
        self._committed = committed
        self._held = held
        self._gathering = Gathering(gather_s or {}, batch)
        self._prefix = prefix
        self._batch = batch
        self._session_ms = session_ms
        self._wait_ms = wait_ms
        self._access = access
        self._patience_s = max(SILENT_AFTER_S, SESSIONS * session_ms / 1000) if patience_s is None else patience_s
        self._positions = Positions(pool, prefix, service)
        self._stopping = asyncio.Event()
        self._lag = LagDisplay()
        self.stopped_partitions: dict[str, str] = {}
        self.polled_at = asyncio.get_running_loop().time()
        tell_of_closed_connections()
        metrics.expect(service, topics)
        now = asyncio.get_running_loop().time  # a scrape asks from a thread of its own
        metrics.POLL_AGE.labels(service).set_function(lambda: now() - self.polled_at)
        self.assigned = False
        self.trouble: str | None = None
        self.processed = 0
        self.dead_lettered = 0

    def stop(self) -> None:
        """Finish the batch in hand, then return from `run`."""
        self._stopping.set()

    def caught_up(self, topics: Collection[str]) -> frozenset[int]:
        """The partitions of which each of these topics was read to its end a moment ago, by us. What is decided because
        nothing was heard there may be decided there only: elsewhere it may stand unread.
        """
        return self._positions.caught_up(topics)

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        self._positions.clear()

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        self._positions.clear()
        self.assigned = True

    async def run(self) -> None:
        """Consume until stopped. A broken broker or database is waited for. WrongEnvironment, LogTooShort and
        LogTrimmed among it, and what the database says of a wrong deployment are raised and meant to end the process.
        """
        while not self._stopping.is_set():
            try:
                await self._consume()
            except (KafkaError, *PASSING) as error:
                self._in_trouble("consumer_reconnecting", error)
                await asyncio.sleep(0.5)
            except PutBack as error:
                log.warning("database_put_back", reason=str(error))
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
            **self._access,
        )
        kafka.subscribe([self._prefix + topic for topic in self._topics], listener=self)
        try:
            await self._within(kafka.start())
            while not self._stopping.is_set():
                self._hold(kafka)
                begun = asyncio.get_running_loop().time()
                polled = await self._within(kafka.getmany(timeout_ms=100, max_records=self._batch))
                self.polled_at = asyncio.get_running_loop().time()
                at = set(self._positions.taken)  # those positioned before they were polled
                self._resume(await self._within(self._positions.take(kafka)))
                fresh = {tp: records for tp, records in polled.items() if tp in at}
                await self._within(self._positions.check(kafka, fresh))
                await self._process(kafka, [self._message(r) for records in fresh.values() for r in records])
                await self._within(self._positions.observe(kafka, at, self.stopped_partitions, begun))
                if await self._positions.verify():
                    await self._retry_letters()
                if (silent_s := self._positions.silent_s()) > SILENT_AFTER_S:
                    raise KafkaTimeoutError(f"no answer for {silent_s:.0f} s")
                if self._lag.is_due():
                    await self._lag.show(kafka, self._positions.taken, self._patience_s)
                self.trouble = None
            with contextlib.suppress(KafkaTimeoutError):
                await self._lag.show(kafka, self._positions.taken, LAST_WORD_S)
        finally:
            self._positions.clear()
            await leave(kafka)

    async def _within(self, asked: Awaitable[T]) -> T:
        return await within(self._patience_s, "answer", asked)

    async def _retry_letters(self) -> None:
        if await dead_letters.retry(self._pool, self._handle):
            self._committed()

    def _in_trouble(self, event: str, error: BaseException) -> None:
        """Waiting is told, in the log and by /readyz, and is no hanging: whoever tries again is alive."""
        kind, reason = type(error).__name__, str(error) if isinstance(error, KafkaError) else ""
        log.warning(event, error=kind, reason=reason)
        self.trouble = f"{event}: {' '.join(filter(None, (kind, reason)))}"
        self.polled_at = asyncio.get_running_loop().time()

    def _resume(self, taken: Sequence[TopicPartition]) -> None:
        """Who had it meanwhile may have passed the newer version; if not, it stops again."""
        for tp in taken:
            self.stopped_partitions.pop(name(tp.topic.removeprefix(self._prefix), tp.partition), None)
        metrics.STOPPED_PARTITIONS.labels(self._service).set(len(self.stopped_partitions))

    def _hold(self, kafka: AIOKafkaConsumer) -> None:
        """Leave unread for now what can wait."""
        held = self._held()
        for tp in self._positions.taken:
            topic = tp.topic.removeprefix(self._prefix)
            with contextlib.suppress(IllegalStateError):  # revoked meanwhile
                if topic in held:
                    kafka.pause(tp)
                    self._positions.set_aside(tp)
                elif self._gathering.lasts(topic):
                    kafka.pause(tp)  # soon read to its end again
                elif name(topic, tp.partition) not in self.stopped_partitions:
                    kafka.resume(tp)

    def _stop_partition(self, kafka: AIOKafkaConsumer, m: Message, reason: str) -> None:
        log.error("partition_stopped", reason=reason)
        self.stopped_partitions[name(m.topic, m.partition)] = reason
        metrics.STOPPED_PARTITIONS.labels(self._service).set(len(self.stopped_partitions))
        with contextlib.suppress(IllegalStateError):  # revoked meanwhile: it stops whoever owns it now
            kafka.pause(self._partition(m))

    async def _process(self, kafka: AIOKafkaConsumer, messages: Sequence[Message]) -> None:
        if self.stopped_partitions:
            messages = [m for m in messages if name(m.topic, m.partition) not in self.stopped_partitions]
        if not messages:
            return
        try:
            await self._transact(messages)
            done = messages
        except Exception as error:  # if it does not pass, one message of the batch is its cause
            if isinstance(error, PutBack) or is_environmental(error):
                raise
            log.warning("batch_failed", error=type(error).__name__, size=len(messages))
            done = await self._one_by_one(kafka, messages)
        self._lag.reached({TopicPartition(self._prefix + t, p): end for (t, p), end in inbox.ends(done).items()})

    async def _transact(self, messages: Sequence[Message]) -> None:
        async with self._pool.acquire() as conn, conn.transaction():
            fresh = await inbox.claim(conn, messages, self._positions.known)
            if fresh:
                failpoints.reach("batch.claimed")
                await self._handle(conn, fresh)
                await inbox.advance(conn, fresh)
                failpoints.reach("batch.handled")
        failpoints.reach("batch.committed")
        self._positions.committed(messages)
        self._gathering.took(messages)
        self.processed += len(fresh)
        for topic, count in Counter(m.topic for m in fresh).items():
            metrics.MESSAGES.labels(self._service, topic).inc(count)
        self._committed()

    async def _one_by_one(self, kafka: AIOKafkaConsumer, messages: Sequence[Message]) -> list[Message]:
        """What was done of them: all but what stands in or behind a partition that stopped, or came after `stop`."""
        done = []
        for m in messages:
            partition = name(m.topic, m.partition)
            if partition in self.stopped_partitions:
                continue
            try:
                if not await self._until_done(m):
                    break
            except NewerVersion as error:
                self._stop_partition(kafka, m, str(error))
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
            except (NewerVersion, PutBack):
                raise
            except Permanent as error:
                await self._bury(m, error.kind, str(error))
                return True
            except PASSING as error:
                self._in_trouble("message_retrying", error)
            except Exception as error:
                if is_environmental(error):
                    raise
                failures += 1
                log.error("message_failed", at=f"{name(m.topic, m.partition)}@{m.offset}", **without_values(error))
                if failures == ATTEMPTS:
                    await self._bury(m, "failed", f"{type(error).__name__} after {ATTEMPTS} attempts")
                    return True
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 2)
        return False

    async def _bury(self, m: Message, kind: str, reason: str) -> None:
        await dead_letters.bury(self._pool, self._service, m, kind, reason)
        self.dead_lettered += 1
        self._committed()

    def _message(self, record: Any) -> Message:
        topic = record.topic.removeprefix(self._prefix)
        appended_at = record.timestamp / 1000 if record.timestamp_type == LOG_APPEND_TIME else None
        headers = tuple(record.headers)
        return Message(topic, record.partition, record.offset, record.key, record.value, headers, appended_at)

    def _partition(self, m: Message) -> TopicPartition:
        return TopicPartition(self._prefix + m.topic, m.partition)
