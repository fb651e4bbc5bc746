"""What was consumed, in the consumer's own database: offsets that move with the batch (D13), and dead letters."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import orjson

from shared.errors import PutBack
from shared.postgres import Connection

Partition = tuple[str, int]
TOKEN = "duban-token"  # noqa: S105 - a name
"""The header in which a publisher's message carries its token. It is never kept."""


class Message(NamedTuple):
    """A Kafka message as it came; nothing in it is trusted yet. `appended_at`: when the broker took it, by the broker's
    clock, in seconds since 1970; None where the topic keeps what the sender wrote there."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    appended_at: float | None = None


async def next_offsets(conn: Connection) -> dict[Partition, int]:
    """The stored position of every partition that was ever consumed."""
    rows = await conn.fetch("select topic, partition, next_offset from consumed_offsets")
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def claim(
    conn: Connection, messages: Sequence[Message], known: Mapping[Partition, int] | None = None
) -> list[Message]:
    """Lock the partitions of a batch and keep what was not consumed yet: of two members that both believe they own a
    partition (a zombie after a rebalance), the second finds its messages done. Raises PutBack where the position is
    before the `known` one: to consume the batch would skip what lies between."""
    wanted = sorted({(m.topic, m.partition) for m in messages})
    topics, partitions = [t for t, _ in wanted], [p for _, p in wanted]
    await conn.execute(
        "insert into consumed_offsets select t, p, 0 from unnest($1::text[], $2::int[]) u(t, p) order by t, p"
        " on conflict do nothing",
        topics,
        partitions,
    )
    rows = await conn.fetch(
        "select o.topic, o.partition, o.next_offset from consumed_offsets o"
        " join unnest($1::text[], $2::int[]) u(t, p) on o.topic = u.t and o.partition = u.p"
        " order by o.topic, o.partition for update of o",
        topics,
        partitions,
    )
    stored = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
    refuse_put_back(stored, known or {})
    return [m for m in messages if m.offset >= stored[m.topic, m.partition]]


def refuse_put_back(stored: Mapping[Partition, int], known: Mapping[Partition, int]) -> None:
    """Raise PutBack where a stored position, or its absence, is before the known one."""
    for partition, at in known.items():
        if partition in stored and stored[partition] < at:
            raise PutBack(f"{partition[0]}/{partition[1]}: {at} was stored, the database says {stored[partition]}")


async def advance(conn: Connection, messages: Sequence[Message]) -> None:
    """Record the batch as consumed, in the caller's transaction."""
    await store(conn, ends(messages))


def ends(messages: Iterable[Message]) -> dict[Partition, int]:
    """The position after the last of these messages of each partition, in whatever order they stand."""
    found: dict[Partition, int] = {}
    for m in messages:
        place = m.topic, m.partition
        if m.offset >= found.get(place, 0):
            found[place] = m.offset + 1
    return found


async def store(conn: Connection, positions: Mapping[Partition, int]) -> None:
    """Move positions forward, never back."""
    await conn.execute(
        "update consumed_offsets o set next_offset = u.n from unnest($1::text[], $2::int[], $3::bigint[]) u(t, p, n)"
        " where o.topic = u.t and o.partition = u.p and o.next_offset < u.n",
        [t for t, _ in positions],
        [p for _, p in positions],
        list(positions.values()),
    )


async def bury(conn: Connection, m: Message, reason: str) -> None:
    """Keep a message that could not be processed, bytes and all but a token."""
    kept = [header for header in m.headers if header[0].lower() != TOKEN]
    headers = [(name, None if value is None else value.decode("latin-1")) for name, value in kept]
    await conn.execute(
        "insert into dead_letters (topic, partition, position, key, value, headers, reason)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        m.topic, m.partition, m.offset, m.key, m.value, orjson.dumps(headers), reason.replace("\0", "\ufffd"),
    )  # fmt: skip
