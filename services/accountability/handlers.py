"""A batch of `directory-events` and `deadline-events` in one transaction: who held which post first, then who missed
what. All is read, then decided, then written; the rules decide. What is said of cards is left for later (issuer.py).

The bound of one transaction: a directory fact revises every standing case that it concerns, in chunks of memory but in
the one transaction of its batch, so that whoever sees the fact consumed sees the cases revised (nothing is in flight
beside offsets and outboxes). That is about 0.4 ms for each case: 100,000 cases of one backdated fact about a whole
authority took 39.6 s on two cores. Meanwhile the consumer does not poll, misses of that authority wait for the
directory's lock and are tried again every 10 s, and answers to those cases are 503. Liveness (60 s,
shared.runtime.STUCK_AFTER_S) thus bounds one batch to about 150,000 standing cases; beyond that a supervisor kills the
service over and over, and nothing is lost but nothing moves. Revisit when one authority comes near 100,000 standing
cases: then the spans go into a table that a loop works off, and the replay's watch must count its rows as in flight.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from services.accountability import (
    attribution_store,
    directory_store,
    going_live,
    leads,
    ledger,
    metrics,
    overseers,
    process,
    score_store,
    store,
    told_store,
)
from services.accountability.directory_cache import Directories
from services.accountability.directory_reading import fact_of
from services.accountability.lead_reading import findings
from services.accountability.reading import DEADLINES, DIRECTORY, heard_of
from services.accountability.rules.attribution import attribute
from services.accountability.rules.case import (
    Decision,
    Happened,
    Known,
    on_missed,
    on_rung_missed,
    on_untrue,
    revise,
)
from services.accountability.rules.circumstances import Circumstances
from services.accountability.rules.directory import Directory
from services.accountability.rules.directory_changes import (
    Affected,
    Spans,
    absent,
    by_unit,
    cause_for,
    difference,
    moved,
)
from services.accountability.rules.directory_entries import Entry, entry_of
from services.accountability.rules.directory_facts import DirectoryFact, PostKey
from services.accountability.rules.directory_tree import conflicts_of
from services.accountability.rules.ladder import TICK, Rulebook
from services.accountability.rules.leads import is_lead, of_act
from services.accountability.rules.model import Case, CaseKey, Missed, Proposal, Ref, RungMissed, Untrue, Verdict
from services.accountability.rules.process_model import Done
from services.accountability.rules.review import beside
from services.accountability.rules.score_words import last_words
from services.accountability.score_reading import ends
from shared import failpoints
from shared.clock import Clock
from shared.errors import Permanent
from shared.inbox import Message
from shared.kafka import Handle
from shared.postgres import Connection
from shared.reading import read

CHUNK = 1000
"""Cases revised at a time when the directory changes."""


def handler(clock: Clock, rulebook: Rulebook, carding: Callable[[int], None] = lambda _: None) -> Handle:
    """What the consumer calls with each batch; `carding` is told how many words it leaves for cards."""

    directories = Directories()

    async def handle(conn: Connection, messages: Sequence[Message]) -> None:
        heard = read([m for m in messages if m.topic == DIRECTORY], _skipped)
        told = [m for m in messages if m.topic == DEADLINES]
        said, duties, words = heard_of(told, _skipped)
        found, ended = findings(told, _skipped), ends(told, _skipped)
        if not heard and not said and not duties and not words and not found and not ended:
            return
        now = (await clock.moment(conn)).now
        facts = [fact for r, e in heard if (fact := fact_of(r, e, now)) is not None]
        shared = {about.key.authority: False for about, _ in (*said, *found)}
        await store.ask_by_index(conn)
        await store.lock_directories(conn, shared | {fact.post.authority: True for fact in facts})
        if facts:
            await learn(conn, facts, rulebook, now, directories)
            failpoints.reach("directory.learned")
        carding(len(words))
        await told_store.leave(conn, words)
        await score_store.keep(conn, last_words(ended))
        await judge(conn, said, rulebook, now, directories)
        await leads.of_findings(conn, found, rulebook, _proposal, now)
        if duties:
            await process.limits_passed(conn, duties)
            await overseers.judge(conn, duties, rulebook, now)

    return handle


def _skipped(_: str) -> None:
    metrics.SKIPPED.inc()


async def learn(
    conn: Connection, facts: Sequence[DirectoryFact], rulebook: Rulebook, now: datetime, directories: Directories
) -> None:
    """Derive anew what the facts amount to, and revise the standing cases that it concerns (D18)."""
    fresh = await directory_store.add_facts(conn, facts)
    news = {fact.post: fact.ref for fact in facts if (fact.post, fact.ref) in fresh}
    if not news:
        return
    entries = sorted(news)
    known = await directory_store.facts_of(conn, entries)
    before = {e: entry_of(f for f in known[e] if (e, f.ref) not in fresh) for e in entries}
    after = {e: entry_of(known[e]) for e in entries}
    await directory_store.replace_entries(conn, after)
    if regrouped := sorted({e.authority for e in entries if before[e].places != after[e].places}):
        places = await directory_store.places_of(conn, regrouped)
        rings = [ring for authority in regrouped for ring in conflicts_of(places[authority])]
        await directory_store.replace_rings(conn, regrouped, rings)
    affected = await _affected(conn, before, after, news)
    if affected:
        await _revise(conn, affected, rulebook, now, directories)


async def _affected(
    conn: Connection, before: Mapping[PostKey, Entry], after: Mapping[PostKey, Entry], news: Mapping[PostKey, Ref]
) -> list[Affected]:
    away = [entry for entry in news if before[entry].leaves != after[entry].leaves]
    held = await directory_store.holdings_of_persons(conn, away) if away else {}
    found: list[Affected] = []
    for entry, cause in sorted(news.items()):
        old, new = before[entry], after[entry]
        found += difference(old.holdings, new.holdings, cause)
        found += moved(old.places, new.places, cause)
        found += absent(old.leaves, new.leaves, held.get(entry, ()), cause)
    return found


async def _revise(
    conn: Connection, affected: Sequence[Affected], rulebook: Rulebook, now: datetime, directories: Directories
) -> None:
    spans = by_unit(affected)
    above = await directory_store.units_above(conn, [(a.authority, a.unit) for a in affected if a.unit is not None])
    async for keys in directory_store.cases_concerned(conn, affected, above, CHUNK):
        cases = await attribution_store.complete(conn, await store.lock_cases(conn, keys))
        directory = await directories.of(
            conn, {(c.key.authority, c.unit) for c in cases}, [c.late_from - TICK for c in cases]
        )
        decided = [
            revise(case, _proposal(case, directory, rulebook), cause, "directory-fact", now)
            for case in cases
            if (cause := _cause(case, spans, above)) is not None
        ]
        happened = [decision.happened for decision in decided if decision.happened is not None]
        await ledger.record(conn, [each.case for each in happened], happened)


def _cause(case: Case, spans: Spans, above: Mapping[tuple[str, str], Sequence[str]]) -> Ref | None:
    units = () if case.unit is None else above.get((case.key.authority, case.unit), ())
    return cause_for(spans, case.key.authority, case.unit, case.late_from - TICK, units)


async def judge(
    conn: Connection,
    said: Sequence[tuple[Verdict, bytes]],
    rulebook: Rulebook,
    now: datetime,
    directories: Directories,
) -> None:
    """Decide each verdict in order; write every case once."""
    if not said:
        return
    said = await going_live.as_live(conn, said)
    misses = [verdict for verdict, _ in said if isinstance(verdict, Missed)]
    known: dict[CaseKey, Known] = dict(await store.lock_known(conn, sorted({v.key for v, _ in said})))
    if rungs := sorted({v.key for v, _ in said if isinstance(v, RungMissed) and v.key not in known}):  # of leads
        known |= {case.key: case for case in await store.lock_cases(conn, rungs)}
    units = {(m.key.authority, m.unit) for m in misses}
    directory = await directories.of(conn, units, [m.late_from - TICK for m in misses])
    heeded: list[store.Verdict] = []
    happened: list[Happened | Done] = []
    changed: dict[CaseKey, Case] = {}
    causes = await process.causes(conn, [case for case in known.values() if isinstance(case, Case)], rulebook, now)
    for verdict, body in said:
        decision = causes.instead(known.get(verdict.key), verdict)
        if decision is None:
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
        further = causes.after(decision, verdict)
        if further is not None:
            changed[verdict.key] = known[verdict.key] = further.case
            happened.append(further)
    await store.add_verdicts(conn, heeded, now)
    failpoints.reach("verdicts.kept")
    await ledger.record(conn, [changed[key] for key in sorted(changed)], happened)
    await causes.record(conn)


def _decide(known: Known, verdict: Verdict, directory: Directory, rulebook: Rulebook, now: datetime) -> Decision:
    match verdict:
        case Missed():
            return on_missed(known, verdict, _proposal(verdict, directory, rulebook), rulebook, now)
        case Untrue():
            return on_untrue(known, verdict, now)
        case RungMissed():
            if not isinstance(known, Case):  # its own opening precedes a case's clock: this is no event of ours
                raise Permanent(f"there is no case {verdict.key.case_id}")
            return on_rung_missed(known, verdict, now, rulebook.take_up(known))


def _circumstances(of: Case | Missed) -> Circumstances:
    return of.circumstances if isinstance(of, Missed) else beside(of).circumstances


def _proposal(of: Case | Missed, directory: Directory, rulebook: Rulebook) -> Proposal:
    answering = rulebook.in_force(of.late_from, of.zone).deputies_answer
    asked = directory.where(deputies_answer=answering)
    made = attribute(of.key.authority, of.unit, of.held, of.late_from, of.due, of.zone, asked, _circumstances(of))
    return of_act(of, made) if is_lead(of.clock) else made
