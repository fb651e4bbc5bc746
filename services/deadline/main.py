"""Wires the deadline service."""

from services.deadline.api import routes
from services.deadline.config import Settings
from services.deadline.handlers import TOPICS, handler
from services.deadline.sweep import Sweep
from shared import runtime
from shared.clock import Clock
from shared.http import create_api
from shared.kafka import Consumer
from shared.outbox import Relay
from shared.postgres import connect


async def build(settings: Settings, clock: Clock) -> runtime.App:
    """The service, connected to its database and not started yet."""
    pool = await connect(settings.postgres.get_secret_value(), "deadline")
    relay = Relay(
        pool,
        settings.kafka,
        idempotent=settings.kafka_idempotence,
        prefix=settings.topic_prefix,
        batch=settings.relay_batch,
        lease_s=settings.relay_lease_s,
    )

    def committed() -> None:
        relay.wake()
        sweep.wake()

    def caught_up() -> frozenset[int]:
        return consumer.caught_up()

    consumer = Consumer(
        pool,
        settings.kafka,
        service="deadline",
        topics=TOPICS,
        handle=handler(clock, caught_up),
        committed=committed,
        prefix=settings.topic_prefix,
        batch=settings.batch,
        session_ms=settings.kafka_session_ms,
        wait_ms=settings.kafka_wait_ms,
    )
    sweep = Sweep(
        pool, clock, relay, batch=settings.batch, poll_s=settings.deadline_poll_s, caught_up=consumer.caught_up
    )
    api = create_api("Duban deadlines", live=lambda: runtime.live(consumer), ready=lambda: runtime.ready(consumer))
    api.include_router(routes(pool, clock))
    return runtime.App(
        name="deadline",
        pool=pool,
        api=api,
        host=settings.http_host,
        port=settings.http_port,
        consumer=consumer,
        relay=relay,
        loops=(runtime.Loop(sweep.run),),
    )
