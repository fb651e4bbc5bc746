"""Shows operators how many clocks are open, which cannot be held to, and what waits to be fired. It decides nothing."""

from datetime import date

from services.deadline import calendar_store, in_force, metrics, store
from services.deadline.rules.tally import PROVISIONAL, UNCONFIRMED, UNCOUNTABLE
from shared.clock import Clock
from shared.postgres import Connection
from shared.watch import Measure

LAST = 20
"""Recalculations that are looked at."""
COUNTED = 100_000
"""Alarms; more are not told apart."""


async def clocks(conn: Connection) -> None:
    """The numbers of clocks that are not over."""
    counts = await store.clock_counts(conn)
    for state in metrics.OPEN_STATES:
        metrics.OPEN_CLOCKS.labels(state).set(counts.get(state, 0))
    metrics.UNCOUNTABLE_CLOCKS.set(counts.get(UNCOUNTABLE, 0))
    metrics.PROVISIONAL_CLOCKS.set(counts.get(PROVISIONAL, 0))
    metrics.UNCONFIRMED_MISSES.set(counts.get(UNCONFIRMED, 0))


def alarms(clock: Clock) -> Measure:
    """What has come and is not fired."""

    async def measure(conn: Connection) -> None:
        moment = await clock.moment(conn)
        awaited = await store.awaited_alarms(conn, moment.confirmed, moment.now, COUNTED)
        metrics.DUE_ALARMS.set(awaited.due)
        metrics.UNCONFIRMED_ALARMS.set(awaited.unconfirmed)
        waited_s = 0.0 if awaited.oldest is None else (moment.now - awaited.oldest).total_seconds()
        metrics.OLDEST_DUE_ALARM.set(waited_s)

    return measure


def recalculations(clock: Clock) -> Measure:
    """How far recalculations are, and until when calendars are official."""

    async def measure(conn: Connection) -> None:
        moment = await clock.moment(conn)
        under_way = [row for row in await calendar_store.select_recalculations(conn, LAST) if row.finished_at is None]
        since = min((row.since for row in under_way), default=moment.now)
        metrics.OLDEST_RECALCULATION.set((moment.now - since).total_seconds())
        metrics.RECALCULATED_NOW.set(sum(row.folded for row in under_way))
        rows, _ = await calendar_store.select_in_force(conn)
        calendar_of = await in_force.calendars_of(conn, rows)
        for row in rows:
            until = date(calendar_of(row.code).published[1], 12, 31)
            metrics.CERTAIN_UNTIL.labels(row.code).set((until - moment.now.date()).days)

    return measure
