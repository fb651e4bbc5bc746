"""Writes down what was decided, all in the caller's transaction: the cases, their record and that of cards, and the
outbox."""

from collections import Counter
from collections.abc import Collection, Sequence

import structlog

from services.accountability import attribution_store, card_publish, metrics, process_publish, store
from services.accountability.publish import published
from services.accountability.rules.cards import CardChange
from services.accountability.rules.case import ATTRIBUTED, Escalated, Happened, Opened
from services.accountability.rules.model import Case
from services.accountability.rules.process_model import Done
from shared import outbox
from shared.postgres import Connection

log = structlog.get_logger()

Pair = tuple[store.KeptEvent, outbox.Message]
"""One event as its case's history keeps it, and as it goes out."""


async def record(
    conn: Connection, cases: Collection[Case], happened: Sequence[Happened | Done], carded: Sequence[CardChange] = ()
) -> None:
    """`cases` are those that changed, each once, as they are now; `happened` is in the order of publication, what
    became of cards after it: one copy into each table, whatever a storm brings."""
    opened = {each.case.key for each in happened if isinstance(each, Opened)}
    await store.insert_cases(conn, [case for case in cases if case.key in opened])
    await store.update_cases(conn, [case for case in cases if case.key not in opened])
    await attribution_store.keep(conn, cases)
    if not happened and not carded:
        return
    events = [*map(_published, happened), *map(card_publish.published, carded)]
    await store.add_events(conn, [kept for kept, _ in events])
    await store.add_escalations(conn, [each for each in happened if isinstance(each, Escalated)])
    await outbox.append(conn, [message for _, message in events])
    if happened:
        _tell([each for each in happened if not isinstance(each, Done)])
        for step in happened:
            if isinstance(step, Done):
                metrics.CHANGES.labels(step.kind).inc()
    metrics.count_cards(carded)


def _published(each: Happened | Done) -> Pair:
    return process_publish.published(each) if isinstance(each, Done) else published(each)


async def append(conn: Connection, cases: Collection[Case], pairs: Sequence[Pair]) -> None:
    """What happened to cases otherwise than by verdicts, directory facts and answers. `cases` are those that changed,
    each once, as they are now, `revision` counted up by one for each event of theirs; the caller holds their locks.
    `pairs` are in the order of publication."""
    await store.update_cases(conn, cases)
    await attribution_store.keep(conn, cases)
    await store.add_events(conn, [kept for kept, _ in pairs])
    await outbox.append(conn, [message for _, message in pairs])


async def record_cards(conn: Connection, carded: Sequence[CardChange]) -> None:
    """Cards that changed after their batch was recorded."""
    await record(conn, (), (), carded)


def _tell(happened: Sequence[Happened]) -> None:
    """A storm of misses is one line in the log: each case's own history is kept in case_events."""
    if not happened:
        return
    changes = Counter(map(type, happened))
    kinds = {kind.__name__.lower(): count for kind, count in changes.items()}
    for kind, count in kinds.items():
        metrics.CHANGES.labels(kind).inc(count)
    metrics.time(happened)
    vacant = Counter(
        r.role for each in happened if isinstance(each, ATTRIBUTED) for r in each.case.proposal if r.person is None
    )
    for role, count in vacant.items():
        metrics.VACANCIES.labels(role).inc(count)
    log.info("cases_changed", first=str(happened[0].case.key.case_id), **kinds)
    for each in happened:
        if isinstance(each, Escalated) and each.last:
            log.warning("case_at_last_rung", case=str(each.case.key.case_id))
