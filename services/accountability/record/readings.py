"""Readers on record (I19): who was shown which named case, evidence or name, in the chains like all else.

What is shown and the note of it are one transaction: where the note cannot be written, nothing is shown (503).
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Literal
from uuid import uuid4

import structlog

from services.accountability.record import store
from services.accountability.rules.model import CaseKey
from shared.clock import Clock
from shared.http import ProblemError
from shared.postgres import PASSING, Connection, Pool, is_environmental

What = Literal["case", "list", "readings", "export", "person", "evidence"]
_OF_ONE_CASE = frozenset({"case", "readings", "evidence"})
_OF_NONE = frozenset({"export", "person"})
log = structlog.get_logger()


@asynccontextmanager
async def on_record(pool: Pool) -> AsyncIterator[Connection]:
    """A snapshot to read from and to note the reading in. ProblemError 503 where that cannot be."""
    try:
        async with pool.acquire(timeout=10) as conn, conn.transaction(isolation="repeatable_read"):
            yield conn
    except Exception as error:
        if not isinstance(error, PASSING) and not is_environmental(error):
            raise
        log.warning("reading_not_recorded", error=type(error).__name__)
        raise ProblemError(
            503, "reading-not-recorded", "It is not shown now", "Who reads named cases is recorded, and cannot be now."
        ) from error


async def note(
    conn: Connection, clock: Clock, person: str, what: What, cases: Sequence[CaseKey] = (), *, about: str | None = None
) -> None:
    """Write down who is about to be shown what; an empty list shows nothing, an export everything. `about`: whose name,
    which evidence."""
    if not cases and what not in _OF_NONE:
        return
    authority, matter = (cases[0].authority, cases[0].matter) if what in _OF_ONE_CASE else ("", "")
    now = (await clock.moment(conn)).now
    ids = [case.case_id for case in cases]
    await store.add_reading(conn, uuid4(), authority, matter, person, what, ids, about, now)
