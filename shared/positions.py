"""Where each partition is read from, and how far: from the offset that the database stores, never from where Kafka
believes a group to be (D13). What cannot be read any more is never passed over: it ends the process.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, UnknownTopicOrPartitionError

from shared import inbox
from shared.errors import LogTooShort, LogTrimmed, WrongEnvironment
from shared.events.catalog import topics as declared
from shared.inbox import Message, Partition
from shared.postgres import PASSING, Pool, connections_made
from shared.progress import Progress

CAUGHT_UP_S = 2.0
"""How long ago a partition may have been read to its end to count as caught up."""
WAY_ON = "`duban rebuild` sends its events again (docs/operations/recovery.md)"
VERIFY_S = 5.0
"""How often an idle consumer looks whether the database still says what it said."""


class Positions:
    """Those of one member of a group."""

    def __init__(self, pool: Pool, prefix: str, service: str) -> None:
        self._pool = pool
        self._prefix = prefix
        self._progress = Progress(service)
        self._next: dict[TopicPartition, int] = {}
        self._unverified: dict[TopicPartition, int] = {}
        self._at_end: dict[TopicPartition, float] = {}
        self._now = asyncio.get_running_loop().time
        self._looked_at = self._verified_at = self._now()
        self._verified_over = -1
        self._answer: dict[TopicPartition, int] = {}
        self._answered_at: dict[TopicPartition, float] = {}
        self._as_of: dict[TopicPartition, float] = {}
        self.known: dict[Partition, int] = {}
        self.taken: set[TopicPartition] = set()

    def clear(self) -> None:
        """The assignment changes: nothing is positioned."""
        self.taken.clear()
        self.known.clear()
        self._at_end.clear()
        self._progress.disown()

    def caught_up(self, topics: Collection[str]) -> frozenset[int]:
        """The partitions of which all `topics` were read to their end a moment ago; none while the database may be
        another than the one that we told so."""
        if self._verified_over != connections_made():
            return frozenset()
        since = asyncio.get_running_loop().time() - CAUGHT_UP_S
        wanted = {self._prefix + topic for topic in topics}
        read = Counter(tp.partition for tp, at in self._at_end.items() if at >= since and tp.topic in wanted)
        return frozenset(number for number, count in read.items() if count == len(wanted))

    async def take(self, kafka: AIOKafkaConsumer) -> list[TopicPartition]:
        """Position what was assigned and is not yet; those partitions. Raises LogTrimmed; WrongEnvironment where a
        topic has not the partitions that are declared."""
        fresh = sorted(kafka.assignment() - self.taken)
        if not fresh:
            return []
        for topic in sorted(kafka.subscription()):
            self._compare(topic, kafka.partitions_for_topic(topic))
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
            self.known[self._place(tp)] = offset or 0
            self._answer[tp], self._answered_at[tp], self._as_of[tp] = -1, self._now(), self._looked_at
            self._next[tp] = position
            if offset is not None:
                self._unverified[tp] = offset
        self._progress.expect(sum(len(kafka.partitions_for_topic(topic) or ()) for topic in kafka.subscription()))
        return [tp for tp in fresh if tp in self.taken]

    def _compare(self, topic: str, partitions: Collection[int] | None) -> None:
        wanted = declared().get(topic.removeprefix(self._prefix))
        if partitions is None:
            raise UnknownTopicOrPartitionError(f"{topic} is not there: run `duban topics`")
        if wanted is not None and len(partitions) != wanted.partitions:
            raise WrongEnvironment(
                f"{topic} has {len(partitions)} partitions, {wanted.partitions} are declared: a key's events would be"
                " on another partition than its bucket; see `duban topics`"
            )

    def _place(self, tp: TopicPartition) -> Partition:
        return tp.topic.removeprefix(self._prefix), tp.partition

    def committed(self, messages: Sequence[Message]) -> None:
        """The transaction of these messages went through: the database knows these positions by now."""
        for place, end in inbox.ends(messages).items():
            self.known[place] = max(end, self.known.get(place, 0))

    async def verify(self) -> bool:
        """Now and then, and whenever it may be another: the database must not have forgotten what we know to be stored.
        Raises PutBack. Whoever is idle would not find it out otherwise; a database that is away is no reason to stop
        reading. Whether it looked."""
        if self._now() - self._verified_at < VERIFY_S and self._verified_over == connections_made():
            return False
        self._verified_at = self._now()
        with contextlib.suppress(*PASSING):
            async with self._pool.acquire(timeout=VERIFY_S) as conn:
                made = connections_made()
                stored = await inbox.next_offsets(conn)
            inbox.refuse_put_back({place: stored.get(place, 0) for place in self.known}, self.known)
            self._verified_over = made
            return True
        return False

    def silent_s(self) -> float:
        """For how long the broker has not answered about the partition it has kept waiting longest. A client may hang
        and look healthy; and what is not answered about is not known to be read to its end."""
        return self._now() - min((self._answered_at[tp] for tp in self.taken), default=self._now())

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
                    raise LogTooShort(
                        f"{tp.topic}/{tp.partition} ends at {end}, but {offset} was consumed from it; {WAY_ON}"
                    )
                del self._unverified[tp]
        for tp in self.taken if polled else ():  # while there is more in hand than we can process, nothing is asked
            self._answered_at[tp] = self._now()
        for tp, records in polled.items():
            if records[0].offset < self._next[tp]:
                raise _shortened(tp, records[0].offset, self._next[tp])
            if records[0].offset > self._next[tp]:
                begin = (await kafka.beginning_offsets([tp]))[tp]
                if begin > self._next[tp]:
                    raise _trimmed(tp, self._next[tp], begin)
            self._next[tp] = records[-1].offset + 1

    async def observe(
        self, kafka: AIOKafkaConsumer, positioned: Collection[TopicPartition], stopped: Collection[str], begun: float
    ) -> None:
        """Note which partitions have nothing left to read, as of when the broker last answered about them: without an
        answer there is no end. Raises LogTooShort."""
        for tp in self.taken.intersection(positioned):
            if name(*self._place(tp)) in stopped:  # nothing is asked about it
                self._answered_at[tp] = self._now()
                continue
            end, answer = kafka.highwater(tp), kafka.last_poll_timestamp(tp)
            if end is None:
                continue
            if answer != self._answer[tp]:  # it came after we looked the last time
                self._answer[tp], self._answered_at[tp], self._as_of[tp] = answer, self._now(), self._looked_at
            with contextlib.suppress(IllegalStateError):  # revoked meanwhile
                position = await kafka.position(tp)
                self._progress.saw(self._place(tp), position, end)
                if position < self._next[tp]:
                    raise _shortened(tp, position, self._next[tp])
                if position >= end:
                    self._at_end[tp] = self._as_of[tp]
        self._looked_at = begun

    def set_aside(self, tp: TopicPartition) -> None:
        """It is not read for now, and nothing is asked about it: that it was at its end says nothing any more."""
        self._at_end.pop(tp, None)
        self._as_of[tp], self._answered_at[tp] = float("-inf"), self._now()


def _shortened(tp: TopicPartition, begin: int, offset: int) -> LogTooShort:
    """aiokafka goes to the log's beginning by itself when the log does not reach as far as it has read."""
    return LogTooShort(
        f"{tp.topic}/{tp.partition} goes on at {begin}, but {offset} was consumed from it: the topic was made anew or"
        f" lost its end; {WAY_ON}"
    )


def name(topic: str, partition: int) -> str:
    """A partition, for people."""
    return f"{topic}/{partition}"


def _trimmed(tp: TopicPartition, offset: int, begin: int) -> LogTrimmed:
    return LogTrimmed(
        f"{tp.topic}/{tp.partition} begins at {begin}, but was consumed up to {offset} only: {begin - offset} messages"
        f" were deleted unread; {WAY_ON}"
    )
