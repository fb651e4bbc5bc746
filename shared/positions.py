"""Where each partition is read from, and how far: from the offset that the database stores, never from where Kafka
believes a group to be (D13). What cannot be read any more is never passed over: it ends the process.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError

from shared import inbox
from shared.errors import LogTooShort, LogTrimmed
from shared.postgres import Pool
from shared.progress import Progress

CAUGHT_UP_S = 2.0
"""How long ago a partition may have been read to its end to count as caught up."""


class Positions:
    """Those of one member of a group."""

    def __init__(self, pool: Pool, prefix: str, service: str) -> None:
        self._pool = pool
        self._prefix = prefix
        self._progress = Progress(service)
        self._next: dict[TopicPartition, int] = {}
        self._unverified: dict[TopicPartition, int] = {}
        self._at_end: dict[TopicPartition, float] = {}
        self.taken: set[TopicPartition] = set()

    def clear(self) -> None:
        """The assignment changes: nothing is positioned."""
        self.taken.clear()
        self._at_end.clear()
        self._progress.disown()

    def caught_up(self, topics: Collection[str]) -> frozenset[int]:
        """The partitions of which all `topics` were read to their end a moment ago."""
        since = asyncio.get_running_loop().time() - CAUGHT_UP_S
        wanted = {self._prefix + topic for topic in topics}
        read = Counter(tp.partition for tp, at in self._at_end.items() if at >= since and tp.topic in wanted)
        return frozenset(number for number, count in read.items() if count == len(wanted))

    async def take(self, kafka: AIOKafkaConsumer) -> list[TopicPartition]:
        """Position what was assigned and is not yet; those partitions. Raises LogTrimmed."""
        fresh = sorted(kafka.assignment() - self.taken)
        if not fresh:
            return []
        async with self._pool.acquire() as conn:
            stored = await inbox.next_offsets(conn)
        begins = await kafka.beginning_offsets(fresh)
        for tp in fresh:
            offset = stored.get((tp.topic.removeprefix(self._prefix), tp.partition))
            if offset is not None and offset < begins[tp]:
                raise _trimmed(tp, offset, begins[tp])
            position = begins[tp] if offset is None else offset
            try:
                kafka.seek(tp, position)
            except IllegalStateError:  # revoked meanwhile: whoever owns it now positions it
                continue
            self.taken.add(tp)
            self._progress.owns((tp.topic.removeprefix(self._prefix), tp.partition))
            self._next[tp] = position
            if offset is not None:
                self._unverified[tp] = offset
        self._progress.expect(sum(len(kafka.partitions_for_topic(topic) or ()) for topic in kafka.subscription()))
        return [tp for tp in fresh if tp in self.taken]

    async def check(self, kafka: AIOKafkaConsumer, polled: Mapping[TopicPartition, Sequence[Any]]) -> None:
        """The log must reach as far as we have consumed, and begin where we go on. The fetch answers tell the one:
        asked for end offsets, the embedded broker has answered with the beginning of its last batch. The other shows
        as a gap: aiokafka goes to the log's beginning by itself when retention has passed us. Gaps that compaction
        leaves are none."""
        for tp, offset in list(self._unverified.items()):
            if tp not in self.taken:
                del self._unverified[tp]
            elif (end := kafka.highwater(tp)) is not None:
                if end < offset:
                    raise LogTooShort(f"{tp.topic}/{tp.partition} ends at {end}, but {offset} was consumed from it")
                del self._unverified[tp]
        for tp, records in polled.items():
            if records[0].offset > self._next[tp]:
                begin = (await kafka.beginning_offsets([tp]))[tp]
                if begin > self._next[tp]:
                    raise _trimmed(tp, self._next[tp], begin)
            self._next[tp] = records[-1].offset + 1

    async def observe(
        self, kafka: AIOKafkaConsumer, positioned: Collection[TopicPartition], stopped: Collection[str], begun: float
    ) -> None:
        """Note which partitions have nothing left to read, as of when the poll began."""
        for tp in self.taken.intersection(positioned):
            end = kafka.highwater(tp)
            place = tp.topic.removeprefix(self._prefix), tp.partition
            if end is None or name(*place) in stopped:
                continue
            with contextlib.suppress(IllegalStateError):  # revoked meanwhile
                position = await kafka.position(tp)
                self._progress.saw(place, position, end)
                if position >= end:
                    self._at_end[tp] = begun


def name(topic: str, partition: int) -> str:
    """A partition, for people."""
    return f"{topic}/{partition}"


def _trimmed(tp: TopicPartition, offset: int, begin: int) -> LogTrimmed:
    return LogTrimmed(
        f"{tp.topic}/{tp.partition} begins at {begin}, but was consumed up to {offset} only: {begin - offset} messages"
        " were deleted unread; have their producer send them again, then set consumed_offsets to where the log begins"
    )
