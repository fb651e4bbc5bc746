"""The record in Postgres: chains and seals, heads, readings, texts, and what was done with them. Functions take the
caller's connection, decide nothing and never commit. The chained tables themselves are read by row_store."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from services.accountability.rules.retention import KeptText, Proposal
from shared.postgres import Connection, Record, load_queries

_SQL = Path(__file__).parents[1] / "sql"
Q = {**load_queries(_SQL / "texts.sql"), **load_queries(_SQL / "record.sql")}
_SEALS = ("chain", "n", "kind", "row_id", "row_n", "hash")
_LOCK_CLASS = 0x7265_6374  # "rect": apart from every other use of advisory locks in the database
PAGE = 1000

Seal = tuple[int, int, str, UUID, int, bytes]
"""(chain, n, kind, row_id, row_n, hash)."""
End = tuple[int, bytes]
"""How long a chain is, and its last hash."""


async def lock_sealing(conn: Connection) -> Record | None:
    """Where the sealer is; None where somebody else has it."""
    return await conn.fetchrow(Q["lock_sealing"])


async def horizon(conn: Connection) -> tuple[int, str]:
    """Up to which transaction all have ended, and the cluster that counts them."""
    row = await conn.fetchrow(Q["select_horizon"])
    assert row is not None  # noqa: S101 - a select without from always has its row
    return row["below"], row["cluster"]


async def plan_for_sealing(conn: Connection) -> None:
    """Ask by transaction and by seal, for the rest of the transaction."""
    await conn.execute(Q["plan_for_sealing"])


async def ends(conn: Connection) -> dict[int, End]:
    """Where each chain ends."""
    return {row["chain"]: (row["n"], row["hash"]) for row in await conn.fetch(Q["select_chains"])}


async def add_seals(conn: Connection, seals: Sequence[Seal]) -> None:
    """New seals; a row that has one already is an error."""
    await conn.copy_records_to_table("seals", columns=_SEALS, records=seals)


async def move_chains(conn: Connection, moved: Mapping[int, End]) -> None:
    """The chains end further on."""
    hashes = [hash for _, hash in moved.values()]
    await conn.execute(Q["move_chains"], list(moved), [n for n, _ in moved.values()], hashes)


async def move_sealing(conn: Connection, below: int, cluster: str, *, reached: bool) -> None:
    """All is sealed of earlier transactions; `reached`: of all that have ended."""
    await conn.execute(Q["move_sealing"], below, cluster, reached)


async def summarise(conn: Connection) -> None:
    """Make the next passes cheap after one that sealed much; in no transaction."""
    await conn.execute(Q["summarise_transactions"])


async def waiting(conn: Connection, most: int) -> tuple[int, float, float]:
    """Rows that wait, up to `most` of each table; since when one may; since when a chain is beyond the last head. s."""
    await conn.execute("set local enable_bitmapscan = on")  # a block range index has no other plan
    row = await conn.fetchrow(Q["count_unsealed"], most)
    assert row is not None  # noqa: S101 - the row of `sealing` is made by a migration
    return row["waiting"], row["age_s"], await conn.fetchval(Q["select_head_age"])


async def last_head(conn: Connection, every: timedelta) -> Record | None:
    """The last head, and whether it is so old."""
    return await conn.fetchrow(Q["select_last_head"], every)


async def add_head(
    conn: Connection, n: int, body: bytes, hash: bytes, signature: bytes, key: str, public: bytes
) -> None:
    """Keep a head, and its key."""
    await conn.execute(Q["keep_key"], key, public)
    await conn.execute(Q["keep_head"], n, body.decode(), hash, signature)


async def keys(conn: Connection) -> dict[str, str]:
    """Public keys in hexadecimal, by what heads call them."""
    return {row["key"]: row["public"] for row in await conn.fetch(Q["select_keys"])}


async def state(conn: Connection) -> Record:
    """How far the record is sealed and signed."""
    row = await conn.fetchrow(Q["select_record"])
    assert row is not None  # noqa: S101 - a select without from always has its row
    return row


async def sealed_below(conn: Connection) -> int:
    """The sealer is past every earlier transaction of this cluster; 0 where it has not counted here yet."""
    at = await conn.fetchrow(Q["select_sealing"])
    return at["sealed_below"] if at is not None and at["here"] else 0


async def wait_for_slow_readers(conn: Connection) -> None:
    """Of an export."""
    await conn.execute(Q["wait_for_slow_readers"])


async def heads_to_export(conn: Connection, *, every: bool) -> AsyncIterator[list[Record]]:
    """In pages: about a day's, and the last of each day before; or every one."""
    cursor = await conn.cursor(Q["select_heads_to_export"], every)
    while rows := await cursor.fetch(PAGE):
        yield rows


