"""Time is a parameter: the one place that reads a clock, wall or simulated.

Business time comes from here and is then an argument of rules and SQL. Lease and retry time is not business time:
it uses the database's clock directly, so that a simulated clock which stands still stops no retry.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

from shared.errors import WrongEnvironment
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Moment:
    """`now`, and up to when the publishers' feeds are known to be complete (D8): nobody is named beyond that."""

    now: datetime
    confirmed: datetime


def wall() -> datetime:
    """What the machine's clock says, for comparing it with others; business time is a Clock's."""
    return datetime.now(UTC)


class Clock(Protocol):
    """Asked once in a transaction; the answer is handed to the rules."""

    async def moment(self, conn: Connection) -> Moment: ...


class WallClock:
    """The earlier of our own and the database's time: a clock set ahead fires nothing early (D10)."""

    async def moment(self, conn: Connection) -> Moment:
        theirs: datetime = await conn.fetchval("select clock_timestamp()")
        now = min(theirs, wall())
        return Moment(now, now)


class SimulatedClock:
    """One row that all processes share: an instant, the rate at which it moves on by itself, its generation (D10)."""

    async def moment(self, conn: Connection) -> Moment:
        row = await conn.fetchrow(_READ)
        if row is None:
            raise WrongEnvironment("the simulated clock was never set")
        return Moment(row["now"], min(row["now"], row["confirmed"] or row["now"]))


@asynccontextmanager
async def moves(conn: Connection, moved: Callable[[], None]) -> AsyncIterator[None]:
    """While inside, `moved` is called when the simulated clock is moved. It shortens a wait, and may be lost."""

    def told(*_: object) -> None:
        moved()

    await conn.add_listener(_MOVED, told)
    try:
        yield
    finally:
        if not conn.is_closed():
            await conn.remove_listener(_MOVED, told)


_MOVED = "clock_moved"
_READ = """
select instant + (clock_timestamp() - set_at) * rate as now, confirmed
from clock.simulated
"""


async def create_simulated(conn: Connection, start: datetime) -> None:
    """Make the shared row, standing at `start`."""
    await conn.execute(
        "create schema clock;"
        "create table clock.simulated (one boolean primary key default true check (one), instant timestamptz not null,"
        " rate float8 not null, set_at timestamptz not null, confirmed timestamptz, generation bigint not null)"
    )
    await conn.execute("insert into clock.simulated values (true, $1, 0, clock_timestamp(), null, 1)", start)


async def set_simulated(
    conn: Connection, instant: datetime, *, confirmed: datetime | None = None, rate: float = 0
) -> int:
    """Move the shared clock; `confirmed` holds misses back until the feeds are known to be complete. The new
    generation.
    """
    generation: int = await conn.fetchval(
        "update clock.simulated set instant = $1, rate = $2, confirmed = $3, set_at = clock_timestamp(),"
        " generation = generation + 1 returning generation",
        instant,
        rate,
        confirmed,
    )
    await conn.execute("select pg_notify($1, '')", _MOVED)
    return generation


def clock_of(kind: Literal["wall", "simulated"]) -> Clock:
    """The clock a setting names."""
    return WallClock() if kind == "wall" else SimulatedClock()
