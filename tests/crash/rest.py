"""At rest: nothing unsent, nothing unread, no card to come, nobody's message buried, each outbox row on its topic.

These checks do read the product's tables; the oracle does not.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from tests.crash import collect
from tests.crash.collect import ends

READS = {
    "intake": ("submissions",),
    "deadline": ("matter-events", "case-events"),
    "accountability": ("directory-events", "deadline-events"),
    "notification": ("case-events", "deadline-events", "directory-events"),
}
TOPICS = ("submissions", *collect.TOPICS)
CHAINED = ("case_events", "directory_facts", "texts", "readings", "record_acts")
"""What the record seals, each row once."""


@dataclass
class Rest:
    """What was found; `absent`: rows of an outbox whose event is on no topic, by service."""

    unsent: Counter[str] = field(default_factory=Counter)
    lag: Counter[str] = field(default_factory=Counter)
    buried: list[str] = field(default_factory=list)
    aside: Counter[str] = field(default_factory=Counter)
    absent: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    topics: Mapping[tuple[str, int], int] = field(default_factory=dict)
    unsealed: int = 0
    """Rows of the record in no chain yet."""

    @property
    def quiet(self) -> bool:
        return not self.unsent.total() and not self.lag.total() and not self.unsealed

    @property
    def right(self) -> bool:
        return self.quiet and not self.buried and not self.aside.total() and not self.absent.total()


async def look(dsn: str, kafka: str, services: Sequence[str]) -> Rest:
    """How far everything is. The ends first: what is read later can only have come further."""
    found = Rest(topics=await ends(kafka, TOPICS))
    conn = await asyncpg.connect(dsn, timeout=10, command_timeout=120)
    try:
        for service in services:
            unsent = "sent_at is null and quarantined_at is null"
            found.unsent[service] = await conn.fetchval(f"select count(*) from {service}.outbox where {unsent}")
            if service == "accountability":
                found.unsent[service] += await conn.fetchval(
                    f"select count(*) from {service}.told_words where set_aside_at is null"
                )
            rows = await conn.fetch(f"select topic, partition, next_offset from {service}.consumed_offsets")
            stored = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
            found.lag[service] = sum(
                max(0, end - stored.get(place, 0)) for place, end in found.topics.items() if place[0] in READS[service]
            )
        chained = " + ".join(f"(select count(*) from accountability.{table})" for table in CHAINED)
        found.unsealed = await conn.fetchval(f"select {chained} - (select count(*) from accountability.seals)")
    finally:
        await conn.close()
    return found


async def until_quiet(dsn: str, kafka: str, services: Sequence[str], *, still_s: float, give_up_s: float) -> Rest:
    """Wait until nothing is under way and no topic has grown for a while; what was found last."""
    loop = asyncio.get_running_loop()
    until = loop.time() + give_up_s
    before, since = await look(dsn, kafka, services), loop.time()
    while loop.time() < until:
        await asyncio.sleep(1)
        now = await look(dsn, kafka, services)
        if not now.quiet or now.topics != before.topics:
            since = loop.time()
        before = now
        if loop.time() - since >= still_s:
            break
    return before


async def examine(dsn: str, kafka: str, services: Sequence[str], published: Mapping[str, int]) -> Rest:
    """Everything, at rest. `published`: the event ids on the topics."""
    found = await look(dsn, kafka, services)
    conn = await asyncpg.connect(dsn, timeout=10, command_timeout=300)
    try:
        for service in services:
            for row in await conn.fetch(f"select topic, partition, position, reason from {service}.dead_letters"):
                found.buried.append(f"{service}: {row['topic']}/{row['partition']}@{row['position']} {row['reason']}")
            async with conn.transaction():
                async for row in conn.cursor(f"select event_id, quarantined_at, topic from {service}.outbox"):
                    found.rows[row["topic"]] += 1
                    if row["quarantined_at"] is not None:
                        found.aside[service] += 1
                    elif row["topic"] != "notification-events" and row["event_id"] not in published:
                        found.absent[service] += 1
    finally:
        await conn.close()
    return found
