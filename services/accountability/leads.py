"""A batch's findings become cases: all is read, then decided, then written. A batch without findings, as a storm of
misses is, costs nothing here."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from services.accountability import directory_store, lead_store, ledger, metrics, store
from services.accountability.rules.case import Decision, Known, Opened, on_missed, on_untrue
from services.accountability.rules.directory import Directory
from services.accountability.rules.ladder import Rulebook
from services.accountability.rules.leads import (
    Word,
    as_missed,
    as_untrue,
    rule_of,
    says_the_same,
    standing,
)
from services.accountability.rules.model import Case, CaseKey, Missed, Proposal
from shared.postgres import Connection

Said = Sequence[tuple[Word, bytes]]
"""Each with the content of its event."""
Propose = Callable[[Case | Missed, Directory, Rulebook], Proposal]
"""How whoever is responsible is found."""


async def of_findings(conn: Connection, said: Said, rulebook: Rulebook, propose: Propose, now: datetime) -> None:
    """Keep what is new, and open, revise, withdraw or reinstate the cases of these leads."""
    if not said:
        return
    keys = sorted({word.key for word, _ in said})
    kept = await lead_store.words_of(conn, keys)
    fresh = _fresh(said, {key: list(words) for key, words in kept.items()})
    await lead_store.add_words(conn, fresh, now)
    words = {key: list(kept.get(key, ())) for key in keys}
    for word, _ in fresh:
        words[word.key].append(word)
    changed = {word.key: word for word, _ in fresh}
    known = {case.key: case for case in await store.lock_cases(conn, sorted(changed))}
    acts = [found for key in changed if (found := standing(words[key])) is not None]
    units = {(found.key.authority, found.act.unit) for found in acts if found.act is not None}
    directory = await directory_store.directory_of(conn, units)
    opened, moved, happened, cases = [], [], [], []
    for key, cause in sorted(changed.items()):
        case, found = known.get(key), standing(words[key])
        decision = _decide(case, found, cause, rulebook, lambda of: propose(of, directory, rulebook), now)
        if decision is None or decision.ignored is not None or not isinstance(decision.known, Case):
            metrics.IGNORED.labels("no-lead" if decision is None else decision.ignored or "no-lead").inc()
            continue
        after, event = decision.known, decision.happened
        if found is not None and found.act is not None and case is not None:
            late_from = as_missed(found, found.act, case).late_from
            if late_from != case.late_from:
                moved.append(after := replace(after, late_from=late_from))
        if isinstance(event, Opened) and found is not None and (lead := rule_of(found, rulebook.leads)) is not None:
            opened.append((key, lead))
            event = replace(event, lead=lead)
        cases.append(after)
        if event is not None:
            happened.append(event)
    await ledger.record(conn, cases, happened)
    await lead_store.add_leads(conn, opened)
    if moved:
        await lead_store.move(conn, moved)


def _decide(
    case: Case | None,
    found: Word | None,
    cause: Word,
    rulebook: Rulebook,
    propose: Callable[[Missed], Proposal],
    now: datetime,
) -> Decision | None:
    """None where nothing comes of it: the rulebook names no such lead, or nothing has changed."""
    if found is None or found.act is None:
        return None if case is None or case.state == "withdrawn" else on_untrue(case, as_untrue(case, cause), now)
    if case is None and rule_of(found, rulebook.leads) is None:
        return None
    if case is not None and says_the_same(case, found):
        return None
    known: Known = case
    missed = as_missed(found, found.act, case)
    return on_missed(known, missed, propose(missed), rulebook, now)


def _fresh(said: Said, kept: dict[CaseKey, list[Word]]) -> list[tuple[Word, bytes]]:
    """Each word once, and none that is kept: a revision is said once."""
    heard = {(w.key, w.clock, w.subject, w.revision) for words in kept.values() for w in words}
    found = []
    for word, body in said:
        at = word.key, word.clock, word.subject, word.revision
        if at not in heard:
            heard.add(at)
            found.append((word, body))
    return found
