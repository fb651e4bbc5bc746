"""Wires the deadline service."""

import asyncio
from pathlib import Path

from services.deadline.api import routes
from services.deadline.calendar_api import calendar_routes
from services.deadline.config import Settings
from services.deadline.handlers import CALENDARS, CASES, MATTERS, TOPICS, Read, handler
from services.deadline.recalculation import Recalculating
from services.deadline.sweep import Sweep
from services.deadline.watch import alarms, clocks, recalculations
from shared.clock import Clock, WallClock
from shared.runtime import App, Loop
from shared.wiring import app_of, consumer_of, database_of, relay_of

NAME = "deadline"
MIGRATIONS = Path(__file__).parent / "migrations"
GATHER_S = 0.25
"""The limits of cases are days: theirs are read a few times a second at most. A simulated clock knows no hurry."""
CONNECTIONS = 5 + Recalculating.LANES
"""What every service has, and one for each lane of a recalculation: nobody waits for those."""


async def build(settings: Settings, clock: Clock) -> App:
    """The service, connected to its database and not started yet."""
    pool = await database_of(settings, service=NAME, migrations=MIGRATIONS, size=CONNECTIONS)
    relay = relay_of(settings, pool, service=NAME)

    def committed() -> None:
        relay.wake()
        sweep.wake()

    def storm() -> bool:
        return sweep.storm.lasts(asyncio.get_running_loop().time())

    def caught_up() -> Read:
        return Read(consumer.caught_up(MATTERS), consumer.caught_up(TOPICS))

    consumer = consumer_of(
        settings,
        pool,
        service=NAME,
        topics=(*TOPICS, *CALENDARS),
        handle=handler(clock, caught_up),
        committed=committed,
        held=lambda: CASES if storm() else (),
        gather_s=dict.fromkeys(CASES, GATHER_S) if isinstance(clock, WallClock) else None,
    )
    sweep = Sweep(pool, clock, relay, batch=settings.batch, poll_s=settings.deadline_poll_s, caught_up=caught_up)
    anew = Recalculating(
        pool,
        clock,
        relay,
        batch=settings.recalculation_batch,
        poll_s=settings.recalculation_poll_s,
        caught_up=caught_up,
        storm=storm,
    )
    app = app_of(
        settings,
        pool,
        consumer,
        relay,
        service=NAME,
        title="Duban deadlines",
        migrations=MIGRATIONS,
        loops=(Loop(sweep.run, lambda: sweep.alive_at), Loop(anew.run, lambda: anew.alive_at)),
        measures=(clocks, alarms(clock), recalculations(clock)),
    )
    app.api.include_router(routes(pool, clock))
    app.api.include_router(calendar_routes(pool, clock))
    return app
