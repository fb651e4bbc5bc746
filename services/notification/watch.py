"""Shows operators how long deliveries wait. It decides nothing and sends nothing."""

from services.notification import metrics, store
from shared.postgres import Connection


async def oldest_pending(conn: Connection) -> None:
    """The oldest delivery that is due."""
    metrics.OLDEST_PENDING.set(await store.oldest_pending_s(conn))
