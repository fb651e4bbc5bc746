"""Cases and all that is kept of them, as the API reads it. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.accountability import attribution_store
from services.accountability.case_row import case_of
from services.accountability.lead_store import Q as LEADS
from services.accountability.rules.leads import is_lead
from services.accountability.rules.model import Case, CaseKey
from services.accountability.store import Q
from shared.postgres import Connection, Record


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """The kept rows of one case, each in its own order."""

    events: Sequence[Record]
    attributions: Sequence[Record]
    verdicts: Sequence[Record]
    answers: Sequence[Record]
    confirmation: dict[str, Any] | None = None


async def page(
    conn: Connection,
    *,
    after: tuple[datetime, UUID] | None,
    state: str | None,
    unit: str | None,
    person: str | None,
    matter: str | None,
    authority: str | None,
    at_last_rung: bool | None,
    limit: int,
) -> list[Case]:
    """Cases in order of opening, after a position."""
    opened_at, id = after or (None, None)
    rows = await conn.fetch(
        Q["page_of_cases"], opened_at, id, state, unit, person, matter, authority, at_last_rung, limit
    )
    return [case_of(row) for row in rows]


async def select(conn: Connection, id: UUID) -> Case | None:
    """One case by its id alone."""
    row = await conn.fetchrow(Q["select_case_by_id"], id)
    return None if row is None else case_of(row)


async def key_of(conn: Connection, id: UUID) -> CaseKey | None:
    """The whole key of the case of an id."""
    case = await select(conn, id)
    return None if case is None else case.key


async def record_of(conn: Connection, case: Case) -> CaseRecord:
    """Everything kept of a case."""
    return CaseRecord(
        await conn.fetch(Q["select_case_events"], *case.key),
        await conn.fetch(Q["select_attributions"], *case.key),
        await conn.fetch(LEADS["select_lead_verdicts"] if is_lead(case.clock) else Q["select_verdicts"], *case.key),
        await conn.fetch(Q["select_answers"], *case.key),
        await attribution_store.confirmation_of(conn, case),
    )


async def authorities_of(conn: Connection, matter: str) -> list[str]:
    """Whose matters have this id, as far as cases know."""
    return [row["authority"] for row in await conn.fetch(Q["select_authorities_of_matter"], matter)]
