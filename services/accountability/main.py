"""Wires the accountability service."""

from services.accountability.api import routes
from services.accountability.config import Settings
from services.accountability.handlers import handler
from services.accountability.reading import TOPICS
from services.accountability.rulebook import load
from services.accountability.watch import watch
from shared import runtime
from shared.clock import Clock
from shared.http import create_api
from shared.kafka import Consumer
from shared.outbox import Relay
from shared.postgres import connect


async def build(settings: Settings, clock: Clock) -> runtime.App:
    """The service, connected to its database and not started yet."""
    rulebook = load(settings.rulebook)
    pool = await connect(settings.postgres.get_secret_value(), "accountability")
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
        service="accountability",
        topics=TOPICS,
        handle=handler(clock, rulebook),
        committed=relay.wake,
        prefix=settings.topic_prefix,
        batch=settings.batch,
        session_ms=settings.kafka_session_ms,
        wait_ms=settings.kafka_wait_ms,
    )
    api = create_api("Duban cases", live=lambda: runtime.live(consumer), ready=lambda: runtime.ready(consumer))
    api.include_router(routes(pool, clock, relay.wake))
    return runtime.App(
        name="accountability",
        pool=pool,
        api=api,
        host=settings.http_host,
        port=settings.http_port,
        consumer=consumer,
        relay=relay,
        loops=(runtime.Loop(watch(pool, settings.accountability_watch_s)),),
    )
