"""The life of a case (D2, D3, D17; R22, I1, I7): what a verdict, a directory fact or an answer makes of it.

                    missed                 withdrawn, higher revision
    (nothing) ───────────────► STANDING ◄──────────────────────────────► WITHDRAWN
        │                       │  ▲  │    missed again, higher revision:    │
        │ withdrawn             │  │  │    the same row is reinstated        └─ ladder, answer, proposal stay as
        ▼        missed,        │  │  └─ revised: the proposal changed          they were; nothing is erased
    (refuted) ─higher revision──┼──┘
                                ├─ rung k missed, unanswered: rung k fires, once for each standing
                                └─ answered: its limits stop, no rung fires any more

The deadline service's last word counts, by revision: an older or equal one is ignored, so that every order of arrival
ends in the same state (I8). A reinstated case starts its ladder anew and awaits an answer of its own: a rung's miss is
heeded only where its limit ran from the very event by which the case stands now. Rungs that fall due together may come
in any order: each reaches its own addressee, and the rung reached is the highest that fired, never down. A rung that
fired stays on record though its limit be withdrawn afterwards: whoever was told was told (R22).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.accountability.rules.circumstances import RevisionReason
from services.accountability.rules.identity import opening_id, reinstatement_id
from services.accountability.rules.ladder import Rulebook, addressee
from services.accountability.rules.lead_rules import Lead
from services.accountability.rules.model import (
    Addressee,
    Case,
    Missed,
    Proposal,
    Ref,
    Refuted,
    RungMissed,
    Untrue,
    Untruth,
)
from services.accountability.rules.named import says_the_same
from services.accountability.rules.process_model import Done
from services.accountability.rules.review import (
    RevisionLapsed,
    RevisionProposed,
    all_told,
    beside,
    is_confirmed,
    kept_of,
    proposed,
)
from services.accountability.rules.timeline import tellable

Ignored = Literal["older", "withdrawn", "answered", "climbed-before", "former-standing", "no-such-rung", "taken-up"]


@dataclass(frozen=True, slots=True)
class Opened:
    """`case` is, here and below, the case just after."""

    case: Case
    at: datetime
    cause: Ref
    addressee: Addressee
    lead: Lead | None = None
    """What opened it, where that was no missed limit."""


@dataclass(frozen=True, slots=True)
class Revised:
    case: Case
    at: datetime
    cause: Ref
    reason: Literal["miss-republished", "directory-fact"]


@dataclass(frozen=True, slots=True)
class Escalated:
    """`rung` is the one that fired; the case may have reached a higher one before."""

    case: Case
    at: datetime
    cause: Ref
    rung: int
    addressee: Addressee
    late_from: datetime
    take_up: str | None = None
    """With the last rung: within what the case is to be taken up by its overseers."""

    @property
    def last(self) -> bool:
        """There is no rung above (D17)."""
        return self.rung == self.case.ladder[-1].rung


@dataclass(frozen=True, slots=True)
class Withdrawn:
    case: Case
    at: datetime
    cause: Ref
    reason: Untruth


@dataclass(frozen=True, slots=True)
class Reinstated:
    case: Case
    at: datetime
    cause: Ref
    addressee: Addressee


@dataclass(frozen=True, slots=True)
class Answered:
    case: Case
    at: datetime
    person: str
    take_up: str | None = None
    """Within what the case is to be taken up; None where that runs already."""


Happened = Opened | Revised | Escalated | Withdrawn | Reinstated | Answered | RevisionProposed | RevisionLapsed
ATTRIBUTED = Opened, Reinstated, Revised
"""By these an attribution is made."""
Known = Case | Refuted | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is known afterwards, what happened, and why nothing did."""

    known: Known
    happened: Happened | Done | None = None
    ignored: Ignored | None = None


def on_missed(known: Known, miss: Missed, proposal: Proposal, rulebook: Rulebook, now: datetime) -> Decision:
    """A miss opens, renews or reinstates its one case (D2)."""
    if known is not None and miss.revision <= _revision(known):
        return Decision(known, ignored="older")
    if not isinstance(known, Case):
        return _open(miss, proposal, rulebook, now)
    renewed = replace(
        known, verdict_revision=miss.revision, miss=miss.ref, detected_at=miss.detected_at, due=miss.due,
        item=miss.item, unit=miss.unit, held=miss.held, zone=miss.zone, calendar=miss.calendar,
        beside=kept_of(known.beside, miss),
    )  # fmt: skip
    if known.state == "withdrawn":
        return _reinstate(renewed, proposal, now)
    moved = tellable(miss.circumstances) != tellable(beside(known).circumstances)
    return revise(renewed, proposal, miss.ref, "miss-republished", now, moved=moved)


def on_untrue(known: Known, untrue: Untrue, now: datetime) -> Decision:
    """撤案: the case is withdrawn with its cause; where none is open yet, the older miss will open none (I7)."""
    if known is not None and untrue.revision <= _revision(known):
        return Decision(known, ignored="older")
    if not isinstance(known, Case):
        return Decision(Refuted(untrue.revision))
    if known.state == "withdrawn":
        return Decision(replace(known, verdict_revision=untrue.revision))
    case = replace(
        known, state="withdrawn", verdict_revision=untrue.revision, withdrawn_at=now, withdrawn_because=untrue.reason,
        revision=known.revision + 1,
    )  # fmt: skip
    return Decision(case, Withdrawn(case, now, untrue.ref, untrue.reason))


