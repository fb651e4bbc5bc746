"""Shows operators where the ladder has ended (D17), and what of the record is not sealed. It reads and shows; it
decides nothing and writes nothing.
"""

from services.accountability import directory_store, metrics, store
from services.accountability.record import store as record_store
from shared.postgres import Connection

COUNTED = 10_000
"""Rows of each table; more are not told apart."""


async def last_rung(conn: Connection) -> None:
    """The cases at their last rung."""
    metrics.LAST_RUNG.set(await store.count_at_last_rung(conn))


async def conflicts(conn: Connection) -> None:
    """Facts of the directory that do not fit each other."""
    metrics.CONFLICTS.set(await directory_store.count_conflicts(conn))


async def record(conn: Connection) -> None:
    """What is not sealed, and what no head covers."""
    rows, unsealed_s, head_s = await record_store.waiting(conn, COUNTED)
    metrics.UNSEALED.set(rows)
    metrics.UNSEALED_AGE.set(unsealed_s)
    metrics.HEAD_AGE.set(head_s)
