"""Wires the deadline service."""

from pathlib import Path

from services.deadline.api import routes
from services.deadline.config import Settings
from services.deadline.handlers import TOPICS, handler
from services.deadline.sweep import Sweep
from shared import runtime
from shared.clock import Clock
from shared.http import create_api
from shared.wiring import consumer_of, database_of, relay_of

NAME = "deadline"
MIGRATIONS = Path(__file__).parent / "migrations"


async def build(settings: Settings, clock: Clock) -> runtime.App:
    """The service, connected to its database and not started yet."""
    pool = await database_of(settings, service=NAME, migrations=MIGRATIONS)
    relay = relay_of(settings, pool, service=NAME)

    def committed() -> None:
        relay.wake()
        sweep.wake()

    def caught_up() -> frozenset[int]:
        return consumer.caught_up()

    consumer = consumer_of(
        settings, pool, service=NAME, topics=TOPICS, handle=handler(clock, caught_up), committed=committed
    )
    sweep = Sweep(
        pool, clock, relay, batch=settings.batch, poll_s=settings.deadline_poll_s, caught_up=consumer.caught_up
    )
    api = create_api("Duban deadlines", live=lambda: runtime.live(consumer), ready=lambda: runtime.ready(consumer))
    api.include_router(routes(pool, clock))
    return runtime.App(
        name=NAME,
        pool=pool,
        api=api,
        host=settings.http_host,
        port=settings.http_port,
        consumer=consumer,
        relay=relay,
        loops=(runtime.Loop(sweep.run),),
    )
