"""Up to when the sources have sent everything (D8), in Postgres: partition by partition, because a matter is known to
be complete only once the watermark in its own partition is read.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.deadline.rules.clock import EVERYBODY, Heard
from services.deadline.store import CASE, QUERIES, Key, bucket
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Watermark:
    """Everything of this source for this authority up to `up_to` stands before it in its partition."""

    authority: str
    source: str
    up_to: datetime


async def raise_marks(conn: Connection, heard: Iterable[tuple[int, Watermark]], now: datetime) -> None:
    """Keep watermarks of partitions. A mark only rises; misses that it has reached are judged again from `now` on."""
    marks: dict[tuple[str, str, int], datetime] = {}
    for partition, mark in heard:
        key = mark.authority, mark.source, partition
        marks[key] = max(mark.up_to, marks.get(key, mark.up_to))
    if marks:
        rows = [(*key, up_to) for key, up_to in sorted(marks.items())]
        columns = [list(column) for column in zip(*rows, strict=True)]
        await conn.execute(QUERIES["raise_watermarks"], *columns)
        await conn.execute(QUERIES["wake_unconfirmed"], *columns, now, f"{CASE}%")


class Feeds:
    """What was heard of whom, by authority and partition."""

    def __init__(self, marks: Mapping[tuple[str, int], Heard]) -> None:
        self._marks = marks

    def of(self, key: Key) -> Heard:
        """What the sources of this matter have sent."""
        return self._marks.get((key[0], bucket(key)), EVERYBODY) if self._marks else EVERYBODY


async def feeds(conn: Connection, authorities: Collection[str]) -> Feeds:
    """What was heard of the sources of these authorities."""
    found: dict[tuple[str, int], dict[str, datetime]] = {}
    for row in await conn.fetch(QUERIES["select_watermarks"], sorted(authorities)):
        found.setdefault((row["authority"], row["partition"]), {})[row["source"]] = row["up_to"]
    return Feeds(found)
