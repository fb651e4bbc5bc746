"""The parts that every service has, made from the settings that every service has."""

from collections.abc import Callable, Sequence
from pathlib import Path

from shared.http import create_api
from shared.kafka import Consumer, Handle
from shared.outbox import Relay
from shared.postgres import Pool, check_migrated, connect
from shared.runtime import App, Loop, live, ready
from shared.settings import ServiceSettings


async def database_of(settings: ServiceSettings, *, service: str, migrations: Path) -> Pool:
    """A pool in the service's schema. Raises MigrationMismatch where `duban migrate` was not run for this build."""
    dsn = settings.postgres.get_secret_value()
    await check_migrated(dsn, service, migrations)
    return await connect(dsn, service)


def relay_of(settings: ServiceSettings, pool: Pool, *, service: str) -> Relay:
    """The relay of the service's outbox, not started."""
    return Relay(
        pool,
        settings.kafka,
        service=service,
        idempotent=settings.kafka_idempotence,
        prefix=settings.topic_prefix,
        batch=settings.relay_batch,
        lease_s=settings.relay_lease_s,
        keep_days=settings.outbox_keep_days,
    )


def consumer_of(
    settings: ServiceSettings,
    pool: Pool,
    *,
    service: str,
    topics: Sequence[str],
    handle: Handle,
    committed: Callable[[], None],
) -> Consumer:
    """One member of the service's group, not started. `committed` is called after each transaction."""
    return Consumer(
        pool,
        settings.kafka,
        service=service,
        topics=topics,
        handle=handle,
        committed=committed,
        prefix=settings.topic_prefix,
        batch=settings.batch,
        session_ms=settings.kafka_session_ms,
        wait_ms=settings.kafka_wait_ms,
    )


def app_of(
    settings: ServiceSettings,
    pool: Pool,
    consumer: Consumer,
    relay: Relay,
    *,
    service: str,
    title: str,
    loops: Sequence[Loop] = (),
) -> App:
    """The service, not started; its API has the routes that operators probe, and is the caller's to add to."""
    return App(
        name=service,
        pool=pool,
        api=create_api(title, live=lambda: live(consumer), ready=lambda: ready(consumer)),
        host=settings.http_host,
        port=settings.http_port,
        consumer=consumer,
        relay=relay,
        loops=loops,
    )
