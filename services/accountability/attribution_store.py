"""What is kept beside the rows of a few cases: the circumstances of their miss, and what a person confirmed."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from services.accountability.case_row import case_of, named_text, proposal_of
from services.accountability.circumstances_text import kept, of_kept
from services.accountability.rules.circumstances import NOTHING, Beside
from services.accountability.rules.model import Case, Ref
from shared.postgres import Connection, Record, load_queries

Q = load_queries(Path(__file__).parent / "sql" / "attribution.sql")


async def complete(conn: Connection, cases: Sequence[Case]) -> list[Case]:
    """These cases with what is kept beside them. One question for all, and the same cases where there is none."""
    if not cases:
        return []
    rows = await conn.fetch(Q["select_attribution_states"], [case.key.case_id for case in cases])
    if not rows:
        return list(cases)
    found = {row["case_id"]: _beside(row) for row in rows}
    return [
        replace(case, beside=found[case.key.case_id]) if case.key.case_id in found else case for case in cases
    ]  # fmt: skip


async def keep(conn: Connection, cases: Iterable[Case]) -> None:
    """Write what is kept beside these cases; of most there is nothing."""
    rows = [(case, case.beside) for case in cases if case.beside is not None]
    if not rows:
        return
    await conn.execute(
        Q["keep_attribution_states"],
        [case.key.case_id for case, _ in rows], [case.key.authority for case, _ in rows],
        [case.key.matter for case, _ in rows],
        [None if b.circumstances is NOTHING else orjson.dumps(kept(b.circumstances)).decode() for _, b in rows],
        [b.confirmed for _, b in rows], [b.revisions for _, b in rows],
        [None if b.proposed is None else orjson.dumps([named_text(r) for r in b.proposed]).decode() for _, b in rows],
        [b.reason for _, b in rows],
    )  # fmt: skip


async def note(conn: Connection, case: Case, by: str, at: datetime) -> None:
    """Who confirmed the attribution that stands, and when."""
    await conn.execute(Q["note_confirmation"], case.key.case_id, case.key.authority, case.key.matter, by, at)


async def confirmation_of(conn: Connection, case: Case) -> dict[str, Any] | None:
    """The last attribution that a person confirmed."""
    row = await conn.fetchrow(Q["select_confirmation"], *case.key)
    if row is None:
        return None
    return {"n": row["confirmed"], "by": row["confirmed_by"], "at": row["confirmed_at"].isoformat()}


async def cause_of(conn: Connection, case: Case, no: int) -> Ref:
    """The fact for which a revision was proposed."""
    row = await conn.fetchrow(Q["select_cause_of_revision"], *case.key, no)
    if row is None:
        raise LookupError(f"revision {no} of case {case.key.case_id} was never proposed")
    return Ref(row["cause_source"], row["cause_id"])


async def waiting(conn: Connection, after: tuple[datetime, Any] | None, limit: int) -> list[Case]:
    """Cases with a revision that waits for somebody to decide on it, in order of opening."""
    at, id = after or (None, None)
    rows = await conn.fetch(Q["page_of_proposed_revisions"], at, id, limit)
    return await complete(conn, [case_of(row) for row in rows])


def _beside(row: Record) -> Beside:
    said, proposed = row["circumstances"], row["proposed"]
    return Beside(
        NOTHING if said is None else of_kept(said), row["confirmed"], row["revisions"],
        None if proposed is None else proposal_of(proposed), row["reason"],
    )  # fmt: skip
