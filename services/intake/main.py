"""Wires intake: one consumer of `submissions`, one relay, one API."""

from pathlib import Path

from services.intake import catalogue
from services.intake.api import add_routes
from services.intake.config import Settings
from services.intake.handlers import Intake
from services.intake.parsing import TOPIC
from shared.clock import Clock
from shared.http import create_api
from shared.kafka import Consumer
from shared.outbox import Relay
from shared.postgres import connect
from shared.runtime import App, live, ready

NAME = "intake"
MIGRATIONS = Path(__file__).parent / "migrations"


async def build(settings: Settings, clock: Clock) -> App:
    """The service, not started yet."""
    intake = Intake(catalogue.load(settings.catalogues, calendar=settings.calendar), settings.margins, clock)
    pool = await connect(settings.postgres.get_secret_value(), NAME)
    relay = Relay(
        pool,
        settings.kafka,
        idempotent=settings.kafka_idempotence,
        prefix=settings.topic_prefix,
        batch=settings.relay_batch,
        lease_s=settings.relay_lease_s,
    )
    consumer = Consumer(
        pool,
        settings.kafka,
        service=NAME,
        topics=(TOPIC,),
        handle=intake.handle,
        committed=relay.wake,
        prefix=settings.topic_prefix,
        batch=settings.batch,
        session_ms=settings.kafka_session_ms,
        wait_ms=settings.kafka_wait_ms,
    )
    api = create_api("Duban intake", live=lambda: live(consumer), ready=lambda: ready(consumer))
    add_routes(api, pool, intake, relay.wake)
    return App(
        name=NAME,
        pool=pool,
        api=api,
        host=settings.http_host,
        port=settings.http_port,
        consumer=consumer,
        relay=relay,
    )
