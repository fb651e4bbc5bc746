"""What becomes of a proceeding when the cause of its case falls away, or comes back (I7): nobody decides here but the
deadline service, which says whether the limit was missed.

Before anything was concluded the case is withdrawn, and its proceeding with it. Afterwards people decided, and people
take it back: a revocation is proposed, with a limit to take it up, and two of them confirm it.
"""

from dataclasses import replace
from datetime import datetime

from services.accountability.rules.model import Case, Ref, Untrue
from services.accountability.rules.process_edition import ProcessEdition
from services.accountability.rules.process_model import Done, Passed, Proceeding


def is_concluded(proceeding: Proceeding | None) -> bool:
    """Whether people have concluded something that stands: only they take it back."""
    return (
        proceeding is not None
        and proceeding.concluded_at is not None
        and proceeding.revoked_at is None
        and proceeding.state != "withdrawn"
    )


def withdrawn(proceeding: Proceeding, now: datetime) -> Proceeding:
    """撤案 together with its case. One that was revoked stays as it ended."""
    if proceeding.revoked_at is not None:
        return proceeding
    return replace(proceeding, state="withdrawn", since=now, ended_at=now, proposed=None)


def on_cause_gone(
    case: Case, proceeding: Proceeding, edition: ProcessEdition, untrue: Untrue, now: datetime
) -> tuple[Case, Done | None]:
    """The case stands, for people concluded it; its revocation is proposed, once for each cause."""
    known = replace(case, verdict_revision=untrue.revision)
    if proceeding.revocation is not None:
        return known, None
    known = replace(known, revision=case.revision + 1)
    proposed = replace(proceeding, revocation=untrue.ref)
    return known, Done("revocation-proposed", known, proposed, edition, now, (), cause=untrue.ref, told=case.told)


def on_cause_back(
    case: Case, proceeding: Proceeding, edition: ProcessEdition, cause: Ref, now: datetime
) -> Done | None:
    """The limit was missed after all: there is nothing to revoke for."""
    if proceeding.revocation is None or proceeding.revoked_at is not None:
        return None
    known = replace(case, revision=case.revision + 1)
    return Done("revocation-lapsed", known, replace(proceeding, revocation=None), edition, now, (), cause=cause)


def passed(proceeding: Proceeding, said: Passed) -> Proceeding:
    """The deadline service says that a limit of the case is past, or is not after all: its last word counts. One that
    ran out before the case was taken up, this time, is of an earlier round and bars nobody."""
    if said.late_from is not None and said.late_from <= proceeding.begun_at:
        return proceeding
    before = next((each for each in proceeding.passed if each.clock == said.clock), None)
    if before is not None and before.revision >= said.revision:
        return proceeding
    others = (each for each in proceeding.passed if each is not before)
    return replace(proceeding, passed=tuple(sorted((*others, said))))
