"""recalculation: a day of next month is declared off while many clocks run; those that it touches are folded again.

The first open clocks come through the services, the others are copies of their rows (cloning.py); they began on each of
the last days, so the new day off lies within the limits of some. Beside it new matters keep coming. What it is compared
with is the naive loop, in the same run: every open matter folded one by one, each in a transaction of its own.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from services.deadline.fact_store import lock_matters
from services.deadline.handlers import everywhere, refold
from shared.clock import Moment
from shared.postgres import connect
from tests.bench.cloning import clone
from tests.bench.figures import Figure
from tests.bench.ground import Field, Ground, WrongCount
from tests.bench.matters import AUTHORITY, event, holders, matter, name, wire
from tests.bench.report import Lap, Options, Report

N = 1_000_000
FIRST = 2_500
DAYS = 25
"""Natural days over which the limits of 20 working days began: so none is over, and the last ends in four weeks."""
AHEAD = 22
"""The new day off, in days from now: about one in five limits reaches it."""
A_SECOND = 100
"""New matters meanwhile."""
NAIVE = 300
"""So many matters tell how fast the naive loop is: they stand still meanwhile, so its folds change nothing."""
NAME = "recalculation"
_TOUCHED = """
select count(*) from deadline.superseded_statements s
join deadline.clocks c using (authority, matter, clock, subject)
where s.says -> 'counted' ->> 'due' <> c.says -> 'counted' ->> 'due'
"""


async def recalculation(ground: Ground, options: Options) -> Report:
    """Value: open clocks by seconds until the last one is right; in the place of the floor: the naive loop's."""
    n = options.n or N
    first = min(FIRST, n)
    async with ground.database(NAME) as dsn, ground.services(NAME, dsn) as field:
        now = datetime.now(UTC)
        await field.send(map(wire, holders(now.isoformat())))
        spread = ((now - timedelta(days=i % DAYS, minutes=i % 500)).isoformat() for i in range(first))
        await field.send(wire(matter("open", i, begun)) for i, begun in enumerate(spread))
        await field.quiet()
        await clone(field, "open", first, n)
        naive = await _naively(field, first)
        beside = asyncio.create_task(_steady(field))
        lap = Lap.begin(field)
        seconds, folded = await _recalculated(field, now)
        cpu_s = lap.cpu_s()
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)
        moved = await field.count(_TOUCHED)
        if not 0 < moved <= folded < n + A_SECOND * seconds:
            raise WrongCount(f"{moved} of {n} open clocks were moved and {folded} folded")
        await field.no_dead_letters()
    note = f"{folded:,} of {n:,} open clocks touched, {moved:,} moved; {A_SECOND} new matters a second beside"
    return Report(
        figures=[
            Figure(
                NAME, n, n / seconds, "clocks/s", "higher", naive, f"{note}; floor: each open matter folded one by one"
            ),
            Lap.each(NAME, folded, cpu_s, "each that is folded; all services, Postgres, Kafka"),
        ],
        details={NAME: {"seconds": seconds, "folded": folded, "moved": moved, "naive": naive, "cpu_s": cpu_s}},
    )


async def _naively(field: Field, first: int) -> float:
    """Matters a second, folded one by one from all their facts."""
    pool = await connect(field.dsn, "deadline", size=1)
    now = datetime.now(UTC)
    begun, n = time.time(), min(NAIVE, first)
    for i in range(n):
        key = AUTHORITY, name("open", i)
        async with pool.acquire() as conn, conn.transaction():
            await lock_matters(conn, [key])
            await refold(conn, [(key, None)], Moment(now, now), everywhere())
    seconds = time.time() - begun
    await pool.close()
    return n / seconds


async def _recalculated(field: Field, now: datetime) -> tuple[float, int]:
    """Publish the day off; seconds until the recalculation has finished, and how many clocks it folded."""
    off = (now + timedelta(days=AHEAD)).date()
    while off.weekday() >= 5:
        off += timedelta(days=1)
    says: dict[str, Any] = {
        "kind": "amendment", "years": [off.year, off.year], "source": "a benchmark's",
        "rest": [{"since": off.isoformat(), "name": "declared off"}],
    }  # fmt: skip
    told = event(
        "calendar.published", "CN", "day-off", now.isoformat(), {"occurred_at": now.isoformat(), "calendar": says}
    )
    begun = time.time()
    await field.send([wire({**told, "subject": "state-council/CN"})])
    done = "select folded from deadline.recalculations where finished_at is not null order by id desc limit 1"
    while (folded := await field.conn.fetchval(done)) is None:  # noqa: ASYNC110 - another process finishes it
        await asyncio.sleep(0.1)
    return time.time() - begun, int(folded)


async def _steady(field: Field) -> None:
    """New matters, until cancelled."""
    for second in range(86_400):
        now = datetime.now(UTC).isoformat()
        await field.send(wire(matter("beside", second * A_SECOND + i, now)) for i in range(A_SECOND))
        await asyncio.sleep(1)
