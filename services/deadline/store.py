"""Clocks in Postgres. Every statement works on a whole batch; nothing here decides or commits."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from services.deadline.rules.clock import State
from services.deadline.rules.stored import Stored
from shared.events.base import aggregate_key
from shared.outbox import bucket_of
from shared.postgres import Connection, Record, load_queries

QUERIES = load_queries(Path(__file__).parent / "sql" / "queries.sql")
Key = tuple[str, str]
"""(authority, matter)."""
Subject = tuple[Key, str | None]
"""What clocks are about: a matter, or one of its cases; None for all of a matter's."""
_STATES = {state.value: state for state in State}
CASE = "case:"
"""How the subject of a case's clock begins."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """Alarms that have come: those to be fired, the earliest of them, and those that no feed has confirmed."""

    due: int
    unconfirmed: int
    oldest: datetime | None


def columns(keys: Iterable[Key]) -> tuple[list[str], list[str]]:
    """Keys as Postgres takes them, each once, ascending (D11)."""
    ordered = sorted(set(keys))
    return [authority for authority, _ in ordered], [matter for _, matter in ordered]


def subject_columns(subjects: Iterable[Subject]) -> tuple[list[str], list[str], list[str | None]]:
    """Subjects as Postgres takes them."""
    given = list(subjects)
    return [key[0] for key, _ in given], [key[1] for key, _ in given], [subject for _, subject in given]


async def select_clocks(conn: Connection, subjects: Iterable[Subject]) -> dict[Subject, list[Stored]]:
    """The clocks of each subject as they were left; a matter's with those of its stages and tasks."""
    found: dict[Subject, list[Stored]] = {}
    for row in await conn.fetch(QUERIES["select_clocks"], *subject_columns(subjects)):
        found.setdefault(((row["authority"], row["matter"]), row["part"]), []).append(_stored(row))
    return found


def bucket(key: Key) -> int:
    """The partition of the matter on every topic."""
    return bucket_of(aggregate_key(*key))


def _lane(key: Key, clock: Stored) -> int:
    return 2 * bucket(key) + clock.subject.startswith(CASE)


def lanes(matters: Collection[int], cases: Collection[int]) -> list[int]:
    """The lanes of clocks: those of matters in these partitions, those of cases in those."""
    return sorted([2 * partition for partition in matters] + [2 * partition + 1 for partition in cases])


async def claim_due_clocks(
    conn: Connection, lanes: Sequence[int], at: datetime, now: datetime, limit: int
) -> list[tuple[Key, Stored]]:
    """Clocks in these lanes whose alarm is at or before `at`, of at most `limit` matters, earliest first; none of a
    matter that is to be folded by `now`. Locked, then looked up: the row seen before the lock may be of yesterday.
    """
    matters = await conn.fetch(QUERIES["claim_due_matters"], lanes, at, now, limit)
    if not matters:
        return []
    keys = columns((row["authority"], row["matter"]) for row in matters)
    rows = await conn.fetch(QUERIES["select_due_clocks"], *keys, at, lanes)
    return [((row["authority"], row["matter"]), _stored(row)) for row in rows]


async def insert_clocks(conn: Connection, rows: Iterable[tuple[Key, Stored]]) -> None:
    """Clocks that were never stored. Where a row is there already the whole batch fails: its matter is locked."""
    records = [_record(key, clock) for key, clock in rows]
    if records:
        await conn.copy_records_to_table("clocks", columns=COLUMNS, records=records)


async def save_clocks(conn: Connection, rows: Iterable[tuple[Key, Stored]]) -> None:
    """Write clocks as folded, known before or not."""
    records = [_record(key, clock) for key, clock in rows]
    if records:
        await conn.execute(QUERIES["save_clocks"], *map(list, zip(*records, strict=True)))


async def save_fired(conn: Connection, rows: Sequence[tuple[Key, Stored]], confirmed: datetime) -> None:
    """Write what firing changes of clocks, and nothing else of their rows."""
    if rows:
        await conn.execute(
            QUERIES["save_fired"],
            [key[0] for key, _ in rows],
            [key[1] for key, _ in rows],
            [c.name for _, c in rows],
            [c.subject for _, c in rows],
            [c.state.value for _, c in rows],
            [c.warned for _, c in rows],
            [c.alarms[0][0] if c.alarms else None for _, c in rows],
            [_ahead(c) for _, c in rows],
            [c.miss for _, c in rows],
            confirmed,
            [c.revision for _, c in rows],
            [c.unconfirmed for _, c in rows],
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


async def page_of_deadlines(
    conn: Connection,
    *,
    state: str | None,
    unit: str | None,
    due_before: datetime | None,
    unconfirmed: bool,
    after: tuple[datetime, str, str, str, str] | None,
    limit: int,
) -> list[tuple[Key, Stored]]:
    """Clocks with a due, in the order in which they become late."""
    position = after or (None, None, None, None, None)
    rows = await conn.fetch(QUERIES["select_deadlines"], state, unit, due_before, *position, limit, unconfirmed)
    return [((row["authority"], row["matter"]), _stored(row)) for row in rows]


COLUMNS = (
    "authority", "matter", "clock", "subject", "lane", "state", "item", "unit", "zone", "due_on", "late_from",
    "done_at", "done_on", "withdrawn", "warned", "next_alarm_at", "alarms", "says", "missed_late_from", "digest",
    "applies", "revision", "known_at", "confirmed_at", "unconfirmed",
)  # fmt: skip
"""Of `clocks`, in the order of `save_clocks`."""


def _record(key: Key, c: Stored) -> tuple[Any, ...]:
    return (
        *key, c.name, c.subject, _lane(key, c), c.state.value, c.item, c.unit, c.zone, c.due_on, c.late_from, c.done_at,
        c.done_on, c.withdrawn, c.warned, c.alarms[0][0] if c.alarms else None, _ahead(c), c.says, c.miss, c.digest,
        c.applies, c.revision, c.known, c.confirmed, c.unconfirmed,
    )  # fmt: skip


def _ahead(clock: Stored) -> dict[str, Any]:
    return {"ahead": clock.alarms}


def _stored(row: Record) -> Stored:
    return Stored(
        row["clock"],
        row["subject"],
        _STATES[row["state"]],
        row["item"],
        row["unit"],
        row["zone"],
        row["due_on"],
        row["late_from"],
        row["done_at"],
        row["done_on"],
        row["withdrawn"],
        row["warned"],
        tuple([(datetime.fromisoformat(at), label) for at, label in row["alarms"]["ahead"]]),
        row["says"],
        row["missed_late_from"],
        row["digest"],
        row["applies"],
        row["revision"],
        row["unconfirmed"],
        row["known_at"],
        row["confirmed_at"],
    )
