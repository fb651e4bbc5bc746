"""The parts that every service has, made from the settings that every service has."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import structlog

from shared.exposure import refuse_exposure
from shared.http import create_api
from shared.identity.keys import Keys
from shared.identity.tokens import Claims, Verifier
from shared.kafka import Consumer, Handle
from shared.kafka_access import access_of
from shared.outbox import Relay
from shared.postgres import PASSING, Pool, check_migrated, connect
from shared.runtime import App, Loop, live, ready
from shared.settings import ServiceSettings
from shared.watch import Measure, backlog, clocks, schema

RETRY_S = 1.0
log = structlog.get_logger()


async def database_of(settings: ServiceSettings, *, service: str, migrations: Path, size: int = 5) -> Pool:
    """A pool of `size` in the service's schema. Waits for a database that is away. Raises Exposed where what lies
    beyond loopback is not guarded, MigrationMismatch where `duban migrate` was not run for this build."""
    refuse_exposure(settings)
    dsn = settings.postgres.get_secret_value()
    while True:
        try:
            await check_migrated(dsn, service, migrations)
            return await connect(dsn, service, size=size)
        except PASSING as error:  # it restarts, or has no connection left
            log.warning("waiting_for_postgres", error=type(error).__name__, reason=str(error))
            await asyncio.sleep(RETRY_S)


def verifier_of(settings: ServiceSettings) -> Verifier | None:
    """What checks tokens; None where the settings name no identity provider. Raises WrongEnvironment where the keys are
    in a file and cannot be used."""
    if settings.identity_jwks is None or settings.identity_issuer is None:
        return None
    return Verifier(
        Keys(
            settings.identity_jwks,
            refresh_s=settings.identity_refresh_s,
            refetch_s=settings.identity_refetch_s,
            ca=settings.identity_ca,
        ),
        issuer=settings.identity_issuer,
        audience=settings.identity_audience,
        algorithms=settings.identity_algorithms,
        leeway_s=settings.identity_leeway_s,
        claims=Claims(
            person=settings.identity_person_claim,
            roles=settings.identity_roles_claim,
            authorities=settings.identity_authorities_claim,
            sources=settings.identity_sources_claim,
        ),
    )


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
        access=access_of(settings),
    )


def consumer_of(
    settings: ServiceSettings,
    pool: Pool,
    *,
    service: str,
    topics: Sequence[str],
    handle: Handle,
    committed: Callable[[], None],
    held: Callable[[], Collection[str]] = tuple,
    gather_s: Mapping[str, float] | None = None,
) -> Consumer:
    """One member of the service's group, not started. `committed` is called after each transaction; the topics that
    `held` names are left unread while it does, those of `gather_s` for so long after each batch that was not full."""
    return Consumer(
        pool,
        settings.kafka,
        service=service,
        topics=topics,
        handle=handle,
        committed=committed,
        held=held,
        gather_s=gather_s,
        prefix=settings.topic_prefix,
        batch=settings.batch,
        session_ms=settings.kafka_session_ms,
        wait_ms=settings.kafka_wait_ms,
        access=access_of(settings),
    )


def app_of(
    settings: ServiceSettings,
    pool: Pool,
    consumer: Consumer,
    relay: Relay,
    *,
    service: str,
    title: str,
    migrations: Path,
    loops: Sequence[Loop] = (),
    measures: Sequence[Measure] = (),
) -> App:
    """The service, not started; its API has the routes that operators probe, and is the caller's to add to. `measures`
    keep gauges besides those that every service has."""

    def is_live() -> str | None:
        return live(consumer, relay, loops, settings.stuck_after_s)

    return App(
        name=service,
        pool=pool,
        api=create_api(title, live=is_live, ready=lambda: ready(consumer, relay), verifier=verifier_of(settings)),
        host=settings.http_host,
        port=settings.http_port,
        consumer=consumer,
        relay=relay,
        live=is_live,
        loops=loops,
        measures=(backlog(service), schema(service, migrations), clocks(service), *measures),
        watch_s=settings.watch_s,
    )
