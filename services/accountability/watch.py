"""Shows operators where the ladder has ended (D17), and what of the record is not sealed; it reads, shows, and decides
nothing. The one thing it writes: answers to requests with an Idempotency-Key are forgotten when they are old.
"""

from datetime import timedelta

from services.accountability import directory_store, metrics, stepping_store, store
from services.accountability.record import store as record_store
from shared.clock import Clock
from shared.postgres import Connection
from shared.watch import Measure

COUNTED = 10_000
"""Rows of each table; more are not told apart."""
FORGOTTEN = 10_000
"""Answers at a time."""


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


def old_answers(clock: Clock, keep_days: float) -> Measure:
    """Forgets what was answered longer ago: the same key is then a new request, which its `If-Match` judges."""

    async def forget(conn: Connection) -> None:
        before = (await clock.moment(conn)).now - timedelta(days=keep_days)
        await stepping_store.forget(conn, before, FORGOTTEN)

    return forget
