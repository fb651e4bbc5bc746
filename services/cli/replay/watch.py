"""Whether anything is in flight: asked before the clock moves and before a report is read.

Nothing is in flight when one snapshot of the database and the ends of the log, read after it, say together:

    1  no service has an outbox row that is not sent;
    2  no alarm is due: the earliest is later than min(now, confirmed);
    3  every consumer's stored offsets equal the ends of the topics it reads.

Why that suffices. The four schemas are in one database, and 1, 2 and the offsets of 3 come from one statement, hence
from one snapshot, taken at an instant t. A service's every effect is one transaction: offsets move together with what
the batch did and its outbox rows; a firing clears its alarm together with its outbox rows. So at t each piece of work
is in the snapshot wholly or not at all, and what is not there yet shows as its cause: a message beyond a stored
offset, an unsent row, a due alarm. The ends are read at t' > t, and logs only grow: stored(t) ≤ end(t) ≤ end(t'). If
stored(t) = end(t'), then stored(t) = end(t): at t every message was consumed. Messages enter a log from an outbox
(none unsent at t) or from us (we wait for the acknowledgement of all we send before we ask). So at t no cause was
left, and without a cause nothing happens afterwards. A relay that was killed between sending and marking leaves its
rows unsent until they are sent again; what it sends twice changes nothing (D3).

A service that is down only makes this wait. It gives up when no counter has moved for a while, and says who is behind.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.cli.migrate import SERVICES
from shared.events.catalog import Topic
from shared.postgres import Connection

FIRST_PAUSE_S = 0.002
LAST_PAUSE_S = 0.05
GIVE_UP_S = 120.0

Stored = Mapping[tuple[str, str, int], int]
"""(service, topic, partition): the offset up to which the service has consumed."""


class Stuck(RuntimeError):
    """Work is waiting, and nothing has moved for a long time; the message says whose."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one statement read. `appended` counts every outbox row that ever was: it only grows."""

    unsent: tuple[str, ...]
    appended: int
    stored: Stored
    alarm: datetime | None
    now: datetime
    confirmed: datetime

    @property
    def alarm_due(self) -> bool:
        return self.alarm is not None and self.alarm <= min(self.now, self.confirmed)

    @property
    def progress(self) -> tuple[int, int]:
        """Rises whenever a service does something."""
        return self.appended, sum(self.stored.values())


def consumed_topics(topics: Mapping[str, Topic]) -> dict[str, tuple[str, ...]]:
    """Which topics each of our services consumes, as the topics' own files say."""
    return {
        service: tuple(sorted(name for name, topic in topics.items() if service in topic.consumers))
        for service in SERVICES
    }


def behind(
    stored: Stored, begins: Mapping[tuple[str, int], int], ends: Mapping[tuple[str, int], int],
    consumed: Mapping[str, Sequence[str]],
) -> list[str]:  # fmt: skip
    """The consumers that have not consumed all there is. A partition never consumed is at its beginning."""
    return [
        f"{service} has consumed {topic}/{partition} up to {at} of {end}"
        for service, topics in consumed.items()
        for (topic, partition), end in sorted(ends.items())
        if topic in topics and (at := stored.get((service, topic, partition), begins[topic, partition])) != end
    ]


def statement(simulated: bool) -> str:
    """The one statement. On a simulated clock now and confirmed are the shared row's, else the database's time."""
    unsent = [f"case when exists (select from {s}.outbox where sent_at is null) then '{s}' end" for s in SERVICES]
    appended = [f"(select last_value from {s}.outbox_id_seq)" for s in SERVICES]
    stored = [f"select '{s}' as service, topic, partition, next_offset from {s}.consumed_offsets" for s in SERVICES]
    now, confirmed = "clock_timestamp()", "null::timestamptz"
    if simulated:
        now = "(select instant + (clock_timestamp() - set_at) * rate from clock.simulated)"
        confirmed = "(select confirmed from clock.simulated)"
    return f"""
        select array_remove(array[{", ".join(unsent)}], null) as unsent,
            {" + ".join(appended)} as appended,
            array(select row(service, topic, partition, next_offset) from ({" union all ".join(stored)}) o) as stored,
            (select at from deadline.next_alarm) as alarm, {now} as now, {confirmed} as confirmed
        """


class Watch:
    """Asks until nothing is in flight. Use it through :func:`watching`."""

    def __init__(self, conn: Connection, kafka: AIOKafkaConsumer, prefix: str, topics: Mapping[str, Topic]) -> None:
        self._conn = conn
        self._kafka = kafka
        self._prefix = prefix
        self._consumed = consumed_topics(topics)
        names = {name for read in self._consumed.values() for name in read}
        self._partitions = [
            TopicPartition(prefix + name, number) for name in sorted(names) for number in range(topics[name].partitions)
        ]
        self._begins: dict[tuple[str, int], int] = {}
        self._statement = ""

    async def start(self) -> None:
        """Look where the logs begin, and which clock there is."""
        self.simulated = await self._conn.fetchval("select to_regclass('clock.simulated') is not null")
        self._statement = statement(self.simulated)
        await self._conn.execute("set enable_seqscan = off")  # a freshly filled outbox has no statistics
        self._begins = self._named(await self._kafka.beginning_offsets(self._partitions))

    async def snapshot(self) -> Snapshot:
        row = await self._conn.fetchrow(self._statement)
        assert row is not None  # noqa: S101 - an aggregate of one row
        stored = {(s, t, p): n for s, t, p, n in row["stored"]}
        return Snapshot(
            tuple(row["unsent"]), row["appended"], stored, row["alarm"], row["now"], row["confirmed"] or row["now"]
        )

    async def waiting_for(self, seen: Snapshot) -> list[str]:
        """What is in flight, or nothing. The ends are read after the snapshot; see above."""
        found = [f"{service} has unsent events" for service in seen.unsent]
        if seen.alarm_due:
            found.append(f"an alarm is due since {seen.alarm}")
        if found:
            return found
        ends = self._named(await self._kafka.end_offsets(self._partitions))
        return behind(seen.stored, self._begins, ends, self._consumed)

    async def until_quiet(self, give_up_s: float = GIVE_UP_S) -> Snapshot:
        """Return as soon as nothing is in flight: what was seen then. Raises Stuck."""
        now = asyncio.get_running_loop().time
        pause_s, progress, moved_at = FIRST_PAUSE_S, (-1, -1), now()
        while True:
            seen = await self.snapshot()
            found = await self.waiting_for(seen)
            if not found:
                return seen
            if seen.progress != progress:
                progress, moved_at = seen.progress, now()
            elif now() - moved_at > give_up_s:
                raise Stuck(f"nothing has moved for {give_up_s:g} s: {'; '.join(found[:3])}")
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.2, LAST_PAUSE_S)

    def _named(self, offsets: Mapping[TopicPartition, int]) -> dict[tuple[str, int], int]:
        return {(tp.topic.removeprefix(self._prefix), tp.partition): offset for tp, offset in offsets.items()}


@asynccontextmanager
async def watching(conn: Connection, bootstrap: str, prefix: str, topics: Mapping[str, Topic]) -> AsyncIterator[Watch]:
    """A watch over all services."""
    kafka = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await kafka.start()
    try:
        watch = Watch(conn, kafka, prefix, topics)
        await watch.start()
        yield watch
    finally:
        await kafka.stop()
