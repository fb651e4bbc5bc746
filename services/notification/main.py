"""Wires notification."""

from datetime import timedelta
from pathlib import Path

from services.notification.api import Api, routes
from services.notification.calling import Caller
from services.notification.channels.inbox import Inbox
from services.notification.channels.webhook import Webhooks
from services.notification.config import Settings
from services.notification.handlers import TOPICS, Notifier
from services.notification.rules.digests import Ration
from services.notification.rules.rest import Rest
from services.notification.rules.webhooks import Policy
from services.notification.sender import Sender
from services.notification.watch import oldest_pending
from shared.clock import Clock, WallClock
from shared.runtime import App, Loop
from shared.wiring import app_of, consumer_of, database_of, relay_of

NAME = "notification"
MIGRATIONS = Path(__file__).parent / "migrations"
GATHER_S = 0.25
"""People are told a few times a second at most, many at once. A simulated clock knows no hurry."""
RECORDING = timedelta(seconds=30)
"""How long recording the outcome of a round may take before its deliveries are taken for lost."""


async def build(settings: Settings, clock: Clock) -> App:
    """The service, connected to its database and not started yet. A new channel is one more in `channels`."""
    pool = await database_of(settings, service=NAME, migrations=MIGRATIONS)
    relay = relay_of(settings, pool, service=NAME)
    allow_private = settings.notification_allow_private_webhooks
    timeout_s = settings.notification_webhook_timeout_s
    sender = Sender(
        pool,
        clock,
        Caller(timeout_s=timeout_s, allow_private=allow_private),
        Policy(
            settings.notification_webhook_attempts,
            settings.notification_webhook_backoff_s,
            settings.notification_webhook_backoff_cap_s,
        ),
        committed=relay.wake,
        batch=settings.notification_webhook_batch,
        poll_s=settings.notification_webhook_poll_s,
        lease=timedelta(seconds=timeout_s) + RECORDING,
    )
    ration = Ration(settings.notification_digest_after, timedelta(seconds=settings.notification_digest_window_s))
    full = settings.batch if isinstance(clock, WallClock) else None
    notifier = Notifier(clock, channels=(Inbox(ration), Webhooks(sender.wake)), rest=Rest(full))

    def committed() -> None:
        notifier.committed()
        relay.wake()

    consumer = consumer_of(
        settings,
        pool,
        service=NAME,
        topics=TOPICS,
        handle=notifier.handle,
        committed=committed,
        held=notifier.held,
        gather_s=dict.fromkeys(TOPICS, GATHER_S) if isinstance(clock, WallClock) else None,
    )
    app = app_of(
        settings,
        pool,
        consumer,
        relay,
        service=NAME,
        title="Duban notices",
        migrations=MIGRATIONS,
        loops=(Loop(sender.run, lambda: sender.alive_at),),
        measures=(oldest_pending,),
    )
    app.api.include_router(routes(Api(pool, clock, allow_private, relay.wake)))
    return app
