"""Wires the accountability service."""

from pathlib import Path

from services.accountability import card_api
from services.accountability.api import routes
from services.accountability.config import Settings
from services.accountability.handlers import handler
from services.accountability.reading import TOPICS
from services.accountability.rulebook import load
from services.accountability.watch import last_rung
from shared.clock import Clock
from shared.runtime import App
from shared.wiring import app_of, consumer_of, database_of, relay_of

NAME = "accountability"
MIGRATIONS = Path(__file__).parent / "migrations"


async def build(settings: Settings, clock: Clock) -> App:
    """The service, connected to its database and not started yet."""
    rulebook = load(settings.rulebook)
    pool = await database_of(settings, service=NAME, migrations=MIGRATIONS)
    relay = relay_of(settings, pool, service=NAME)
    consumer = consumer_of(
        settings, pool, service=NAME, topics=TOPICS, handle=handler(clock, rulebook), committed=relay.wake
    )
    app = app_of(
        settings,
        pool,
        consumer,
        relay,
        service=NAME,
        title="Duban cases",
        migrations=MIGRATIONS,
        measures=(last_rung,),
    )
    app.api.include_router(routes(pool, clock, relay.wake))
    app.api.include_router(card_api.routes(pool))
    return app
