"""Matters and their facts in Postgres. Every statement works on a whole batch; nothing here decides or commits."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from services.deadline.store import QUERIES, Key, Subject, columns, subject_columns
from shared.postgres import Connection


class FactRow(NamedTuple):
    """A fact as stored; `says` is the event's data, `revision` its place in its case's stream, 0 for a matter's."""

    key: Key
    identity: tuple[str, str]
    event: str
    type: str
    subject: str
    occurred_at: datetime
    occurred_on: date | None
    issued_at: datetime
    received_at: datetime
    revision: int
    says: Mapping[str, Any]


_COLUMNS = (
    "authority", "matter", "source", "event_id", "event", "type", "subject", "occurred_at", "occurred_on", "issued_at",
    "received_at", "revision", "says",
)  # fmt: skip


def _record(row: FactRow) -> tuple[Any, ...]:
    return (
        *row.key, *row.identity, row.event, row.type, row.subject, row.occurred_at, row.occurred_on, row.issued_at,
        row.received_at, row.revision, row.says,
    )  # fmt: skip


async def lock_matters(conn: Connection, keys: Iterable[Key]) -> set[Key]:
    """Until the transaction ends nobody else folds or fires these matters. Those that nobody knew before: there is no
    fact and no clock of them yet."""
    wanted = set(keys)
    rows = await conn.fetch(QUERIES["insert_matters"], *columns(wanted))
    fresh = {(row["authority"], row["matter"]) for row in rows}
    if known := wanted - fresh:
        await conn.execute(QUERIES["lock_matters"], *columns(known))
    return fresh


async def copy_facts(conn: Connection, rows: Iterable[FactRow]) -> None:
    """Keep facts of matters that have none, each once."""
    records = [_record(row) for row in rows]
    if records:
        await conn.copy_records_to_table("facts", columns=_COLUMNS, records=records)


async def insert_facts(conn: Connection, rows: Sequence[FactRow]) -> set[Subject]:
    """Keep what is new; the subjects that changed by it."""
    if not rows:
        return set()
    records = [_record(row) for row in sorted(rows, key=lambda row: (row.key, row.identity))]
    fresh = await conn.fetch(QUERIES["insert_facts"], *map(list, zip(*records, strict=True)))
    return {((row["authority"], row["matter"]), row["subject"]) for row in fresh}


async def select_facts(conn: Connection, subjects: Iterable[Subject]) -> dict[Subject, list[FactRow]]:
    """All facts of each subject. A new statement after the locks, so that it sees what the others committed (D11)."""
    found: dict[Subject, list[FactRow]] = {}
    for row in await conn.fetch(QUERIES["select_facts"], *subject_columns(subjects)):
        key = row["authority"], row["matter"]
        found.setdefault((key, row["part"]), []).append(
            FactRow(
                key,
                (row["source"], row["event_id"]),
                row["event"],
                row["type"],
                row["subject"],
                row["occurred_at"],
                row["occurred_on"],
                row["issued_at"],
                row["received_at"],
                row["revision"],
                row["says"],
            )
        )
    return found


async def claim_matters_to_refold(conn: Connection, now: datetime, limit: int) -> list[Key]:
    """Matters with a fact that was in the future and is known by `now`, locked."""
    rows = await conn.fetch(QUERIES["claim_matters_to_refold"], now, limit)
    return [(row["authority"], row["matter"]) for row in rows]


async def save_refolds(conn: Connection, rows: Sequence[tuple[Subject, datetime | None]]) -> None:
    """When each matter is to be folded again, by what was folded of it: all, or one subject."""
    if rows:
        authorities, matters, subjects = subject_columns(subject for subject, _ in rows)
        whole = [subject is None for subject in subjects]
        await conn.execute(QUERIES["save_refolds"], authorities, matters, whole, [at for _, at in rows])


async def matters_named(conn: Connection, ids: Sequence[str]) -> list[Key]:
    """The matters of these bare ids, whatever their authority (D1)."""
    return [(row["authority"], row["matter"]) for row in await conn.fetch(QUERIES["select_matters_named"], ids)]


async def unpublished(conn: Connection, keys: Collection[Key]) -> set[Key]:
    """Those of these matters that are inspections nobody has published."""
    rows = await conn.fetch(QUERIES["select_unpublished"], *columns(keys)) if keys else ()
    return {(row["authority"], row["matter"]) for row in rows}
