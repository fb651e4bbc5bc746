"""Wires the accountability service."""

from pathlib import Path

from services.accountability import (
    attribution_api,
    card_api,
    case_store,
    directory_api,
    evidence_api,
    going_live_api,
    ladder_api,
    people_api,
    process_api,
    rectification_api,
    score_api,
    states,
)
from services.accountability.api import routes
from services.accountability.config import Settings
from services.accountability.evidence_store import contents_of
from services.accountability.handlers import handler
from services.accountability.issuer import Issuer, waiting
from services.accountability.reading import TOPICS
from services.accountability.record import api as record_api
from services.accountability.record.heads import signer_of
from services.accountability.record.sealer import Sealer
from services.accountability.rulebook import load
from services.accountability.watch import conflicts, last_rung, old_answers, record
from shared.clock import Clock, WallClock
from shared.runtime import App, Loop
from shared.wiring import app_of, consumer_of, database_of, relay_of

NAME = "accountability"
MIGRATIONS = Path(__file__).parent / "migrations"


async def build(settings: Settings, clock: Clock) -> App:
    """The service, connected to its database and not started yet."""
    rulebook = load(settings.rulebook)
    pool = await database_of(settings, service=NAME, migrations=MIGRATIONS)
    relay = relay_of(settings, pool, service=NAME)
    sealer = Sealer(
        pool, clock, signer=signer_of(settings.record_key), changed=states.changed, committed=relay.wake,
        every_s=settings.record_every_s, head_s=settings.record_head_s,
    )  # fmt: skip
    issuer = Issuer(pool, clock, rulebook.cards, committed=sealer.hear, hurry=not isinstance(clock, WallClock))
    handle = handler(clock, rulebook, issuer.heard)
    consumer = consumer_of(settings, pool, service=NAME, topics=TOPICS, handle=handle, committed=issuer.hear)
    app = app_of(
        settings,
        pool,
        consumer,
        relay,
        service=NAME,
        title="Duban cases",
        migrations=MIGRATIONS,
        loops=(Loop(sealer.run, lambda: sealer.alive_at), Loop(issuer.run, lambda: issuer.alive_at)),
        measures=(last_rung, conflicts, record, waiting, old_answers(clock, settings.answers_keep_days)),
    )
    app.api.include_router(routes(pool, clock, relay.wake, rulebook))
    app.api.include_router(process_api.routes(pool, clock, rulebook, relay.wake))
    app.api.include_router(card_api.routes(pool, clock))
    app.api.include_router(score_api.routes(pool, rulebook))
    app.api.include_router(
        record_api.routes(pool, clock, select=case_store.key_of, retention_years=settings.record_retention_years)
    )
    app.api.include_router(ladder_api.routes(pool, clock, rulebook, relay.wake))
    app.api.include_router(rectification_api.routes(pool, clock, rulebook, relay.wake))
    app.api.include_router(
        evidence_api.routes(
            pool, clock, contents_of(settings.evidence_directory), settings.evidence_most_bytes, relay.wake
        )
    )
    app.api.include_router(going_live_api.routes(pool, clock, relay.wake))
    app.api.include_router(attribution_api.routes(pool, clock, relay.wake))
    app.api.include_router(directory_api.routes(pool, clock))
    app.api.include_router(people_api.routes(pool, clock))
    return app
