"""Words that are in no card yet, in Postgres: a batch leaves one row for all of its own. Functions take the caller's
connection, decide nothing and never commit."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from services.accountability.rules.cards import LimitKey, Word
from services.accountability.rules.model import Ref
from services.accountability.store import Q
from shared.postgres import Connection

_LOCK_CLASS = 0x746F_6C64  # "told": apart from every other use of advisory locks in the database


async def leave(conn: Connection, words: Sequence[Word]) -> None:
    """For whoever issues cards, in the transaction that consumed them."""
    if words:
        await conn.execute(Q["add_told_words"], _written(words), len(words))


async def lock(conn: Connection) -> bool:
    """Whether they are ours until the end of the transaction: one at a time works them off, so no limit is folded by
    two at once."""
    mine: bool = await conn.fetchval(Q["lock_told_words"], _LOCK_CLASS)
    return mine


async def take(conn: Connection, most: int) -> list[Word]:
    """The oldest, about so many at most; of the first row all. They are there no more."""
    rows = await conn.fetch(Q["take_told_words"], most)
    return [word for row in sorted(rows, key=lambda row: row["id"]) for word in map(_word, orjson.loads(row["words"]))]


async def set_aside(conn: Connection, words: Sequence[Word], reason: str) -> None:
    """Keep words of which nothing can be made."""
    await conn.execute(Q["set_aside_told_words"], _written(words), len(words), reason)


async def waiting(conn: Connection) -> tuple[float, int]:
    """Since when the oldest wait, in seconds, and how many rows were set aside."""
    row = await conn.fetchrow(Q["measure_told_words"])
    assert row is not None  # noqa: S101 - an aggregate of one row
    return row["age_s"], row["aside"]


def _written(words: Iterable[Word]) -> bytes:
    """Each as a flat list: a named tuple is none to the encoder."""
    return orjson.dumps([(*w[0], *w[1], *w[2:]) for w in words])


def _word(told: Sequence[Any]) -> Word:
    authority, matter, clock, subject, id, source, event, revision, kind, says, due, late_from, *rest = told
    return Word(
        LimitKey(authority, matter, clock, subject, UUID(id)), Ref(source, event), revision, kind, says, due,
        datetime.fromisoformat(late_from), *rest,
    )  # fmt: skip
