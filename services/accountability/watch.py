"""Shows operators where the ladder has ended (D17). It reads and shows; it decides nothing and writes nothing."""

from services.accountability import metrics, store
from shared.postgres import Connection


async def last_rung(conn: Connection) -> None:
    """The cases at their last rung."""
    metrics.LAST_RUNG.set(await store.count_at_last_rung(conn))
