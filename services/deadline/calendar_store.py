"""Calendars and recalculations in Postgres: what was published, what everybody counts by, what is to be folded again.
Nothing here decides or commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.deadline.calendar_files import edition_of
from services.deadline.rules.calendar import Content
from services.deadline.rules.editions import Difference, Edition
from services.deadline.store import QUERIES, Key
from shared.events.calendars import CalendarVersion
from shared.postgres import Connection, Record

After = tuple[datetime | None, str, str]
"""How far a pass has come: the end of the last clock and its matter; without an end among those that have none."""

BY_INDEX = "set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_sort = off"
"""Each batch goes on from the cursor. Left to itself the planner reads and sorts all that is left, for every batch."""


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A publication as stored; `says` is the event's data."""

    authority: str
    code: str
    identity: tuple[str, str]
    event: str
    effective_at: datetime
    received_at: datetime
    says: dict[str, Any]


@dataclass(frozen=True, slots=True)
class InForce:
    """By which version a calendar counts, chosen at `as_of` from so many publications; `changes_at`: until then."""

    code: str
    version: str
    as_of: datetime
    changes_at: datetime | None
    editions: int


@dataclass(frozen=True, slots=True)
class Recalculation:
    """Clocks to fold again: those that `version` of `code` may count otherwise, on days from `first` to `last`; those
    that rolled back over one of these ended on `rolled_from` or later. `after` is how far this pass has come, in the
    order of the clocks' ends."""

    id: int
    code: str
    version: str
    former: str | None
    first: date
    last: date
    rolled_from: date
    wider: bool
    since: datetime
    pass_: int
    after: After
    folded: int
    folded_in_pass: int
    failed: int
    settled: bool = False
    finished_at: datetime | None = None


async def insert_versions(conn: Connection, rows: Sequence[VersionRow]) -> None:
    """Keep publications, each once."""
    if rows:
        records = [
            (r.authority, r.code, *r.identity, r.event, r.effective_at, r.received_at, r.says)
            for r in sorted(rows, key=lambda r: (r.authority, r.code, r.identity))
        ]
        await conn.execute(QUERIES["insert_calendar_versions"], *map(list, zip(*records, strict=True)))


async def select_editions(conn: Connection) -> list[Edition]:
    """Everything that was published."""
    return [
        edition_of(
            row["authority"],
            row["code"],
            row["effective_at"],
            (row["source"], row["event_id"]),
            CalendarVersion.model_validate(row["says"]["calendar"], strict=False, extra="ignore"),
        )
        for row in await conn.fetch(QUERIES["select_calendar_versions"])
    ]


async def select_in_force(conn: Connection) -> tuple[list[InForce], int]:
    """What everybody counts by, and how many publications there are by now (0 where no calendar was looked up yet)."""
    rows = await conn.fetch(QUERIES["select_calendars_in_force"])
    found = [InForce(r["code"], r["version"], r["as_of"], r["changes_at"], r["editions"]) for r in rows]
    return found, rows[0]["known"] if rows else 0


async def select_content(conn: Connection, code: str, version: str) -> Content | None:
    """A calendar in force, whole; None where another one has taken its place."""
    content: Content | None = await conn.fetchval(QUERIES["select_calendar_content"], code, version)
    return content


async def lock(conn: Connection) -> None:
    """Until the transaction ends nobody else changes what is in force."""
    await conn.execute(QUERIES["lock_calendars"])


async def save_in_force(conn: Connection, row: InForce, content: Content) -> None:
    """From now on everybody counts by it."""
    await conn.execute(
        QUERIES["save_calendar_in_force"], row.code, row.version, row.as_of, row.changes_at, row.editions, content
    )


async def begin_recalculation(
    conn: Connection, code: str, version: str, former: str | None, days: Difference, since: datetime
) -> None:
    """What may have been moved is to be folded again; what a former one had not come to is added to it."""
    first, last, rolled_from, wider = days.first, days.last, days.rolled_from, days.wider
    for row in await conn.fetch(QUERIES["overtake_recalculations"], code, since):
        first, last, wider = min(first, row["first_day"]), max(last, row["last_day"]), wider or row["wider"]
        rolled_from = min(rolled_from, row["rolled_from"])
    await conn.execute(QUERIES["insert_recalculation"], code, version, former, first, last, wider, since, rolled_from)


async def claim_recalculation(conn: Connection) -> Recalculation | None:
    """The oldest that nobody else works on, locked."""
    row = await conn.fetchrow(QUERIES["claim_recalculation"])
    return None if row is None else _recalculation(row, settled=row["settled"])


def _recalculation(row: Record, *, settled: bool) -> Recalculation:
    return Recalculation(
        id=row["id"],
        code=row["code"],
        version=row["version"],
        former=row["former"],
        first=row["first_day"],
        last=row["last_day"],
        rolled_from=row["rolled_from"],
        wider=row["wider"],
        since=row["since"],
        pass_=row["pass"],
        after=(row["after_late_from"], row["after_authority"], row["after_matter"]),
        folded=row["folded"],
        folded_in_pass=row["folded_in_pass"],
        failed=row["failed"],
        settled=settled,
        finished_at=row["finished_at"],
    )


async def select_clocks_to_recalculate(
    conn: Connection, code: str, version: str, days: Recalculation | Difference, after: After, n: int
) -> list[tuple[Key, datetime]]:
    """The next clocks that another version of the calendar counted over one of these days, in the order of their ends;
    one for each, so a matter may be named more than once."""
    await conn.execute(BY_INDEX)
    rows = await conn.fetch(
        QUERIES["select_clocks_to_recalculate"], days.first, days.last, *after, code, version, n, days.rolled_from
    )
    return [((row["authority"], row["matter"]), row["late_from"]) for row in rows]


async def select_uncountable(conn: Connection, after: Key, n: int) -> list[Key]:
    """The next matters with a limit that could not be counted."""
    return [
        (row["authority"], row["matter"])
        for row in await conn.fetch(QUERIES["select_uncountable_clocks"], *after, n)
    ]  # fmt: skip


async def save_recalculation(conn: Connection, row: Recalculation) -> None:
    """How far it has come."""
    await conn.execute(
        QUERIES["save_recalculation"],
        row.id,
        row.pass_,
        *row.after,
        row.folded,
        row.folded_in_pass,
        row.failed,
        row.finished_at,
    )


async def select_recalculations(conn: Connection, n: int) -> list[Recalculation]:
    """What is under way and what was done last, the latest first."""
    return [_recalculation(row, settled=True) for row in await conn.fetch(QUERIES["select_recalculations"], n)]
