"""A batch of facts: kept, and every matter they concern folded again. One transaction, one statement for each step."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from services.deadline import calendar_store, fact_store, history_store, in_force, live_store, metrics, store
from services.deadline.fact_store import FactRow
from services.deadline.publications import version_of
from services.deadline.publish import messages
from services.deadline.reading import fact_of, row_of
from services.deadline.rules.change import Change
from services.deadline.rules.decide import decide
from services.deadline.rules.stored import Stored
from services.deadline.store import Key, Subject
from services.deadline.watermark_store import feeds, raise_marks
from services.deadline.watermarks import marks_in
from shared import failpoints, outbox
from shared.clock import Clock, Moment
from shared.events.catalog import PARTITIONS
from shared.inbox import Message
from shared.kafka import Handle
from shared.postgres import Connection
from shared.reading import read_as

log = structlog.get_logger()
MATTERS, CASES, CALENDARS = ("matter-events",), ("case-events",), ("calendar-events",)
TOPICS = (*MATTERS, *CASES)
UNCONFIRMED = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Read:
    """The partitions that are read to their end: elsewhere a completion may stand unread, and nothing is missed there
    yet (D8). A matter's clocks wait for `matters`, its partition of matter-events; the clocks of its cases wait for
    `cases`, those read to their end on case-events, too. So a storm of misses does not wait for its own cases.
    """

    matters: Collection[int]
    cases: Collection[int]


CaughtUp = Callable[[], Read]


def everywhere() -> Read:
    """For a service that nobody feeds but the caller."""
    return Read(range(PARTITIONS), range(PARTITIONS))


def handler(clock: Clock, caught_up: CaughtUp = everywhere) -> Handle:
    """What the consumer calls with each batch of `matter-events` and `case-events`."""

    async def handle(conn: Connection, batch: Sequence[Message]) -> None:
        await _publications(conn, [message for message in batch if message.topic in CALENDARS], clock)
        batch = [message for message in batch if message.topic not in CALENDARS]
        rows = [row for _, row in read_as(batch, lambda _: metrics.SKIPPED.inc(), row_of) if row is not None]
        moment = await clock.moment(conn)
        await live_store.hear(conn, batch)
        await raise_marks(conn, marks_in(batch), moment.now)
        if not rows:
            return
        fresh = await fact_store.lock_matters(conn, (row.key for row in rows))
        first: dict[Subject, dict[tuple[str, str], FactRow]] = {}
        for row in rows:
            if row.key in fresh:
                first.setdefault((row.key, row.subject), {}).setdefault(row.identity, row)
        facts = {subject: list(found.values()) for subject, found in first.items()}
        await fact_store.copy_facts(conn, (row for found in facts.values() for row in found))
        changed = await fact_store.insert_facts(conn, [row for row in rows if row.key not in fresh])
        metrics.FACTS.inc(len(rows))
        failpoints.reach("facts.kept")
        await refold(conn, changed | facts.keys(), moment, caught_up(), facts)

    return handle


async def _publications(conn: Connection, batch: Sequence[Message], clock: Clock) -> None:
    """Calendars that were published: kept, and in force from their instants on (services.deadline.in_force)."""
    versions = [row for _, row in read_as(batch, lambda _: metrics.SKIPPED.inc(), version_of)]
    if versions:
        await calendar_store.insert_versions(conn, versions)
        metrics.CALENDARS_PUBLISHED.inc(len(versions))
        await in_force.calendars(conn, (await clock.moment(conn)).now)


async def refold(
    conn: Connection,
    subjects: Iterable[Subject],
    moment: Moment,
    caught_up: Read,
    first: Mapping[Subject, Sequence[FactRow]] | None = None,
) -> None:
    """Fold these subjects of matters, whose rows the caller has locked, and publish what is new about their clocks: a
    case's clocks rest on its own facts alone, a matter's on none of them. Where not all is read nothing is found
    missed: its alarm stays, and the sweep fires it once it may. `first` are all facts of matters that had none before:
    nothing else is stored of those.
    """
    first = first or {}
    wanted = sorted(subjects, key=lambda subject: (subject[0], subject[1] or ""))
    if not wanted:
        return
    known = [subject for subject in wanted if subject not in first]
    calendar_of = await in_force.calendars(conn, moment.now)
    found = await fact_store.select_facts(conn, known)
    clocks = await store.select_clocks(conn, known)
    heard = await feeds(conn, {key[0] for key, _ in wanted})
    opened: list[tuple[Key, Stored]] = []
    saved: list[tuple[Key, Stored]] = []
    superseded: list[tuple[Key, Stored]] = []
    refolds = []
    told: list[tuple[Key, Stored, Sequence[Change]]] = []
    counts: Counter[str] = Counter()
    for subject in wanted:
        facts, stored = first.get(subject) or found[subject], clocks.get(subject, ())
        key = subject[0]
        confirmed = moment.confirmed if store.bucket(key) in caught_up.cases else UNCONFIRMED
        heeded = [fact_of(row) for row in facts]
        decision = decide(*key, heeded, stored, calendar_of, moment.now, confirmed, heard.of(key))
        if decision.uncountable:
            log.error("limit_cannot_be_counted", authority=key[0], matter=key[1])
            metrics.UNCOUNTABLE.inc(decision.uncountable)
        before = {(clock.name, clock.subject): clock for clock in stored}
        for row, changes in decision.clocks:
            old = before.get((row.name, row.subject))
            (opened if old is None else saved).append((key, row))
            if old is not None and history_store.replaced(old, row):
                superseded.append((key, old))
            metrics.count(changes, row, moment.now, "facts")
            told.append((key, row, changes))
        counts.update(decision.counts)
        if subject[1] is None or decision.refold_at is not None:
            refolds.append((subject, decision.refold_at))
    await store.insert_clocks(conn, opened)
    await store.save_clocks(conn, saved)
    await history_store.insert(conn, superseded, moment.now)
    failpoints.reach("clocks.saved")
    await store.add_counts(conn, counts)
    await fact_store.save_refolds(conn, refolds)
    live = await live_store.live(conn, (row for _, row, _ in told))
    await outbox.append(conn, [m for key, row, changes in told for m in messages(key, row, changes, moment, live)])
