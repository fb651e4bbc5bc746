"""Leads that are no missed limit (domain, section 1): findings of the deadline service that open a case of their own.

A lead is (matter, kind, fact): its case's id is derived from that, so that every order of arrival gives the same one.
Each limit that tells of the finding has a say of its own, by revision (D3); the lead stands while the last word of any
of them is that it was found, and its case is withdrawn and reinstated with it, as that of a miss is (D2). The act is
attributed as roles were held at its instant (R25): a case's `late_from` lies one tick after it, as after a due.

Which findings open a case, and how severe they are, is data of the rulebook (`leads:`), by the edition in force on the
day of the act. What it does not name is on record as a finding, and opens none.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.accountability.rules.attribution import RULE
from services.accountability.rules.identity import LEAD
from services.accountability.rules.ladder import TICK
from services.accountability.rules.lead_rules import Lead, LeadEdition
from services.accountability.rules.model import Case, CaseKey, Held, Missed, Origin, Proposal, Ref, Responsible, Untrue


class Act(NamedTuple):
    """What was done, when, where and by whom; `told` is the instant as it is written."""

    at: datetime
    told: str
    unit: str | None
    person: str | None
    zone: str
    calendar: str
    item: str | None
    origin: Origin
    evidence: tuple[str, ...]


class Word(NamedTuple):
    """What one limit says of a lead; `act` is None where it takes the finding back."""

    key: CaseKey
    ref: Ref
    revision: int
    kind: str
    fact: Ref
    clock: str
    subject: str
    at: datetime
    act: Act | None


def standing(words: Iterable[Word]) -> Word | None:
    """The word by which the lead stands; of several limits that found it, that of the first by name."""
    last: dict[tuple[str, str], Word] = {}
    for word in words:
        limit = word.clock, word.subject
        if limit not in last or last[limit].revision < word.revision:
            last[limit] = word
    found = [limit for limit, word in last.items() if word.act is not None]
    return last[min(found)] if found else None


def rule_of(word: Word, editions: Sequence[LeadEdition]) -> Lead | None:
    """The rule in force on the day of the act, by its effective date and never by arrival (D4)."""
    if word.act is None or not editions:
        return None
    day = word.act.at.astimezone(ZoneInfo(word.act.zone)).date()
    edition = next((e for e in reversed(editions) if e.effective_from <= day), editions[0])
    rule = edition.rule_of(word.kind)
    if rule is None:
        return None
    return Lead(word.kind, rule.severity, edition.name, word.fact, word.act.evidence)


def as_missed(word: Word, act: Act, known: Case | None) -> Missed:
    """The finding, told to the case as a miss is."""
    return Missed(
        key=word.key,
        ref=word.ref,
        revision=1 if known is None else known.verdict_revision + 1,
        clock=f"{LEAD}{word.kind}",
        subject=f"{word.fact.source} {word.fact.id}",
        due=act.told,
        late_from=act.at + TICK,
        detected_at=word.at,
        item=act.item,
        unit=act.unit,
        held=Held(act.at, None, act.unit, act.person),
        origin=act.origin,
        zone=act.zone,
        calendar=act.calendar,
    )


def as_untrue(known: Case, cause: Word) -> Untrue:
    """The finding is taken back."""
    return Untrue(known.key, cause.ref, known.verdict_revision + 1, "revoked")


def says_the_same(case: Case, word: Word) -> bool:
    """Whether the case rests on this very word."""
    return case.state == "standing" and case.miss == word.ref


def of_act(of: Case | Missed, made: Proposal) -> Proposal:
    """What is made of a lead as of a miss, in the words of an act: who did it, else who held the unit's post then; and
    the leaders then."""
    told = tuple(r._replace(because=r.because.replace("at the due ", "at the act on ")) for r in made)
    if of.held is None or of.held.person is None:
        return told
    return (Responsible("direct", of.held.person, RULE, f"is on record as whose act it was, on {of.due}"), *told[1:])


def is_lead(clock: str) -> bool:
    """Whether a case's clock is a lead's kind and no limit."""
    return clock.startswith(LEAD)
