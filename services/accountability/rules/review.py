"""A proposal until a person confirms it; a finding afterwards, which no fact changes by itself (R25, I12).

                     a fact learned later                      a person confirms
    PROPOSED ──────────────────────────────► PROPOSED ─────────────────────────────► CONFIRMED
             case.revised: what it says now                                              │
                                                       a fact learned later says else    ▼
    CONFIRMED ◄── rejected ─────────────────────────────────────────────────── REVISION PROPOSED
              ◄── lapsed: what is known now says what was confirmed ─────────────────────┤
    CONFIRMED, as revised ◄── accepted: case.revised ────────────────────────────────────┘

What is confirmed is an attribution, by its number: a case that comes to stand again has a new one, which nobody has
confirmed yet. Whoever is named in a proposal neither confirms it nor decides on its revision.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.accountability.rules.circumstances import NOT_KEPT, NOTHING, Beside, RevisionReason, Team
from services.accountability.rules.model import Case, Missed, Proposal, Ref
from services.accountability.rules.named import says_the_same

Refusal = Literal["withdrawn", "named", "not-the-last", "confirmed-before", "no-such-revision"]


@dataclass(frozen=True, slots=True)
class RevisionProposed:
    """`case` is, here and below, the case just after; its proposal stays what was confirmed."""

    case: Case
    at: datetime
    cause: Ref
    reason: RevisionReason
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class RevisionLapsed:
    """What is known now gives what was confirmed: nobody has to decide on the revision `no` any more."""

    case: Case
    at: datetime
    cause: Ref
    no: int


@dataclass(frozen=True, slots=True)
class AttributionConfirmed:
    """A person has confirmed the attribution `n`."""

    case: Case
    at: datetime
    by: str
    n: int


@dataclass(frozen=True, slots=True)
class RevisionDecided:
    """A person has accepted or rejected the revision `no`."""

    case: Case
    at: datetime
    by: str
    no: int
    accepted: bool


def beside(case: Case) -> Beside:
    """What is kept of the case beside its row."""
    return case.beside or NOT_KEPT


def all_told(before: Iterable[str], proposal: Proposal, team: Team) -> tuple[str, ...]:
    """All who are told: whoever is named, and who follows the matter."""
    return tuple(sorted({*before, *team.followers, *(r.person for r in proposal if r.person is not None)}))


def kept_of(before: Beside | None, miss: Missed) -> Beside | None:
    """What is kept beside the case's row, after this word of its miss."""
    if before is None and miss.circumstances is NOTHING:
        return None
    return (before or NOT_KEPT)._replace(circumstances=miss.circumstances)


def is_confirmed(case: Case) -> bool:
    """Whether a person has confirmed the attribution that stands."""
    return beside(case).confirmed == case.attributions


def proposed(
    case: Case, proposal: Proposal, cause: Ref, reason: RevisionReason, now: datetime, *, moved: bool = False
) -> RevisionProposed | RevisionLapsed | None:
    """What facts learned later make of a confirmed attribution: never a change, at most a proposed one. `moved`: the
    shares of time are others, whoever is named."""
    kept = beside(case)
    if says_the_same(proposal, kept.proposed or case.proposal) and not moved:
        return None
    if says_the_same(proposal, case.proposal) and not moved:
        closed = _keeping(case, kept._replace(proposed=None, reason=None))
        return RevisionLapsed(closed, now, cause, kept.revisions)
    waiting = kept._replace(revisions=kept.revisions + 1, proposed=proposal, reason=reason)
    return RevisionProposed(_keeping(case, waiting), now, cause, reason, proposal)


def confirm(case: Case, n: int, person: str, now: datetime) -> AttributionConfirmed | Refusal:
    """The attribution `n`, which must be the one that stands."""
    if case.state == "withdrawn":
        return "withdrawn"
    if n != case.attributions:
        return "not-the-last"
    if is_confirmed(case):
        return "confirmed-before"
    if _names(case.proposal, person):
        return "named"
    return AttributionConfirmed(_keeping(case, beside(case)._replace(confirmed=n)), now, person, n)


def decide(case: Case, no: int, person: str, now: datetime, *, accept: bool) -> RevisionDecided | Refusal:
    """On the revision that waits. Where it is accepted, the case is to be revised after it, and is then confirmed."""
    kept = beside(case)
    if case.state == "withdrawn":
        return "withdrawn"
    if kept.proposed is None or kept.revisions != no:
        return "no-such-revision"
    if _names(case.proposal, person) or _names(kept.proposed, person):
        return "named"
    confirmed = case.attributions + 1 if accept else kept.confirmed
    after = kept._replace(proposed=None, reason=None, confirmed=confirmed)
    return RevisionDecided(_keeping(case, after), now, person, no, accept)


def _names(proposal: Proposal, person: str) -> bool:
    return person in {responsible.person for responsible in proposal}


def _keeping(case: Case, kept: Beside) -> Case:
    return replace(case, beside=kept, revision=case.revision + 1)
