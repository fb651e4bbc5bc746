"""Rectifications and their steps in Postgres. Functions take the caller's connection, decide nothing, never commit."""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.accountability.rules.rectification import Rectification
from shared.postgres import Connection, Record, load_queries

Q = load_queries(Path(__file__).parent / "sql" / "rectification.sql")


async def insert(conn: Connection, new: Rectification) -> None:
    """A new order."""
    await conn.execute(
        Q["insert_rectification"], new.id, new.authority, new.matter, new.case_id, new.origin, new.zone, new.calendar,
        new.rulebook, new.unit, new.person, new.state, new.round, new.within, new.ordered_by, new.ordered_at,
        new.reported_by, new.overdue_at, new.ended_at, new.revision, new.heard_revision,
    )  # fmt: skip


async def update(conn: Connection, held: Rectification) -> None:
    """As it stands now; the caller holds its lock."""
    await conn.execute(
        Q["update_rectification"], held.id, held.authority, held.matter, held.state, held.round, held.within,
        held.reported_by, held.overdue_at, held.ended_at, held.revision, held.heard_revision,
    )  # fmt: skip


async def add_step(
    conn: Connection,
    held: Rectification,
    kind: str,
    by: str | None,
    words: UUID | None,
    evidence: Sequence[UUID],
    at: datetime,
    round: int | None = None,
) -> None:
    """One step; `held` is as it stands after it, `round` the one that the step is of, where it began another."""
    await conn.execute(
        Q["add_rectification_step"], held.id, held.revision, held.authority, held.matter, kind, round or held.round,
        by, words, list(evidence), at,
    )  # fmt: skip


async def select(conn: Connection, id: UUID) -> Rectification | None:
    """One, to read."""
    row = await conn.fetchrow(Q["select_rectification"], id)
    return None if row is None else _held(row)


async def lock(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Rectification]:
    """These, locked; the caller has locked their cases before."""
    rows = await conn.fetch(Q["lock_rectifications"], list(ids))
    return {row["rectification_id"]: _held(row) for row in rows}


async def steps(conn: Connection, id: UUID) -> Sequence[Record]:
    """What was done about one, in order."""
    rows: Sequence[Record] = await conn.fetch(Q["select_rectification_steps"], id)
    return rows


async def page(
    conn: Connection,
    *,
    after: tuple[datetime, UUID] | None,
    case: UUID | None,
    unit: str | None,
    person: str | None,
    state: str | None,
    limit: int,
) -> list[Rectification]:
    """In order of their orders, after a position."""
    at, id = after or (None, None)
    rows = await conn.fetch(Q["page_of_rectifications"], at, id, case, unit, person, state, limit)
    return [_held(row) for row in rows]


def _held(row: Record) -> Rectification:
    return Rectification(
        id=row["rectification_id"],
        authority=row["authority"],
        matter=row["matter"],
        case_id=row["case_id"],
        origin=row["origin"],
        zone=row["zone"],
        calendar=row["calendar"],
        rulebook=row["rulebook"],
        unit=row["unit"],
        person=row["person"],
        state=row["state"],
        round=row["round"],
        within=row["within"],
        ordered_by=row["ordered_by"],
        ordered_at=row["ordered_at"],
        reported_by=row["reported_by"],
        overdue_at=row["overdue_at"],
        ended_at=row["ended_at"],
        revision=row["revision"],
        heard_revision=row["heard_revision"],
    )
