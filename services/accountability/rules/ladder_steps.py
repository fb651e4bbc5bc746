"""What may be done on a case's ladder beside answering: acknowledge, assign, snooze. None of it is an answer.

Who has read the case says so; whoever it was addressed to says who must answer it; a leader puts the rungs that have
not fired off, as often and as long as the rulebook allows. Every rung that fires still fires once.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from services.accountability.rules.case import concerns
from services.accountability.rules.ladder import Edition
from services.accountability.rules.model import Case
from services.accountability.rules.rectification import amount_within


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One step as it was taken; `n` is the case's revision by it."""

    n: int
    standing_no: int
    kind: str
    by: str
    at: datetime
    assignee: str | None = None
    amount: str | None = None


class Refused(NamedTuple):
    """Why not: a code, the rule in words, and whether it is about who asks."""

    code: str
    why: str
    person: bool = False


def acknowledge(case: Case, by: str) -> Case | Refused:
    """Received and read, by somebody whom the case concerns."""
    if case.state == "withdrawn":
        return _WITHDRAWN
    if not concerns(case, by):
        return Refused("not-concerned", "Who is named responsible or was addressed acknowledges the case.", True)
    return replace(case, revision=case.revision + 1)


def assign(case: Case, by: str, assignee: str) -> Case | Refused:
    """The addressee says who must answer. Who was assigned may answer, and is told what becomes of the case."""
    if case.state == "withdrawn":
        return _WITHDRAWN
    if case.answered_at is not None:
        return _ANSWERED
    if by not in case.addressed:
        return Refused("not-addressed", "Whoever the case was addressed to assigns it.", True)
    if assignee == by:
        return Refused("same-person", "Nobody assigns a case to themselves: answer it.")
    return replace(
        case,
        addressed=tuple(sorted({*case.addressed, assignee})),
        told=tuple(sorted({*case.told, assignee})),
        revision=case.revision + 1,
    )


def snooze(case: Case, by: str, amount: str, before: tuple[LadderStep, ...], edition: Edition | None) -> Case | Refused:
    """The rungs that have not fired wait. `before` are the steps of this standing."""
    terms = None if edition is None else edition.snooze
    if case.state == "withdrawn":
        return _WITHDRAWN
    if case.answered_at is not None:
        return _ANSWERED
    if terms is None:
        return Refused("no-snooze", "The rulebook of this case lets nobody put its rungs off.")
    if case.origin == "import" or case.at_last_rung:
        return Refused("ladder-ended", "No rung of this case is left to be put off.")
    if edition is not None and edition.acknowledgement_stops and any(s.kind == "acknowledged" for s in before):
        return Refused("ladder-ended", "The case was acknowledged, which stops its ladder by the rulebook.")
    if not any(held.person == by and held.role in terms.by for held in case.proposal):
        roles = ", ".join(terms.by)
        return Refused(
            "not-entitled", f"The rulebook lets the holders of these roles of the case do it: {roles}.", True
        )
    if sum(step.kind == "snoozed" for step in before) >= terms.times:
        return Refused("snoozed-too-often", f"The rulebook allows it {terms.times} times while the case stands.")
    if not amount_within(amount, terms.longest):
        return Refused("snooze-too-long", f"The rulebook allows at most {terms.longest} each time, in that unit.")
    return replace(case, revision=case.revision + 1)


_WITHDRAWN = Refused("case-withdrawn", "The case is withdrawn: nothing is asked of anybody.")
_ANSWERED = Refused("already-answered", "The case has its answer: its ladder has ended.")
