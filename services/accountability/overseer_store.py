"""Which misses of duties were told, in Postgres."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.accountability.rules.overseers import DutyMissed
from services.accountability.store import copy
from shared.postgres import Connection, load_queries

Q = load_queries(Path(__file__).parent / "sql" / "overseers.sql")
Told = tuple[UUID, str, datetime]
"""Case, clock and late_from of a miss."""


def named(missed: DutyMissed) -> Told:
    """What makes a miss the same miss."""
    return missed.key.case_id, missed.clock, missed.late_from


async def told(conn: Connection, missed: Sequence[DutyMissed]) -> set[Told]:
    """Those of these that were told before."""
    columns = [list(column) for column in zip(*map(named, missed), strict=True)]
    rows = await conn.fetch(Q["select_overseer_misses"], *columns)
    return {(row["case_id"], row["clock"], row["late_from"]) for row in rows}


async def taken_up(conn: Connection, cases: Sequence[UUID]) -> set[UUID]:
    """Those of these cases that somebody has taken up: an answer that came afterwards asks nobody to do it again."""
    return {row["case_id"] for row in await conn.fetch(Q["select_taken_up"], list(cases))}


async def add(conn: Connection, heard: Sequence[tuple[DutyMissed, str | None]], at: datetime) -> None:
    """Keep that these are told, and to whom; one that was told before is an error, not a duplicate."""
    columns = (
        "case_id", "clock", "late_from", "authority", "matter", "told_at", "addressee", "cause_source", "cause_id",
    )  # fmt: skip
    records = (
        (*named(missed), missed.key.authority, missed.key.matter, at, person, missed.ref.source, missed.ref.id)
        for missed, person in heard
    )
    await copy(conn, "overseer_misses", columns, records)
