"""Send what is planned, and move the clock: backfill with the clock standing, or follow with the clock moving (D10).

The clock moves only when nothing is in flight, and never back. Nothing here knows what a submission says.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any, cast

import orjson
from aiokafka import AIOKafkaProducer

from services.cli.replay.spool import Planned
from services.cli.replay.target import CannotReplay
from services.cli.replay.watch import Snapshot, Watch
from shared.clock import set_simulated
from shared.inbox import TOKEN
from shared.kafka_access import OPEN, Access
from shared.outbox import Message, bucket_of
from shared.postgres import Connection
from shared.sending import MAX_BYTES, send

BATCH = 2000
NOT_YET = datetime(1900, 1, 1, tzinfo=UTC)
"""Up to when feeds are complete while facts of the past still come in: nobody is named before they all are (D8)."""

Progress = Callable[[int], None]
"""Told how many more were sent."""
Told = Callable[[datetime], Awaitable[None]]
"""Told of each instant at which the clock stood, when all that follows from it has happened."""


@asynccontextmanager
async def producing(bootstrap: str, access: Access = OPEN) -> AsyncIterator[AIOKafkaProducer]:
    """A producer that waits for every copy; ours has no sequence, duplicates change nothing."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        linger_ms=0,
        max_batch_size=1_000_000,
        max_request_size=MAX_BYTES,
        **access,
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


class Feed:
    """Sends to `submissions`, and holds the clock that the services share."""

    def __init__(
        self,
        conn: Connection,
        producer: AIOKafkaProducer,
        watch: Watch,
        prefix: str,
        progress: Progress,
        token: str | None = None,
    ) -> None:
        self._conn = conn
        self._producer = producer
        self._watch = watch
        self._prefix = prefix
        self._progress = progress
        self._token = token
        self.sent = 0
        self.steps = 0

    async def send(self, messages: Iterable[Message]) -> None:
        """Send in order; returns when all are acknowledged."""
        remaining = iter(messages)
        while batch := list(islice(remaining, BATCH)):
            rows = [
                {"topic": m.topic, "bucket": bucket_of(m.key), "key": m.key, "headers": h, "body": m.body}
                for m in batch
                for h in [self._headers(m)]
            ]
            sent = await send(self._producer, cast(Any, rows), self._prefix)
            if sent.refused:
                row, reason = sent.refused[0]
                raise CannotReplay(f"the broker refuses an event about {row['key']}: {reason}")
            self._watch.own |= sent.ends
            self.sent += len(batch)
            self._progress(len(batch))

    def _headers(self, message: Message) -> bytes:
        if self._token is None:
            return message.headers
        return orjson.dumps({**orjson.loads(message.headers), TOKEN: self._token})

    async def backfill(self, planned: Iterator[Planned], as_of: datetime) -> None:
        """Everything at once; then, with all facts known, whatever is due by as-of falls due.

        On a clock that is not ours to set (`watch.simulated` is false) the services' own time decides.
        """
        if self._watch.simulated:
            await set_simulated(self._conn, as_of, confirmed=NOT_YET)
        await self.send(each.message for each in planned)
        await self._watch.until_quiet()
        if self._watch.simulated:
            await set_simulated(self._conn, as_of, confirmed=as_of)
            await self._watch.until_quiet()

    async def follow(self, planned: Iterator[Planned], as_of: datetime, told: Told) -> None:
        """The clock moves to the next event or the next alarm, whichever is earlier."""
        seen = await self._watch.until_quiet()
        now = seen.now
        for instant, messages in _together(planned, now):
            seen = await self._alarms_before(instant, seen, told)
            await self._move(instant)
            await self.send(messages)
            seen = await self._watch.until_quiet()
            await told(instant)
        seen = await self._alarms_before(as_of, seen, told)
        await self._move(as_of)
        await self._watch.until_quiet()
        await told(as_of)

    async def _alarms_before(self, instant: datetime, seen: Snapshot, told: Told) -> Snapshot:
        while seen.alarm is not None and seen.alarm < instant:
            alarm = seen.alarm
            await self._move(alarm)
            seen = await self._watch.until_quiet()
            await told(alarm)
        return seen

    async def _move(self, instant: datetime) -> None:
        await set_simulated(self._conn, instant)
        self.steps += 1


def _together(planned: Iterator[Planned], start: datetime) -> Iterator[tuple[datetime, list[Message]]]:
    """Consecutive submissions that the same instant of the clock, which never goes back, lets out; BATCH at most."""
    now, waiting = start, list[Message]()
    for each in planned:
        if each.known_at > now or len(waiting) == BATCH:
            if waiting:
                yield now, waiting
            now, waiting = max(now, each.known_at), []
        waiting.append(each.message)
    if waiting:
        yield now, waiting
