"""Wires the accountability service."""

from pathlib import Path

from services.accountability.api import routes
from services.accountability.config import Settings
from services.accountability.handlers import handler
from services.accountability.reading import TOPICS
from services.accountability.rulebook import load
from services.accountability.watch import watch
from shared import runtime
from shared.clock import Clock
from shared.http import create_api
from shared.wiring import consumer_of, database_of, relay_of

NAME = "accountability"
MIGRATIONS = Path(__file__).parent / "migrations"


async def build(settings: Settings, clock: Clock) -> runtime.App:
    """The service, connected to its database and not started yet."""
    rulebook = load(settings.rulebook)
    pool = await database_of(settings, service=NAME, migrations=MIGRATIONS)
    relay = relay_of(settings, pool, service=NAME)
    consumer = consumer_of(
        settings, pool, service=NAME, topics=TOPICS, handle=handler(clock, rulebook), committed=relay.wake
    )
    api = create_api("Duban cases", live=lambda: runtime.live(consumer), ready=lambda: runtime.ready(consumer))
    api.include_router(routes(pool, clock, relay.wake))
    return runtime.App(
        name=NAME,
        pool=pool,
        api=api,
        host=settings.http_host,
        port=settings.http_port,
        consumer=consumer,
        relay=relay,
        loops=(runtime.Loop(watch(pool, settings.accountability_watch_s)),),
    )
