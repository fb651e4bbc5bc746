"""Whether anything is in flight: asked before the clock moves and before a report is read.

Nothing is in flight when one snapshot of the database says all of this:

    1  no service has an outbox row that is not sent;
    2  accountability holds no words that are in no card yet, but those set aside;
    3  no alarm is due: the earliest is later than min(now, confirmed);
    4  every consumer has stored offsets up to where the broker acknowledged our last message on each partition.

Why that suffices. The four schemas are in one database, and all of it comes from one statement, hence from one
snapshot, taken at an instant t. A service's every effect is one transaction: offsets move together with what the batch
did and its outbox rows; a firing clears its alarm together with its outbox rows; a relay marks rows as sent together
with the offsets that the broker gave them; words wait in a row until the transaction that makes cards of them. So at t
each piece of work is in the snapshot wholly or not at all, and what is not there yet shows as its cause: a message
beyond a stored offset, an unsent row, words that wait, a due alarm. Messages enter a log from an outbox (none unsent at
t, so all are acknowledged, and by 4 consumed) or from us (we wait for the acknowledgement of all we send, and count it,
before we ask). So at t no cause was left, and without a cause nothing happens afterwards. A relay that was killed
between sending and marking leaves its rows unsent until they are sent again; what it sends twice changes nothing (D3).
The broker itself is not asked where its logs end: the embedded one answers that wrongly
(docs/decisions/embedded-broker.md).

A service that is down only makes this wait. It gives up when no counter has moved for a while, and says who is behind.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.cli.migrate import SERVICES
from shared.events.catalog import Topic
from shared.postgres import Connection

FIRST_PAUSE_S = 0.002
LAST_PAUSE_S = 0.05
GIVE_UP_S = 120.0

Stored = Mapping[tuple[str, str, int], int]
"""(service, topic, partition): the offset up to which the service has consumed."""
Ends = Mapping[tuple[str, int], int]
"""(topic, partition): the offset after the last message that the broker acknowledged."""


class Stuck(RuntimeError):
    """Work is waiting, and nothing has moved for a long time; the message says whose."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one statement read. `appended` counts every outbox row that ever was: it only grows."""

    unsent: tuple[str, ...]
    words: bool
    appended: int
    stored: Stored
    published: Ends
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


def behind(stored: Stored, ends: Ends, consumed: Mapping[str, Sequence[str]]) -> list[str]:
    """The consumers that have not consumed all there is. A partition never consumed is at its beginning."""
    return [
        f"{service} has consumed {topic}/{partition} up to {at} of {end}"
        for service, topics in consumed.items()
        for (topic, partition), end in sorted(ends.items())
        if topic in topics and (at := stored.get((service, topic, partition), 0)) < end
    ]


def statement(simulated: bool) -> str:
    """The one statement. On a simulated clock now and confirmed are the shared row's, else the database's time."""
    waiting = "sent_at is null and quarantined_at is null"  # what was set aside is on its way nowhere
    unsent = [f"case when exists (select from {s}.outbox where {waiting}) then '{s}' end" for s in SERVICES]
    words = "exists (select from accountability.told_words where set_aside_at is null)"
    appended = [f"(select last_value from {s}.outbox_id_seq)" for s in SERVICES]
    stored = [f"select '{s}' as service, topic, partition, next_offset from {s}.consumed_offsets" for s in SERVICES]
    published = [f"select topic, partition, next_offset from {s}.published_offsets" for s in SERVICES]
    now, confirmed = "clock_timestamp()", "null::timestamptz"
    if simulated:
        now = "(select instant + (clock_timestamp() - set_at) * rate from clock.simulated)"
        confirmed = "(select confirmed from clock.simulated)"
    return f"""
        select array_remove(array[{", ".join(unsent)}], null) as unsent, {words} as words,
            {" + ".join(appended)} as appended,
            array(select row(service, topic, partition, next_offset) from ({" union all ".join(stored)}) o) as stored,
            array(select row(topic, partition, next_offset) from ({" union all ".join(published)}) o) as published,
            (select at from deadline.next_alarm) as alarm, {now} as now, {confirmed} as confirmed
        """


class Watch:
    """Asks until nothing is in flight. `own` is where our own messages stand: whoever sends keeps it up to date."""

    def __init__(self, conn: Connection, topics: Mapping[str, Topic]) -> None:
        self._conn = conn
        self._consumed = consumed_topics(topics)
        self._statement = ""
        self.own: dict[tuple[str, int], int] = {}
        self.simulated = False

    async def start(self) -> "Watch":
        """Look which clock there is."""
        self.simulated = await self._conn.fetchval("select to_regclass('clock.simulated') is not null")
        self._statement = statement(self.simulated)
        await self._conn.execute("set enable_seqscan = off")  # a freshly filled outbox has no statistics
        return self

    async def snapshot(self) -> Snapshot:
        row = await self._conn.fetchrow(self._statement)
        assert row is not None  # noqa: S101 - an aggregate of one row
        stored = {(s, t, p): n for s, t, p, n in row["stored"]}
        published = {(t, p): n for t, p, n in row["published"]}
        return Snapshot(
            tuple(row["unsent"]),
            row["words"],
            row["appended"],
            stored,
            published,
            row["alarm"],
            row["now"],
            row["confirmed"] or row["now"],
        )

    def waiting_for(self, seen: Snapshot) -> list[str]:
        """What is in flight, or nothing."""
        found = [f"{service} has unsent events" for service in seen.unsent]
        if seen.words:
            found.append("accountability has words that are in no card")
        if seen.alarm_due:
            found.append(f"an alarm is due since {seen.alarm}")
        return found + behind(seen.stored, {**seen.published, **self.own}, self._consumed)

    async def until_quiet(self, give_up_s: float = GIVE_UP_S) -> Snapshot:
        """Return as soon as nothing is in flight: what was seen then. Raises Stuck."""
        now = asyncio.get_running_loop().time
        pause_s, progress, moved_at = FIRST_PAUSE_S, (-1, -1), now()
        while True:
            seen = await self.snapshot()
            found = self.waiting_for(seen)
            if not found:
                return seen
            if seen.progress != progress:
                progress, moved_at = seen.progress, now()
            elif now() - moved_at > give_up_s:
                raise Stuck(f"nothing has moved for {give_up_s:g} s: {'; '.join(found[:3])}")
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.2, LAST_PAUSE_S)
