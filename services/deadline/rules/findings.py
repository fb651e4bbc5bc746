"""Findings that a fact is by itself, and who did it: data of the limits (`finds`), and what no catalogue can waive.

A finding tells whose act it is: whoever the fact names; where it names nobody, or names who is to have the matter next,
whoever had it in hand then; of a complaint or an inspection whomever it is about, when they acted.
"""

from collections.abc import Iterator, Sequence

from services.deadline.rules.amendments import comes_too_late
from services.deadline.rules.clock import Holding
from services.deadline.rules.facts import HAND_OVERS, REGISTRATIONS, About, Fact
from services.deadline.rules.limits import Finds, Limit
from services.deadline.rules.parts import RECORDED
from services.deadline.rules.pauses import Doer, Finding

PUBLISHED = "inspection.published"
ABOUT_OTHERS = frozenset({"complaint.concluded", PUBLISHED})
"""Facts that are about somebody else's conduct; their own, or the lead's, says whose."""


def found(limit: Limit, facts: Sequence[Fact], registration: Fact) -> Iterator[Finding]:
    """What the facts of a matter are by themselves, as this limit says. Of the inspected nothing before 明察暗访 is
    published, whatever a catalogue says."""
    hidden = _is_inspection(registration) and all(fact.type != PUBLISHED for fact in facts)
    for finds in limit.finds:
        if hidden and finds.on in ABOUT_OTHERS:
            continue
        for n, fact in enumerate(facts):
            if fact.type == finds.on and _holds(finds, fact, facts[:n], registration):
                yield Finding(finds.code, _told(finds, fact), fact)


def too_late(limit: Limit, facts: Sequence[Fact]) -> Iterator[Finding]:
    """违诺: a commitment that was amended when its date had passed. It is kept or broken as it stood."""
    if limit.clock == RECORDED:
        for fact in facts:
            if fact.limits and comes_too_late(fact, limit):
                yield Finding("amended-after-its-date", "its date had passed when it was amended", fact)


def doer(fact: Fact, registration: Fact, held: Sequence[Holding]) -> Doer:
    """Whose act the fact is, and when."""
    if fact.type in ABOUT_OTHERS:
        lead = registration.detail if isinstance(registration.detail, About) else About()
        own = fact.detail if isinstance(fact.detail, About) and fact.detail.unit else lead
        return Doer(own.at or fact.occurred, own.unit, own.person, own.evidence or lead.evidence)
    hands = _hands(fact, held)
    unit = None if hands is None else hands.unit
    person = None if hands is None else hands.person
    if fact.type in HAND_OVERS or (fact.unit is None and fact.person is None):
        return Doer(fact.occurred, unit or registration.unit, person)
    if fact.person is None and fact.unit != unit:
        person = None
    return Doer(fact.occurred, fact.unit or unit or registration.unit, fact.person or person)


def _is_inspection(registration: Fact) -> bool:
    """No other lead begins with its evidence, or withholds it."""
    lead = registration.detail
    return isinstance(lead, About) and (lead.withheld or bool(lead.evidence))


def _hands(fact: Fact, held: Sequence[Holding]) -> Holding | None:
    """Who had the matter when it happened: before it, where it handed the matter over."""
    had = [h for h in held if h.since < fact.occurred or (h.since == fact.occurred and fact.type not in HAND_OVERS)]
    return had[-1] if had else None


def _holds(finds: Finds, fact: Fact, before: Sequence[Fact], registration: Fact) -> bool:
    if finds.result and (not isinstance(fact.detail, About) or fact.detail.result not in finds.result):
        return False
    if finds.before is not None and any(other.type == finds.before for other in before):
        return False
    return not finds.returned or _returns(fact, before, registration)


def _returns(fact: Fact, before: Sequence[Fact], registration: Fact) -> bool:
    """推诿: the matter goes back to a unit that has handed it on before."""
    units = [registration.unit]
    units += [other.unit for other in before if other.type in HAND_OVERS - REGISTRATIONS and other.unit is not None]
    return fact.unit in units[:-1] and fact.unit != units[-1]


def _told(finds: Finds, fact: Fact) -> str:
    if finds.before is not None:
        return f"{fact.type} before {finds.before}: it has no effect on this limit"
    if finds.returned:
        return f"{fact.type} gives the matter back to a unit that has had it"
    result = fact.detail.result if isinstance(fact.detail, About) else None
    return fact.type if result is None else f"{fact.type}: {result}"