def on_rung_missed(case: Case, missed: RungMissed, now: datetime, take_up: str | None = None) -> Decision:
    """Nobody answered in time: the rung fires, once in this standing (I1, R22). The last rung ends the loop (D17): from
    then on the overseers are on the clock."""
    ignored: Ignored | None = None
    if case.state == "withdrawn":
        ignored = "withdrawn"
    elif case.answered_at is not None:
        ignored = "answered"
    elif missed.started_by != case.standing_event:
        ignored = "former-standing"
    elif missed.rung > case.ladder[-1].rung:
        ignored = "no-such-rung"
    elif missed.rung in case.fired:
        ignored = "climbed-before"
    if ignored:
        return Decision(case, ignored=ignored)
    to = addressee(case.ladder, missed.rung, case.proposal)
    fired = tuple(sorted({*case.fired, missed.rung}))
    climbed = _address(replace(case, fired=fired, revision=case.revision + 1), to)
    last = missed.rung == case.ladder[-1].rung
    return Decision(
        climbed, Escalated(climbed, now, missed.ref, missed.rung, to, missed.late_from, take_up if last else None)
    )


def revise(
    case: Case, proposal: Proposal, cause: Ref, reason: RevisionReason, now: datetime, *, moved: bool = False
) -> Decision:
    """A fact learned later changes the proposal; the earlier one is kept (D18). Who is addressed is not called back.
    What a person has confirmed it does not change: it proposes to (rules/review.py). `moved`: whoever is named, the
    shares of time beside the names changed."""
    if is_confirmed(case):
        told = proposed(case, proposal, cause, reason, now, moved=moved)
        return Decision(case) if told is None else Decision(told.case, told)
    if says_the_same(proposal, case.proposal) and not moved:
        return Decision(case)
    revised = _name(replace(case, revision=case.revision + 1), proposal)
    return Decision(revised, Revised(revised, now, cause, reason))


def accepted(case: Case, proposal: Proposal, cause: Ref, reason: RevisionReason, now: datetime) -> Revised:
    """A person accepted a proposed revision: the case says so from now on."""
    return Revised(_name(replace(case, revision=case.revision + 1), proposal), now, cause, reason)


def concerns(case: Case, person: str) -> bool:
    """Whether the case names this person or has addressed them: whoever it concerns reads it, and answers it."""
    return person in case.addressed or person in {responsible.person for responsible in case.proposal}


def refusal_of_answer(case: Case, person: str) -> Literal["withdrawn", "not-concerned"] | None:
    """Why this person may not answer: the case does not stand, or the person is neither named nor was addressed."""
    if case.state == "withdrawn":
        return "withdrawn"
    return None if concerns(case, person) else "not-concerned"


def on_answer(case: Case, person: str, now: datetime, take_up: str | None = None) -> Answered:
    """The first answer of this standing; the caller has asked `refusal_of_answer`. Overseers take it up from now on,
    where the last rung has not called them before."""
    answered = replace(case, answered_at=now, answered_by=person, revision=case.revision + 1)
    return Answered(answered, now, person, None if case.at_last_rung else take_up)


def _revision(known: Case | Refuted) -> int:
    return known.revision if isinstance(known, Refuted) else known.verdict_revision


def _open(miss: Missed, proposal: Proposal, rulebook: Rulebook, now: datetime) -> Decision:
    edition = rulebook.in_force(miss.late_from, miss.zone)
    to = addressee(edition.ladder, 0, proposal)
    case = Case(
        key=miss.key,
        clock=miss.clock,
        subject=miss.subject,
        due=miss.due,
        late_from=miss.late_from,
        item=miss.item,
        unit=miss.unit,
        held=miss.held,
        origin=miss.origin,
        zone=miss.zone,
        calendar=miss.calendar,
        rulebook=rulebook.stamp(edition),
        ladder=edition.ladder,
        state="standing",
        verdict_revision=miss.revision,
        miss=miss.ref,
        detected_at=miss.detected_at,
        opened_at=now,
        standing_since=now,
        standing_no=1,
        standing_event=opening_id(miss.key.case_id),
        withdrawn_at=None,
        withdrawn_because=None,
        answered_at=None,
        answered_by=None,
        fired=(),
        revision=1,
        attributions=1,
        proposal=proposal,
        addressed=() if to.person is None else (to.person,),
        told=all_told((), proposal, miss.circumstances.team),
        beside=kept_of(None, miss),
    )
    return Decision(case, Opened(case, now, miss.ref, to))


def _reinstate(case: Case, proposal: Proposal, now: datetime) -> Decision:
    to = addressee(case.ladder, 0, proposal)
    kept = None if case.beside is None else case.beside._replace(proposed=None, reason=None)
    standing = replace(
        case, beside=kept, state="standing", standing_since=now, standing_no=case.standing_no + 1,
        standing_event=reinstatement_id(case.key.case_id, case.miss), fired=(), withdrawn_at=None,
        withdrawn_because=None, answered_at=None, answered_by=None, revision=case.revision + 1,
    )  # fmt: skip
    again = _address(_name(standing, proposal), to)
    return Decision(again, Reinstated(again, now, case.miss, to))


def _name(case: Case, proposal: Proposal) -> Case:
    told = all_told(case.told, proposal, beside(case).circumstances.team)
    return replace(case, proposal=proposal, attributions=case.attributions + 1, told=told)


def _address(case: Case, to: Addressee) -> Case:
    if to.person is None:
        return case
    return replace(
        case,
        addressed=tuple(sorted({*case.addressed, to.person})),
        told=tuple(sorted({*case.told, to.person})),
    )
