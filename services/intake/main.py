"""Wires intake: one consumer of `submissions`, one relay, one API."""

from pathlib import Path

from services.intake import catalogue
from services.intake.api import add_routes
from services.intake.config import Settings
from services.intake.handlers import Intake
from services.intake.parsing import TOPIC
from services.intake.permission import admission_of
from services.intake.watch import sources
from shared.clock import Clock
from shared.exposure import is_reachable
from shared.runtime import App
from shared.wiring import app_of, consumer_of, database_of, relay_of, verifier_of

NAME = "intake"
MIGRATIONS = Path(__file__).parent / "migrations"


async def build(settings: Settings, clock: Clock) -> App:
    """The service, not started yet."""
    admission = admission_of(verifier_of(settings), reachable=is_reachable(settings), required=settings.require_tokens)
    items = catalogue.load(settings.catalogues, calendar=settings.calendar)
    intake = Intake(items, settings.margins, clock, admission)
    pool = await database_of(settings, service=NAME, migrations=MIGRATIONS)
    relay = relay_of(settings, pool, service=NAME)
    consumer = consumer_of(settings, pool, service=NAME, topics=(TOPIC,), handle=intake.handle, committed=relay.wake)
    app = app_of(
        settings,
        pool,
        consumer,
        relay,
        service=NAME,
        title="Duban intake",
        migrations=MIGRATIONS,
        measures=(sources(clock, intake.hearing, settings.patience),),
    )
    add_routes(app.api, pool, intake, relay.wake, settings.patience)
    return app
