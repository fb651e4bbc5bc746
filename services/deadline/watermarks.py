"""Up to when the sources have sent everything (D8): heard partition by partition, because a matter is known to be
complete only once the watermark in its own partition is read.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from services.deadline.rules.clock import EVERYBODY, Heard
from services.deadline.store import CASE, QUERIES, Key, bucket
from shared.events.base import Event, split_key
from shared.events.envelope import Received
from shared.events.intake import SourceWatermark
from shared.inbox import Message
from shared.postgres import Connection
from shared.reading import read_as


class _Submission(TypedDict):
    source: str


@with_config(ConfigDict(strict=True))
class _Said(TypedDict):
    up_to: str
    submission: _Submission


_SAID = TypeAdapter(_Said)
_TYPE = "ce_type", SourceWatermark.TYPE.encode()


@dataclass(frozen=True, slots=True)
class Watermark:
    """Everything of this source for this authority up to `up_to` stands before it in its partition."""

    authority: str
    source: str
    up_to: datetime


def marks_in(batch: Iterable[Message]) -> list[tuple[int, Watermark]]:
    """The watermarks of a batch, each with the partition it was heard in."""
    heard = [message for message in batch if _TYPE in message.headers]
    return [(message.partition, mark) for message in heard for _, mark in read_as([message], _none_skipped, _mark)]


def _none_skipped(type_: str) -> None:
    """A type that is known is never skipped."""
    raise ValueError(type_)


def _mark(_: type[Event], received: Received) -> Watermark:
    says = _SAID.validate_json(received.data)
    up_to = datetime.fromisoformat(says["up_to"]).astimezone(UTC)
    return Watermark(split_key(received.subject)[0], says["submission"]["source"], up_to)


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
