"""Whose facts a publisher may write: its own authorities', under its own sources; it takes back only its own. A miss is
confirmed by people, not by publishers (D8): the efficiency office or a supervisor, in the same bounds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.intake.rules.judge import MISS_CONFIRMED, Submission
from services.intake.rules.refusal import Reason

ALL = "*"
RETRACTED = "fact.retracted"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a sender was given. A source covers itself and what lies below it; `*` covers everything. `publishes`: the
    facts of publishers; `confirms`: misses, and the retraction of what it confirmed."""

    authorities: frozenset[str]
    sources: frozenset[str]
    publishes: bool = True
    confirms: bool = False

    def covers_authority(self, authority: str) -> bool:
        return ALL in self.authorities or authority in self.authorities

    def covers_source(self, source: str) -> bool:
        return ALL in self.sources or any(source == own or source.startswith(f"{own}/") for own in self.sources)


EVERYTHING = Grant(frozenset({ALL}), frozenset({ALL}))
"""Where identities are not checked, on Kafka: publishers write there, and no people."""


def trespasses(submission: Submission, grant: Grant) -> Sequence[Reason]:
    """Why a submission is not its publisher's to make; nothing where it is. Whether what it replaces is there does not
    matter: an answer that depended on it would tell what others have published."""
    reasons = list(_not_theirs(submission, grant))
    if not grant.covers_authority(submission.authority):
        reasons.append(Reason("foreign-authority", "/subject", "is a matter or post of an authority that is not yours"))
    if not grant.covers_source(submission.source):
        reasons.append(Reason("foreign-source", "/source", "is a source that is not yours"))
    if submission.replaces is not None and not grant.covers_source(submission.replaces[0]):
        detail = "is a source that is not yours: who published a fact corrects or retracts it"
        reasons.append(Reason("foreign-source", "/data/replaces/source", detail))
    return reasons


def _not_theirs(submission: Submission, grant: Grant) -> Iterator[Reason]:
    """Why a fact of this type is not for this sender to state."""
    nested = submission.fact is not None and submission.replaces is not None
    type_ = submission.fact.type if submission.fact is not None else submission.type
    if type_ == MISS_CONFIRMED:
        if not grant.confirms:
            detail = "a miss is confirmed over HTTP, by the efficiency office or a supervisor"
            yield Reason("not-entitled", "/data/fact/type" if nested else "/type", detail)
    elif not grant.publishes and not (grant.confirms and type_ == RETRACTED):
        yield Reason("not-a-publisher", "", "the token's bearer is not a publisher")
