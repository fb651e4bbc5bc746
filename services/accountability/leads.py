"""A batch's findings become cases: all is read, then decided, then written. A batch without findings, as a storm of
misses is, costs nothing here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.accountability import (
    attribution_store,
    directory_store,
    going_live_store,
    lead_store,
    ledger,
    metrics,
    process,
    store,
)
from services.accountability.rules.case import Decision, Happened, Opened, on_missed, on_untrue
from services.accountability.rules.directory import Directory
from services.accountability.rules.going_live import lives
from services.accountability.rules.ladder import Rulebook
from services.accountability.rules.lead_rules import Lead
from services.accountability.rules.leads import Word, as_missed, as_untrue, rule_of, says_the_same, standing
from services.accountability.rules.model import Case, CaseKey, Missed, Proposal, Untrue
from services.accountability.rules.process_model import Done
from shared.postgres import Connection

Said = Sequence[tuple[Word, bytes]]
"""Each with the content of its event."""
Propose = Callable[[Case | Missed, Directory, Rulebook], Proposal]
"""How whoever is responsible is found."""


@dataclass(slots=True)
class _Written:
    """What is to be written."""

    cases: list[Case] = field(default_factory=list)
    happened: list[Happened | Done] = field(default_factory=list)
    leads: list[tuple[CaseKey, Lead]] = field(default_factory=list)
    moved: list[Case] = field(default_factory=list)


async def of_findings(conn: Connection, said: Said, rulebook: Rulebook, propose: Propose, now: datetime) -> None:
    """Keep what is new, and open, revise, withdraw or reinstate the cases of these leads."""
    if not said:
        return
    kept = await lead_store.words_of(conn, {word.key for word, _ in said})
    fresh = _fresh(said, kept)
    await lead_store.add_words(conn, fresh, now)
    words = {word.key: list(kept.get(word.key, ())) for word, _ in fresh}
    for word, _ in fresh:
        words[word.key].append(word)
    causes = {word.key: word for word, _ in fresh}
    found = {key: standing(words[key]) for key in sorted(causes)}
    locked = await attribution_store.complete(conn, await store.lock_cases(conn, found))
    known = {case.key: case for case in locked}
    verdicts = {
        key: verdict
        for key, word in found.items()
        if (verdict := _verdict(known.get(key), word, causes[key], rulebook)) is not None
    }
    metrics.IGNORED.labels("no-lead").inc(len(found) - len(verdicts))
    written = await _decide(conn, verdicts, known, rulebook, propose, now)
    for event in written.happened:
        if isinstance(event, Opened) and (by := found[event.case.key]) and (lead := rule_of(by, rulebook.leads)):
            written.leads.append((event.case.key, lead))
    of = dict(written.leads)
    happened = [replace(e, lead=of[e.case.key]) if isinstance(e, Opened) else e for e in written.happened]
    await ledger.record(conn, written.cases, happened)
    await lead_store.add_leads(conn, written.leads)
    await lead_store.move(conn, written.moved)


def _verdict(case: Case | None, found: Word | None, cause: Word, rulebook: Rulebook) -> Missed | Untrue | None:
    """What the words come to for the case. None: the rulebook names no such lead, or nothing has changed."""
    if found is None or found.act is None:
        return None if case is None or case.state == "withdrawn" else as_untrue(case, cause)
    if rule_of(found, rulebook.leads) is None if case is None else says_the_same(case, found):
        return None
    return as_missed(found, found.act, case)


async def _decide(
    conn: Connection,
    verdicts: Mapping[CaseKey, Missed | Untrue],
    known: Mapping[CaseKey, Case],
    rulebook: Rulebook,
    propose: Propose,
    now: datetime,
) -> _Written:
    misses = [verdict for verdict in verdicts.values() if isinstance(verdict, Missed)]
    directory = await directory_store.directory_of(conn, {(m.key.authority, m.unit) for m in misses})
    causes = await process.causes(conn, list(known.values()), rulebook, now)
    imports = {_source(miss) for miss in misses if miss.origin == "import"}
    since = await going_live_store.live_since(conn, imports) if imports else {}
    written = _Written()
    for key, verdict in verdicts.items():
        case = known.get(key)
        decision = causes.instead(case, verdict)
        if decision is None and isinstance(verdict, Missed):
            if lives(verdict.late_from, since.get(_source(verdict), ())):
                verdict = replace(verdict, origin="live")
            decision = on_missed(case, verdict, propose(verdict, directory, rulebook), rulebook, now)
        elif decision is None and isinstance(verdict, Untrue):
            decision = on_untrue(case, verdict, now)
        if decision is not None:
            _take(written, case, verdict, decision, causes.after(decision, verdict))
    await causes.record(conn)
    return written


def _take(
    written: _Written, before: Case | None, verdict: Missed | Untrue, decision: Decision, further: Done | None
) -> None:
    if decision.ignored is not None or not isinstance(decision.known, Case):
        metrics.IGNORED.labels(decision.ignored or "no-lead").inc()
        return
    case = decision.known if further is None else further.case
    if isinstance(verdict, Missed) and before is not None and verdict.late_from != before.late_from:
        case = replace(case, late_from=verdict.late_from)
        written.moved.append(case)
    written.cases.append(case)
    written.happened += [event for event in (decision.happened, further) if event is not None]


def _source(miss: Missed) -> str:
    """Who published the fact that is the lead."""
    return miss.subject.partition(" ")[0]


def _fresh(said: Said, kept: Mapping[CaseKey, Sequence[Word]]) -> list[tuple[Word, bytes]]:
    """Each word once, and none that is kept: a revision is said once."""
    heard = {(w.key, w.clock, w.subject, w.revision) for words in kept.values() for w in words}
    found = []
    for word, body in said:
        at = word.key, word.clock, word.subject, word.revision
        if at not in heard:
            heard.add(at)
            found.append((word, body))
    return found
