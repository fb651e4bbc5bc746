"""Facts and clocks in Postgres. Every statement works on a whole batch; nothing here decides or commits."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from services.deadline.rules.change import Stored
from services.deadline.rules.fold import State
from shared.events.base import aggregate_key
from shared.outbox import bucket_of
from shared.postgres import Connection, Record, load_queries

QUERIES = load_queries(Path(__file__).parent / "sql" / "queries.sql")
Key = tuple[str, str]
"""(authority, matter)."""


@dataclass(frozen=True, slots=True)
class FactRow:
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
    says: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Awaited:
    """Alarms that have come: those to be fired, the earliest of them, and those that no feed has confirmed."""

    due: int
    unconfirmed: int
    oldest: datetime | None


def _columns(keys: Iterable[Key]) -> tuple[list[str], list[str]]:
    ordered = sorted(set(keys))
    return [authority for authority, _ in ordered], [matter for _, matter in ordered]


async def lock_matters(conn: Connection, keys: Iterable[Key]) -> None:
    """Until the transaction ends nobody else folds or fires these matters."""
    columns = _columns(keys)
    await conn.execute(QUERIES["insert_matters"], *columns)
    await conn.execute(QUERIES["lock_matters"], *columns)


async def insert_facts(conn: Connection, rows: Sequence[FactRow]) -> set[Key]:
    """Keep what is new; the matters that changed by it."""
    ordered = sorted(rows, key=lambda row: (row.key, row.identity))
    fresh = await conn.fetch(
        QUERIES["insert_facts"],
        [row.key[0] for row in ordered],
        [row.key[1] for row in ordered],
        [row.identity[0] for row in ordered],
        [row.identity[1] for row in ordered],
        [row.event for row in ordered],
        [row.type for row in ordered],
        [row.subject for row in ordered],
        [row.occurred_at for row in ordered],
        [row.occurred_on for row in ordered],
        [row.issued_at for row in ordered],
        [row.received_at for row in ordered],
        [row.revision for row in ordered],
        [row.says for row in ordered],
    )
    return {(row["authority"], row["matter"]) for row in fresh}


async def select_facts(conn: Connection, keys: Iterable[Key]) -> dict[Key, list[FactRow]]:
    """All facts of each matter. A new statement after the locks, so that it sees what the others committed (D11)."""
    found: dict[Key, list[FactRow]] = {}
    for row in await conn.fetch(QUERIES["select_facts"], *_columns(keys)):
        key = row["authority"], row["matter"]
        found.setdefault(key, []).append(
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


async def select_clocks(conn: Connection, keys: Iterable[Key]) -> dict[Key, list[Stored]]:
    """All clocks of each matter as they were left."""
    found: dict[Key, list[Stored]] = {}
    for row in await conn.fetch(QUERIES["select_clocks"], *_columns(keys)):
        found.setdefault((row["authority"], row["matter"]), []).append(_stored(row))
    return found


def bucket(key: Key) -> int:
    """The partition of the matter on every topic."""
    return bucket_of(aggregate_key(*key))


async def claim_due_clocks(
    conn: Connection, buckets: Collection[int], at: datetime, now: datetime, limit: int
) -> list[tuple[Key, Stored]]:
    """Clocks in these buckets whose alarm is at or before `at`, of at most `limit` matters, earliest first; none of a
    matter that is to be folded by `now`. Locked, then looked up: the row seen before the lock may be of yesterday.
    """
    matters = await conn.fetch(QUERIES["claim_due_matters"], sorted(buckets), at, now, limit)
    columns = _columns((row["authority"], row["matter"]) for row in matters)
    rows = await conn.fetch(QUERIES["select_due_clocks"], *columns, at) if matters else []
    return [((row["authority"], row["matter"]), _stored(row)) for row in rows]


async def claim_matters_to_refold(conn: Connection, now: datetime, limit: int) -> list[Key]:
    """Matters with a fact that was in the future and is known by `now`, locked."""
    rows = await conn.fetch(QUERIES["claim_matters_to_refold"], now, limit)
    return [(row["authority"], row["matter"]) for row in rows]


async def save_clocks(conn: Connection, rows: Sequence[tuple[Key, Stored]]) -> None:
    """Write clocks as folded or fired."""
    if not rows:
        return
    await conn.execute(
        QUERIES["save_clocks"],
        [key[0] for key, _ in rows],
        [key[1] for key, _ in rows],
        [c.name for _, c in rows],
        [c.subject for _, c in rows],
        [bucket(key) for key, _ in rows],
        [c.state.value for _, c in rows],
        [c.item for _, c in rows],
        [c.unit for _, c in rows],
        [c.zone for _, c in rows],
        [c.due_on for _, c in rows],
        [c.late_from for _, c in rows],
        [c.done_at for _, c in rows],
        [c.done_on for _, c in rows],
        [c.withdrawn for _, c in rows],
        [c.warned for _, c in rows],
        [c.alarms[0][0] if c.alarms else None for _, c in rows],
        [{"ahead": [[at.isoformat(), label] for at, label in c.alarms]} for _, c in rows],
        [c.says for _, c in rows],
        [c.miss for _, c in rows],
        [c.digest for _, c in rows],
        [c.applies for _, c in rows],
        [c.revision for _, c in rows],
        [c.known for _, c in rows],
        [c.confirmed for _, c in rows],
    )


async def save_refolds(conn: Connection, rows: Sequence[tuple[Key, datetime | None]]) -> None:
    """When each matter is to be folded again."""
    await conn.execute(
        QUERIES["save_refolds"], [key[0] for key, _ in rows], [key[1] for key, _ in rows], [at for _, at in rows]
    )


async def add_counts(conn: Connection, counts: Mapping[str, int]) -> None:
    """Record what became of the numbers of clocks, in the caller's transaction."""
    changed = {kind: n for kind, n in counts.items() if n}
    if changed:
        await conn.execute(QUERIES["add_clock_counts"], list(changed), list(changed.values()))


