"""Cases and their record in Postgres. Functions take the caller's connection, decide nothing and never commit."""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from services.accountability import attribution_store
from services.accountability.case_row import FIXED, RENEWED, case_of, key_of, renewed, row_of
from services.accountability.rules.case import Escalated
from services.accountability.rules.model import Case, CaseKey, Missed, Ref, Refuted, Untrue
from shared.postgres import Connection, load_queries

Q = load_queries(Path(__file__).parent / "sql" / "queries.sql")
_LOCK_CLASS = 0x6163_6374  # "acct": apart from every other use of advisory locks in the database

Verdict = tuple[Missed | Untrue, bytes]
"""With the content of its event."""


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """A published event in its case's history; `body` is its content as JSON."""

    case: CaseKey
    n: int
    id: str
    type: str
    at: datetime
    cause: Ref | None
    body: bytes


async def ask_by_index(conn: Connection) -> None:
    """For the rest of the transaction. Tables that a storm fills have no statistics, and a plan made when they were
    small is kept: hashing all verdicts for each batch cost more with each case, at 40,000 a quarter of all."""
    await conn.execute(Q["ask_by_index"])


async def lock_directories(conn: Connection, authorities: Mapping[str, bool]) -> None:
    """Until the end of the transaction; True: alone, False: shared with others that only read the directory."""
    locks = [zlib.crc32(authority.encode()) - 2**31 for authority in authorities]
    await conn.execute(Q["lock_directories"], _LOCK_CLASS, locks, list(authorities.values()))


async def lock_known(conn: Connection, keys: Collection[CaseKey]) -> dict[CaseKey, Case | Refuted]:
    """What is known of these misses; their cases are locked in ascending order. Where anything is known a verdict is
    kept: of what is new, as in a storm all is, one question is asked."""
    heard = {key_of(row): row["revision"] for row in await conn.fetch(Q["select_last_revisions"], _ids(keys))}
    if not heard:
        return {}
    cases = await attribution_store.complete(conn, await lock_cases(conn, heard))
    found: dict[CaseKey, Case | Refuted] = {case.key: case for case in cases}
    return {key: Refuted(revision) for key, revision in heard.items()} | found


async def lock_cases(conn: Connection, keys: Iterable[CaseKey]) -> list[Case]:
    """These cases, locked, in ascending order."""
    return [case_of(row) for row in await conn.fetch(Q["lock_cases"], _ids(keys))]


async def lock_case(conn: Connection, id: UUID) -> Case | None:
    """One case by its id alone, locked."""
    row = await conn.fetchrow(Q["lock_case_by_id"], id)
    return None if row is None else case_of(row)


async def insert_cases(conn: Connection, cases: Collection[Case]) -> None:
    """New cases. Where a row is there already the whole batch fails: nobody else may open a case of these keys."""
    await copy(conn, "cases", (*FIXED, *RENEWED), map(row_of, cases))


async def update_cases(conn: Connection, cases: Collection[Case]) -> None:
    """Known cases, whose locks the caller holds."""
    if cases:
        columns = [list(column) for column in zip(*map(renewed, cases), strict=True)]
        values, kept_as_json = columns[:-4], columns[-4:]
        texts = [[orjson.dumps(value).decode() for value in column] for column in kept_as_json]
        await conn.execute(Q["update_cases"], _ids(case.key for case in cases), *values, *texts)


async def add_verdicts(conn: Connection, verdicts: Sequence[Verdict], now: datetime) -> None:
    """Keep what the deadline service said and was heeded."""
    records = (
        (
            *v.key,
            v.revision,
            "missed" if isinstance(v, Missed) else "withdrawn",
            v.ref.source,
            v.ref.id,
            body.decode(),
            now,
        )
        for v, body in verdicts
    )
    columns = (
        "authority", "matter", "case_id", "revision", "kind", "source", "event_id", "says", "recorded_at",
    )  # fmt: skip
    await copy(conn, "verdicts", columns, records)


async def add_events(conn: Connection, events: Sequence[KeptEvent]) -> None:
    """Keep what is published, for ever."""
    records = (
        (*e.case, e.n, e.id, e.type, e.at, e.cause and e.cause.source, e.cause and e.cause.id, e.body.decode())
        for e in events
    )
    columns = (
        "authority", "matter", "case_id", "n", "event_id", "type", "occurred_at", "cause_source", "cause_id", "says",
    )  # fmt: skip
    await copy(conn, "case_events", columns, records)


async def add_escalations(conn: Connection, climbed: Sequence[Escalated]) -> None:
    """Record each rung that fires; one that has fired before is an error, not a duplicate."""
    records = (
        (
            *e.case.key,
            e.case.standing_no,
            e.rung,
            e.late_from,
            e.at,
            e.addressee.person,
            e.cause.source,
            e.cause.id,
        )
        for e in climbed
    )
    columns = (
        "authority", "matter", "case_id", "standing_no", "rung", "late_from", "escalated_at", "addressee",
        "cause_source", "cause_id",
    )  # fmt: skip
    await copy(conn, "escalations", columns, records)


async def copy(conn: Connection, table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]) -> None:
    """Add rows, all at once."""
    rows = list(records)
    if rows:
        await conn.copy_records_to_table(table, columns=columns, records=rows)


async def answer_of(conn: Connection, case: Case) -> tuple[str, str | None, datetime] | None:
    """Who answered the case in its present standing, what (None: it is erased), and when."""
    row = await conn.fetchrow(Q["select_answer"], *case.key, case.standing_no)
    return None if row is None else (row["person"], row["text"], row["answered_at"])


async def add_answer(conn: Connection, case: Case, person: str, text: UUID, at: datetime) -> None:
    """Keep the answer, whose words are a text of their own."""
    await conn.execute(Q["add_answer"], *case.key, case.standing_no, person, text, at)


async def count_at_last_rung(conn: Connection) -> int:
    """Standing, unanswered, and nobody left to go to."""
    count: int = await conn.fetchval(Q["count_cases_at_last_rung"])
    return count


def _ids(keys: Iterable[CaseKey]) -> list[UUID]:
    return [key.case_id for key in keys]
