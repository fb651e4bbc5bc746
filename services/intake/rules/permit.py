"""Whose facts a publisher may write: its own authorities', under its own sources; it takes back only its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.intake.rules.judge import Submission
from services.intake.rules.refusal import Reason

ALL = "*"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a publisher was given. A source covers itself and what lies below it; `*` covers everything."""

    authorities: frozenset[str]
    sources: frozenset[str]

    def covers_authority(self, authority: str) -> bool:
        return ALL in self.authorities or authority in self.authorities

    def covers_source(self, source: str) -> bool:
        return ALL in self.sources or any(source == own or source.startswith(f"{own}/") for own in self.sources)


EVERYTHING = Grant(frozenset({ALL}), frozenset({ALL}))
"""Where identities are not checked."""


def trespasses(submission: Submission, grant: Grant) -> Sequence[Reason]:
    """Why a submission is not its publisher's to make; nothing where it is. Whether what it replaces is there does not
    matter: an answer that depended on it would tell what others have published."""
    reasons = []
    if not grant.covers_authority(submission.authority):
        reasons.append(Reason("foreign-authority", "/subject", "is a matter or post of an authority that is not yours"))
    if not grant.covers_source(submission.source):
        reasons.append(Reason("foreign-source", "/source", "is a source that is not yours"))
    if submission.replaces is not None and not grant.covers_source(submission.replaces[0]):
        detail = "is a source that is not yours: who published a fact corrects or retracts it"
        reasons.append(Reason("foreign-source", "/data/replaces/source", detail))
    return reasons
