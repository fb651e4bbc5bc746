"""A batch of `directory-events` and `deadline-events` in one transaction: who held which post first, then who missed
what, and which cards that makes. All is read, then decided, then written; the rules decide.

The bound of one transaction: a directory fact revises every standing case that it concerns, in chunks of memory but in
the one transaction of its batch, so that whoever sees the fact consumed sees the cases revised (nothing is in flight
beside offsets and outboxes). That is about 0.4 ms for each case: 100,000 cases of one backdated fact about a whole
authority took 39.6 s on two cores. Meanwhile the consumer does not poll, misses of that authority wait for the
directory's lock and are tried again every 10 s, and answers to those cases are 503. Liveness (60 s,
shared.runtime.STUCK_AFTER_S) thus bounds one batch to about 150,000 standing cases; beyond that a supervisor kills the
service over and over, and nothing is lost but nothing moves. Revisit when one authority comes near 100,000 standing
cases: then the spans go into a table that a loop works off, and the replay's watch must count its rows as in flight.
"""

from collections.abc import Sequence
from datetime import datetime

from services.accountability import cards, directory_store, ledger, metrics, store
from services.accountability.reading import DEADLINES, DIRECTORY, fact_of, heard_of
from services.accountability.rules.attribution import attribute
from services.accountability.rules.cards import CardChange
from services.accountability.rules.case import (
    Decision,
    Happened,
    Known,
    on_missed,
    on_rung_missed,
    on_untrue,
    revise,
)
from services.accountability.rules.directory import (
    Affected,
    Directory,
    DirectoryFact,
    by_unit,
    cause_for,
    difference,
    fold,
)
from services.accountability.rules.ladder import TICK, Rulebook
from services.accountability.rules.model import Case, CaseKey, Missed, Proposal, RungMissed, Untrue, Verdict
from shared import failpoints
from shared.clock import Clock
from shared.errors import Permanent
from shared.events.intake import HolderAssigned, HolderEnded
from shared.inbox import Message
from shared.kafka import Handle
from shared.postgres import Connection
from shared.reading import read

CHUNK = 1000
"""Cases revised at a time when the directory changes."""


def handler(clock: Clock, rulebook: Rulebook) -> Handle:
    """What the consumer calls with each batch."""

    async def handle(conn: Connection, messages: Sequence[Message]) -> None:
        heard = read([m for m in messages if m.topic == DIRECTORY], _skipped)
        said, words = heard_of([m for m in messages if m.topic == DEADLINES], _skipped)
        if not heard and not said and not words:
            return
        now = (await clock.moment(conn)).now
        facts = [fact_of(r, e, now) for r, e in heard if isinstance(e, HolderAssigned | HolderEnded)]
        shared = {verdict.key.authority: False for verdict, _ in said}
        await store.ask_by_index(conn)
        await store.lock_directories(conn, shared | {fact.post.authority: True for fact in facts})
        if facts:
            await learn(conn, facts, now)
            failpoints.reach("directory.learned")
        carded = await cards.of_limits(conn, words, rulebook.cards, now)
        await judge(conn, said, rulebook, now, carded)
        await cards.of_persons(conn, carded, rulebook.cards, now)

    return handle


def _skipped(_: str) -> None:
    metrics.SKIPPED.inc()


async def learn(conn: Connection, facts: Sequence[DirectoryFact], now: datetime) -> None:
    """Derive who held the posts anew, and revise the standing cases that it concerns (D18)."""
    fresh = await directory_store.add_facts(conn, facts)
    news = {fact.post: fact.ref for fact in facts if (fact.post, fact.ref) in fresh}
    if not news:
        return
    posts = sorted(news)
    known = await directory_store.facts_of(conn, posts)
    before = await directory_store.holdings_of(conn, posts)
    after = {post: fold(known[post]) for post in posts}
    await directory_store.replace_holdings(conn, after)
    affected = [span for post in posts for span in difference(before[post], after[post], news[post])]
    if affected:
        await _revise(conn, affected, now)


async def _revise(conn: Connection, affected: Sequence[Affected], now: datetime) -> None:
    spans = by_unit(affected)
    async for keys in directory_store.cases_concerned(conn, affected, CHUNK):
        cases = await store.lock_cases(conn, keys)
        directory = await directory_store.directory_of(conn, {(c.key.authority, c.unit) for c in cases})
        decided = [
            revise(case, _proposal(case, directory), cause, "directory-fact", now)
            for case in cases
            if (cause := cause_for(spans, case.key.authority, case.unit, case.late_from - TICK)) is not None
        ]
        happened = [decision.happened for decision in decided if decision.happened is not None]
        await ledger.record(conn, [each.case for each in happened], happened)


async def judge(
    conn: Connection,
    said: Sequence[tuple[Verdict, bytes]],
    rulebook: Rulebook,
    now: datetime,
    carded: Sequence[CardChange] = (),
) -> None:
    """Decide each verdict in order; write every case once, and record what became of cards beside it."""
    if not said:
        await ledger.record_cards(conn, carded)
        return
    misses = [verdict for verdict, _ in said if isinstance(verdict, Missed)]
    known: dict[CaseKey, Known] = dict(await store.lock_known(conn, sorted({v.key for v, _ in said})))
    directory = await directory_store.directory_of(conn, {(m.key.authority, m.unit) for m in misses})
    heeded: list[store.Verdict] = []
    happened: list[Happened] = []
    changed: dict[CaseKey, Case] = {}
    for verdict, body in said:
        decision = _decide(known.get(verdict.key), verdict, directory, rulebook, now)
        if decision.ignored is not None:
            metrics.IGNORED.labels(decision.ignored).inc()
            continue
        known[verdict.key] = decision.known
        if isinstance(decision.known, Case):
            changed[verdict.key] = decision.known
        if not isinstance(verdict, RungMissed):
            heeded.append((verdict, body))
        if decision.happened is not None:
            happened.append(decision.happened)
    await store.add_verdicts(conn, heeded, now)
    failpoints.reach("verdicts.kept")
    await ledger.record(conn, [changed[key] for key in sorted(changed)], happened, carded)


def _decide(known: Known, verdict: Verdict, directory: Directory, rulebook: Rulebook, now: datetime) -> Decision:
    match verdict:
        case Missed():
            return on_missed(known, verdict, _proposal(verdict, directory), rulebook, now)
        case Untrue():
            return on_untrue(known, verdict, now)
        case RungMissed():
            if not isinstance(known, Case):  # its own opening precedes a case's clock: this is no event of ours
                raise Permanent(f"there is no case {verdict.key.case_id}")
            return on_rung_missed(known, verdict, now)


def _proposal(of: Case | Missed, directory: Directory) -> Proposal:
    return attribute(of.key.authority, of.unit, of.held, of.late_from, of.due, of.zone, directory)
