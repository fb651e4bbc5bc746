"""Wires the deadline service."""

import asyncio
from pathlib import Path

from services.deadline.api import routes
from services.deadline.config import Settings
from services.deadline.handlers import CASES, MATTERS, TOPICS, Read, handler
from services.deadline.sweep import Sweep
from services.deadline.watch import alarms, clocks
from shared.clock import Clock
from shared.runtime import App, Loop
from shared.wiring import app_of, consumer_of, database_of, relay_of

NAME = "deadline"
MIGRATIONS = Path(__file__).parent / "migrations"


async def build(settings: Settings, clock: Clock) -> App:
    """The service, connected to its database and not started yet."""
    pool = await database_of(settings, service=NAME, migrations=MIGRATIONS)
    relay = relay_of(settings, pool, service=NAME)

    def committed() -> None:
        relay.wake()
        sweep.wake()

    def caught_up() -> Read:
        return Read(consumer.caught_up(MATTERS), consumer.caught_up(TOPICS))

    consumer = consumer_of(
        settings,
        pool,
        service=NAME,
        topics=TOPICS,
        handle=handler(clock, caught_up),
        committed=committed,
        held=lambda: CASES if sweep.storm.lasts(asyncio.get_running_loop().time()) else (),
    )
    sweep = Sweep(pool, clock, relay, batch=settings.batch, poll_s=settings.deadline_poll_s, caught_up=caught_up)
    app = app_of(
        settings,
        pool,
        consumer,
        relay,
        service=NAME,
        title="Duban deadlines",
        migrations=MIGRATIONS,
        loops=(Loop(sweep.run, lambda: sweep.alive_at),),
        measures=(clocks, alarms(clock)),
    )
    app.api.include_router(routes(pool, clock))
    return app
