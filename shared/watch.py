"""Keeps the gauges that are read from the database: one loop for each service, and no query when Prometheus asks.

Each measure is a cheap query of its own, planned without statistics: a freshly filled table has none. Apart from the
consumer and the relay: it tells when those are stuck.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

import structlog

from shared import metrics
from shared.clock import wall
from shared.events.catalog import PARTITIONS
from shared.postgres import MIGRATIONS, PASSING, Connection, Pool, migrations_of

Measure = Callable[[Connection], Awaitable[None]]
"""Asks one thing and sets its gauge."""
COUNTED = 10_000
"""Rows of each partition; more are not told apart."""
log = structlog.get_logger()

_PLAN = "set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_sort = off"
_BACKLOG = """
select
    (select coalesce(extract(epoch from clock_timestamp() - min(u.created_at)), 0)::float8
    from generate_series(0, $1 - 1) b
    cross join lateral (
        select created_at from outbox where bucket = b and sent_at is null and quarantined_at is null
        order by bucket, id limit 1
    ) u) as oldest,
    (select count(*) from generate_series(0, $1 - 1) b
    cross join lateral (
        select from outbox where bucket = b and sent_at is null and quarantined_at is null limit $2
    ) u) as unsent,
    (select count(*) from outbox where quarantined_at is not null) as aside
"""


def backlog(service: str) -> Measure:
    """What of the outbox is unsent or set aside."""

    async def measure(conn: Connection) -> None:
        row = await conn.fetchrow(_BACKLOG, PARTITIONS, COUNTED)
        assert row is not None  # noqa: S101 - a select without from always has its row
        metrics.OLDEST_UNSENT.labels(service).set(row["oldest"])
        metrics.UNSENT.labels(service).set(row["unsent"])
        metrics.SET_ASIDE.labels(service).set(row["aside"])

    return measure


def schema(service: str, directory: Path) -> Measure:
    """Whether the database's migrations are this build's."""
    known = {name for name, _, _ in migrations_of((MIGRATIONS, directory))}

    async def measure(conn: Connection) -> None:
        applied = {row["name"] for row in await conn.fetch("select name from migrations")}
        metrics.DIFFERING_MIGRATIONS.labels(service).set(len(known ^ applied))

    return measure


def clocks(service: str, wall: Callable[[], datetime] = wall) -> Measure:
    """Whether the wall clock goes as time does, and as the database's clock does."""
    monotonic = asyncio.get_running_loop().time
    start = wall().timestamp() - monotonic()

    async def measure(conn: Connection) -> None:
        before = wall()
        theirs: datetime = await conn.fetchval("select clock_timestamp()")
        after = wall()
        metrics.DATABASE_AHEAD.labels(service).set((theirs - before - (after - before) / 2).total_seconds())
        metrics.WALL_OFFSET.labels(service).set(wall().timestamp() - monotonic() - start)

    return measure


async def watch(
    pool: Pool, service: str, measures: Sequence[Measure], stopping: asyncio.Event, *, every_s: float
) -> None:
    """Measure every so many seconds until told to stop; a passing fault of the database is waited out."""
    monotonic = asyncio.get_running_loop().time
    done_at = monotonic()
    metrics.WATCH_AGE.labels(service).set_function(lambda: monotonic() - done_at)
    while not stopping.is_set():
        try:
            async with pool.acquire(timeout=10) as conn:
                for measure in measures:
                    async with conn.transaction():
                        await conn.execute(_PLAN)
                        await measure(conn)
            done_at = monotonic()
        except PASSING as error:
            log.warning("watch_retrying", error=type(error).__name__)
        try:
            async with asyncio.timeout(every_s):
                await stopping.wait()
        except TimeoutError:
            continue
