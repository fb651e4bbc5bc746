"""What a batch adds to the facts: identity decides, and the first of a batch wins (D1, I5).

An event that is known already is a duplicate even if today's catalogue or clock would refuse it: sending again what was
accepted must never turn into a refusal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.intake.rules.judge import Accepted, Submission
from services.intake.rules.refusal import Refused, refused
from services.intake.rules.topics import CALENDAR_EVENTS, DIRECTORY_EVENTS

Identity = tuple[str, str]
Aggregate = tuple[str, str, str]
"""(authority, matter or post, topic): what a revision counts within."""


@dataclass(frozen=True, slots=True)
class Known:
    """A stored fact: the digest of its body, the event it became, and where it belongs."""

    digest: bytes
    event: str
    topic: str
    subject: str


class Entered(NamedTuple):
    """A new fact, the `revision`-th event of its aggregate."""

    accepted: Accepted
    event: str
    revision: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The fact is there already, as `event`."""

    submission: Submission
    event: str


Settled = Entered | Duplicate | Refused


def aggregate_of(accepted: Accepted) -> Aggregate:
    """Whose revision a fact raises."""
    return accepted.submission.authority, accepted.submission.name, accepted.topic


def settle(
    judged: Sequence[tuple[Submission, Accepted | Refused, str]],
    known: Mapping[Identity, Known],
    revisions: Mapping[Aggregate, int],
) -> list[Settled]:
    """Decide a batch in its order. Each entry brings the id its event will have; `known` holds the stored facts of the
    batch's identities and of those it replaces, `revisions` the last revision of each aggregate, locked."""
    facts = dict(known)
    last = dict(revisions)
    settled: list[Settled] = []
    for submission, judgement, event in judged:
        found = facts.get(submission.identity)
        if found is not None:
            settled.append(_again(submission, found))
            continue
        if isinstance(judgement, Accepted):
            judgement = _replaceable(judgement, facts) or judgement
        if isinstance(judgement, Refused):
            settled.append(judgement)
            continue
        aggregate = aggregate_of(judgement)
        last[aggregate] = last.get(aggregate, 0) + 1
        facts[submission.identity] = Known(submission.digest, event, judgement.topic, submission.subject)
        settled.append(Entered(judgement, event, last[aggregate]))
    return settled


def _again(submission: Submission, found: Known) -> Duplicate | Refused:
    if found.digest == submission.digest:
        return Duplicate(submission, found.event)
    detail = "this source has used this id for another event: the same id must always have the same body"
    return refused("identity-conflict", "/id", detail)


def _replaceable(accepted: Accepted, facts: Mapping[Identity, Known]) -> Refused | None:
    """A correction or retraction must stay within its matter, or its entry of the directory, where the fact it replaces
    is known here. One that comes first is kept, for it may be early; it applies in the fold only once its original is
    among the same matter's facts, in whatever order they arrive. One whose original turns out to be another matter's,
    or never comes, is kept and published all the same, and applies to nothing: at its arrival intake cannot know."""
    replaces = accepted.submission.replaces
    found = facts.get(replaces) if replaces is not None else None
    if found is None:
        return None
    if found.topic == CALENDAR_EVENTS:
        detail = "a calendar is not corrected or retracted: publish what holds instead of it"
        return refused("not-correctable", "/data/replaces", detail)
    if found.topic != accepted.topic:
        detail = (
            "the fact it replaces is one of the directory: a retraction of it says `of: directory`, a correction states"
            " a fact of the directory"
            if found.topic == DIRECTORY_EVENTS
            else "the fact it replaces is a matter's"
        )
        return refused("other-kind-of-fact", "/data/replaces", detail)
    if found.subject != accepted.submission.subject:
        return refused("other-matter", "/data/replaces", "the fact it replaces belongs to another matter or entry")
    return None