async def clock_counts(conn: Connection) -> dict[str, int]:
    """How many clocks there are of each kind; what the batches recorded is added up."""
    return {row["kind"]: row["n"] for row in await conn.fetch(QUERIES["add_up_clock_counts"])}


async def awaited_alarms(conn: Connection, confirmed: datetime, now: datetime, limit: int) -> Awaited:
    """Alarms that have come and are not fired; counted up to `limit`."""
    row = await conn.fetchrow(QUERIES["select_awaited_alarms"], confirmed, now, limit)
    assert row is not None  # noqa: S101 - a select without from always has its row
    return Awaited(row["due"], row["unconfirmed"], row["oldest"])


async def next_alarm(conn: Connection) -> datetime | None:
    """The earliest alarm of all."""
    at: datetime | None = await conn.fetchval(QUERIES["select_next_alarm"])
    return at


async def matters_named(conn: Connection, ids: Sequence[str]) -> list[Key]:
    """The matters of these bare ids, whatever their authority (D1)."""
    return [(row["authority"], row["matter"]) for row in await conn.fetch(QUERIES["select_matters_named"], ids)]


async def page_of_deadlines(
    conn: Connection,
    *,
    state: str | None,
    unit: str | None,
    due_before: datetime | None,
    after: tuple[datetime, str, str, str, str] | None,
    limit: int,
) -> list[tuple[Key, Stored]]:
    """Clocks with a due, in the order in which they become late."""
    position = after or (None, None, None, None, None)
    rows = await conn.fetch(QUERIES["select_deadlines"], state, unit, due_before, *position, limit)
    return [((row["authority"], row["matter"]), _stored(row)) for row in rows]


def _stored(row: Record) -> Stored:
    return Stored(
        name=row["clock"],
        subject=row["subject"],
        state=State(row["state"]),
        item=row["item"],
        unit=row["unit"],
        zone=row["zone"],
        due_on=row["due_on"],
        late_from=row["late_from"],
        done_at=row["done_at"],
        done_on=row["done_on"],
        withdrawn=row["withdrawn"],
        warned=row["warned"],
        alarms=tuple((datetime.fromisoformat(at), label) for at, label in row["alarms"]["ahead"]),
        says=row["says"],
        miss=row["missed_late_from"],
        digest=row["digest"],
        applies=row["applies"],
        revision=row["revision"],
        known=row["known_at"],
        confirmed=row["confirmed_at"],
    )
