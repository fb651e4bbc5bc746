"""Since when sources are live (D9), in Postgres, and as it is heard. Functions take the caller's connection and never
commit."""

from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from services.deadline.rules.origin import HISTORY, Live
from services.deadline.rules.stored import Stored
from services.deadline.store import QUERIES
from shared.events.accountability import SourceWentLive
from shared.events.base import Event
from shared.events.envelope import Received
from shared.inbox import Message
from shared.postgres import Connection
from shared.reading import read_as


@with_config(ConfigDict(strict=True))
class _Said(TypedDict):
    source: str
    occurred_at: str


_SAID = TypeAdapter(_Said)
_TYPE = "ce_type", SourceWentLive.TYPE.encode()


async def hear(conn: Connection, batch: Iterable[Message]) -> None:
    """Keep which sources went live, as a batch says."""
    heard = read_as([message for message in batch if _TYPE in message.headers], _none_skipped, _said)
    if heard:
        sources, instants = zip(*(said for _, said in heard), strict=True)
        await conn.execute(QUERIES["add_live_sources"], list(sources), list(instants))


async def live(conn: Connection, rows: Iterable[Stored]) -> Live:
    """Since when the sources of those of these clocks are live that are imported history. Nothing is asked where none
    is."""
    sources = {row.says["facts"][0]["source"] for row in rows if row.says["about"]["origin"] == "import"}
    if not sources:
        return HISTORY
    found: dict[str, tuple[datetime, ...]] = {}
    for row in await conn.fetch(QUERIES["select_live_sources"], sorted(sources)):
        found[row["source"]] = (*found.get(row["source"], ()), row["at"])
    return found


def _none_skipped(type_: str) -> None:
    """A type that is known is never skipped."""
    raise ValueError(type_)


def _said(_: type[Event], received: Received) -> tuple[str, datetime]:
    said = _SAID.validate_json(received.data)
    return said["source"], datetime.fromisoformat(said["occurred_at"]).astimezone(UTC)