async def seals_in_order(conn: Connection) -> AsyncIterator[list[Record]]:
    """All seals, in pages."""
    after = -1, 0
    while seals := await conn.fetch(Q["page_of_seals"], *after, PAGE):
        yield seals
        after = seals[-1]["chain"], seals[-1]["n"]


async def texts_in_order(conn: Connection) -> AsyncIterator[list[Record]]:
    """All texts, in pages."""
    after: tuple[UUID, str, str] = UUID(int=0), "", ""
    while rows := await conn.fetch(Q["page_of_texts"], *after, PAGE):
        yield rows
        after = rows[-1]["id"], rows[-1]["authority"], rows[-1]["matter"]


async def add_reading(
    conn: Connection,
    id: UUID,
    authority: str,
    matter: str,
    person: str,
    what: str,
    cases: list[UUID],
    about: str | None,
    at: datetime,
) -> None:
    """Who was shown which cases, or what else."""
    await conn.execute(Q["add_reading"], id, authority, matter, person, what, cases, about, at)


async def readings_of(conn: Connection, case: UUID, before: tuple[datetime, UUID] | None, limit: int) -> list[Record]:
    """Who was shown a case, the last first."""
    return await conn.fetch(Q["page_of_readings"], case, *(before or (None, None)), limit)


async def add_text(conn: Connection, *values: Any) -> None:
    """A text in the order of keep_text."""
    await conn.execute(Q["keep_text"], *values)


async def bodies(conn: Connection, ids: Collection[UUID]) -> dict[UUID, str | None]:
    """Texts by their ids; None where erased."""
    return {row["id"]: row["body"] for row in await conn.fetch(Q["select_texts"], list(ids))}


async def lock_texts(conn: Connection, ids: Sequence[UUID]) -> tuple[list[KeptText], set[tuple[str, str]]]:
    """Texts that somebody wants to erase, locked, and their matters."""
    rows = await conn.fetch(Q["lock_texts"], ids)
    texts = [
        KeptText(row["id"], row["kept_at"], row["last_event_at"], row["held"], row["erased_at"] is not None)
        for row in rows
    ]
    return texts, {(row["authority"], row["matter"]) for row in rows}


async def lock_holds(conn: Connection, matter: str) -> None:
    """One at a time, until the end of the transaction; `matter` is its key."""
    await conn.execute(Q["lock_holds"], _LOCK_CLASS, matter)


async def is_held(conn: Connection, authority: str, matter: str) -> bool:
    """Whether a matter is under a legal hold."""
    held: bool = await conn.fetchval(Q["select_hold"], authority, matter)
    return held


async def open_proposals(conn: Connection, authority: str, matter: str, texts: Sequence[UUID]) -> list[Proposal]:
    """To erase exactly these texts, which nobody has confirmed."""
    rows = await conn.fetch(Q["select_open_proposals"], authority, matter, texts)
    return [Proposal(row["act_id"], row["by_person"], row["legal_basis"], row["ground"]) for row in rows]


async def add_act(conn: Connection, *values: Any) -> None:
    """An act in the order of add_act."""
    await conn.execute(Q["add_act"], *values)


async def erase(conn: Connection, texts: Sequence[UUID], at: datetime) -> None:
    """Take their words and salts away."""
    await conn.execute(Q["erase_texts"], texts, at)


async def states(conn: Connection, ids: Sequence[UUID], numbers: Sequence[int]) -> list[Record]:
    """Cases whose last event has that number, with that event."""
    return await conn.fetch(Q["select_states"], ids, numbers)
