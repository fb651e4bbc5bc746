"""A batch of facts: kept, and every matter they concern folded again. One transaction, one statement for each step."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime

import structlog

from services.deadline import metrics, store
from services.deadline.calendars import load
from services.deadline.publish import messages
from services.deadline.reading import fact_of, row_of
from services.deadline.rules.decide import decide
from services.deadline.store import Key
from shared import failpoints, outbox
from shared.clock import Clock, Moment
from shared.events.catalog import PARTITIONS
from shared.inbox import Message
from shared.kafka import Handle, read
from shared.postgres import Connection

log = structlog.get_logger()
TOPICS = ("matter-events", "case-events")
CaughtUp = Callable[[], Collection[int]]
"""The partitions that are read to their end. Elsewhere a completion may stand unread: nothing is missed there yet
(D8).
"""
UNCONFIRMED = datetime(1900, 1, 1, tzinfo=UTC)


def everywhere() -> Collection[int]:
    """For a service that nobody feeds but the caller."""
    return range(PARTITIONS)


def handler(clock: Clock, caught_up: CaughtUp = everywhere) -> Handle:
    """What the consumer calls with each batch of `matter-events` and `case-events`."""

    async def handle(conn: Connection, batch: Sequence[Message]) -> None:
        events = read(batch, lambda _: metrics.SKIPPED.inc())
        rows = [row for received, event in events if (row := row_of(received, event)) is not None]
        if rows:
            await store.lock_matters(conn, (row.key for row in rows))
            changed = await store.insert_facts(conn, rows)
            metrics.FACTS.inc(len(rows))
            failpoints.reach("facts.kept")
            await refold(conn, changed, await clock.moment(conn), caught_up())

    return handle


async def refold(conn: Connection, keys: Iterable[Key], moment: Moment, buckets: Collection[int]) -> None:
    """Fold these matters, whose rows the caller has locked, and publish what is new about their clocks. Outside of
    `buckets` nothing is found missed: its alarm stays, and the sweep fires it once the partition is read to its end.
    """
    wanted = sorted(keys)
    if not wanted:
        return
    facts = await store.select_facts(conn, wanted)
    clocks = await store.select_clocks(conn, wanted)
    saved, refolds, events = [], [], []
    counts: Counter[str] = Counter()
    for key in wanted:
        happened = [fact_of(row) for row in facts[key]]
        confirmed = moment.confirmed if store.bucket(key) in buckets else UNCONFIRMED
        decision = decide(*key, happened, clocks.get(key, ()), load, moment.now, confirmed)
        if decision.uncountable:
            log.error("limit_cannot_be_counted", authority=key[0], matter=key[1])
            metrics.UNCOUNTABLE.inc(decision.uncountable)
        saved += [(key, row) for row, _ in decision.clocks]
        refolds.append((key, decision.refold_at))
        counts.update(decision.counts)
        for row, changes in decision.clocks:
            metrics.count(changes, row, moment.now, "facts")
            events += messages(key, row, changes, moment)
    await store.save_clocks(conn, saved)
    failpoints.reach("clocks.saved")
    await store.save_refolds(conn, refolds)
    await store.add_counts(conn, counts)
    await outbox.append(conn, events)
