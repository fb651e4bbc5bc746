"""Calls to go live, and the imported cases of a source, in Postgres. Functions take the caller's connection, decide
nothing and never commit."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.accountability.case_row import case_of
from services.accountability.rules.model import Case, CaseKey
from shared.postgres import Connection, Record, load_queries

Q = load_queries(Path(__file__).parent / "sql" / "going_live.sql")


@dataclass(frozen=True, slots=True)
class Call:
    """What an operator has called for: this source is live from then on."""

    source: str
    at: datetime
    called_at: datetime
    called_by: str
    finished_at: datetime | None
    cases: int


async def calls(conn: Connection, source: str) -> list[Call]:
    """When the source went live, the earliest first."""
    return [_call(row) for row in await conn.fetch(Q["select_going_live"], source)]


async def live_since(conn: Connection, sources: Collection[str]) -> dict[str, list[datetime]]:
    """When each of these sources went live."""
    found: dict[str, list[datetime]] = {}
    for row in await conn.fetch(Q["select_live_sources"], list(sources)):
        found.setdefault(row["source"], []).append(row["at"])
    return found


async def imported(conn: Connection, source: str) -> list[Case]:
    """All cases of the source's imported history. It looks at every imported case: for an operator, not for a batch."""
    return [case_of(row) for row in await conn.fetch(Q["select_imported"], source)]


async def cards_of(conn: Connection, cases: Collection[Case]) -> dict[str, int]:
    """How many cards the matters of these cases have as imported history, by level; slips as `slip:` and theirs."""
    keys = [case.key for case in cases]
    rows = await conn.fetch(Q["count_imported_cards"], [k.authority for k in keys], [k.matter for k in keys])
    return {row["level"]: row["n"] for row in rows}


async def begin(conn: Connection, source: str, at: datetime, by: str, now: datetime) -> None:
    """Keep the call; what is imported from now on and falls due from then on is live."""
    await conn.execute(Q["add_going_live"], source, at, now, by)


async def is_told(conn: Connection, key: CaseKey, n: int) -> bool:
    """Whether the n-th call of the source was published."""
    told: bool = await conn.fetchval(Q["is_told_live"], key.authority, key.matter, key.case_id, n)
    return told


async def lock(conn: Connection, call: Call) -> None:
    """One chunk of a call at a time, whoever carries it out."""
    await conn.execute(Q["lock_going_live"], call.source, call.at)


async def in_proceedings(conn: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Of these cases, those that somebody has taken up."""
    return {row["case_id"] for row in await conn.fetch(Q["select_in_proceedings"], list(ids))}


async def set_live(conn: Connection, ids: Collection[UUID]) -> None:
    """These cases are imported history no more."""
    await conn.execute(Q["set_live"], list(ids))


async def count(conn: Connection, call: Call, cases: int) -> None:
    """So many more cases went live by the call."""
    await conn.execute(Q["count_live"], call.source, call.at, cases)


async def finish(conn: Connection, call: Call, now: datetime) -> None:
    """Nothing is left of the call."""
    await conn.execute(Q["finish_going_live"], call.source, call.at, now)


def _call(row: Record) -> Call:
    return Call(row["source"], row["at"], row["called_at"], row["called_by"], row["finished_at"], row["cases"])
