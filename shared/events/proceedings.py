"""What accountability publishes on `case-events` of due process: who took which step of a case, and when. Persons are
pseudonyms and texts are digests: what is on Kafka cannot be called back (D19).

`occurred_at` is when it was done, as the people who did it say. `limits` are the duties that begin with it; the
deadline service folds them.
"""

from typing import Literal

from pydantic import Field

from shared.events.accountability import CaseEvent
from shared.events.base import Event, EventRef, Model, Name, PersonId, Role, When
from shared.events.limits import LimitTerms

ProceedingState = Literal[
    "preliminary-review", "dismissed", "filed", "investigating", "notice-and-defence", "deliberation",
    "exempted", "decided", "referred", "served", "executing", "under-review", "upheld", "varied", "revoked",
    "closed", "withdrawn",
]  # fmt: skip
Outcome = Literal["exemption", "decision", "referral"]


def _empty(value: tuple[object, ...]) -> bool:
    return not value


class TextRef(Model):
    """A text that is kept apart; its digest is salted."""

    kind: Name
    id: Name
    sha256: Name


class ProceedingEvent(CaseEvent):
    """Of every event of due process. `by` are those who took the step: two where it takes two (I20)."""

    state: ProceedingState = Field(description="Of the proceeding, afterwards.")
    by: tuple[PersonId, ...]
    rulebook: Name = Field(description="The edition that was pinned when the case was taken up.")
    due: When
    unit: Name | None = None
    item: Name | None = None
    limits: tuple[LimitTerms, ...] = Field(default=(), exclude_if=_empty)
    told: tuple[PersonId, ...] = Field(default=(), exclude_if=_empty, description="Who is to learn of it.")
    part: PersonId | None = Field(
        default=None, description="The party whom it is about: clocks named `…:<part>` are theirs. Absent: all."
    )
    texts: tuple[TextRef, ...] = Field(default=(), exclude_if=_empty)


class ReviewBegun(ProceedingEvent):
    """初核: somebody took up the lead."""

    TYPE = "case.review_begun"


class CaseDismissed(ProceedingEvent):
    """不予立案."""

    TYPE = "case.dismissed"


class CaseFiled(ProceedingEvent):
    """立案: `violation` is omission 不作为, delay 慢作为 or misconduct 乱作为."""

    TYPE = "case.filed"
    violation: Literal["omission", "delay", "misconduct"]


class InvestigationBegun(ProceedingEvent):
    """调查, by at least two (R28)."""

    TYPE = "case.investigation_begun"
    MOVES_CLOCKS = False
    investigators: tuple[PersonId, ...]


class InvestigatorsChanged(InvestigationBegun):
    """Who investigates from now on."""

    TYPE = "case.investigators_changed"


class PersonRecused(ProceedingEvent):
    """回避: these act no more in the case (R28)."""

    TYPE = "case.person_recused"
    MOVES_CLOCKS = False
    people: tuple[PersonId, ...]


class PartyNoticed(Model):
    """What one person was told: of what, as whom, and the most that may come of it."""

    person: PersonId
    role: Role
    severity: Literal["general", "serious", "especially-serious"]
    announced: Name
    recommended: Name
    rule: Name


class NoticeGiven(ProceedingEvent):
    """告知: facts and basis were told, and what is announced (R28)."""

    TYPE = "case.notice_given"
    parties: tuple[PartyNoticed, ...]


class DefenceHeard(ProceedingEvent):
    """申辩: a party was heard, or waived it."""

    TYPE = "case.defence_heard"
    MOVES_CLOCKS = False
    person: PersonId
    waived: bool


class DeliberationBegun(ProceedingEvent):
    """集体研究: these deliberate."""

    TYPE = "case.deliberation_begun"
    members: tuple[PersonId, ...]


class MembersChanged(DeliberationBegun):
    """Who deliberates from now on."""

    TYPE = "case.members_changed"
    MOVES_CLOCKS = False


class VoteCast(ProceedingEvent):
    """One member's vote; reasons of a dissent are a text."""

    TYPE = "case.vote_cast"
    MOVES_CLOCKS = False
    outcome: Outcome


class MeasureTold(Model):
    """What came of it for one person; `influence_until` is known from service on."""

    person: PersonId
    measure: Name
    influence_until: When | None = None


class CaseExempted(ProceedingEvent):
    """免责, on a ground of the rulebook (R30)."""

    TYPE = "case.exempted"
    ground: Name


class CaseDecided(ProceedingEvent):
    """处理决定: for each party a measure, or none. Never a formal sanction (R26)."""

    TYPE = "case.decided"
    measures: tuple[MeasureTold, ...]


class CaseReferred(CaseDecided):
    """移送 to the authority that may impose a formal sanction."""

    TYPE = "case.referred"


class CaseServed(CaseDecided):
    """送达 of the decision to one party: from now on their time to ask for review runs, and the influence of their
    measure."""

    TYPE = "case.served"


class AnswerServed(CaseDecided):
    """送达 of an answer to one party: from now on their time to appeal against it runs."""

    TYPE = "case.answer_served"


class ExecutionBegun(ProceedingEvent):
    """执行."""

    TYPE = "case.execution_begun"
    MOVES_CLOCKS = False


class ReviewRequested(ProceedingEvent):
    """复核 was asked by a party; the decision's effect goes on (R29)."""

    TYPE = "case.review_requested"


class AppealRequested(ProceedingEvent):
    """申诉 was made by a party; the decision's effect goes on (R29)."""

    TYPE = "case.appeal_requested"


class CaseUpheld(ProceedingEvent):
    """维持: the answer to one party. `state` is under-review while another waits for theirs."""

    TYPE = "case.upheld"


class CaseVaried(CaseDecided):
    """变更: the answer to one party, for nobody to the worse. `measures` are those of all, as they are now."""

    TYPE = "case.varied"


class CaseRevoked(ProceedingEvent):
    """撤销."""

    TYPE = "case.revoked"


class DecisionExtended(ProceedingEvent):
    """The limit of the decision was extended, once, to its utmost (R28)."""

    TYPE = "case.decision_extended"
    until: When


class AnswerExtended(DecisionExtended):
    """The limit to decide one party's appeal was extended, once, to its utmost (R29)."""

    TYPE = "case.answer_extended"


class CaseClosed(ProceedingEvent):
    """结案."""

    TYPE = "case.closed"


class StepProposed(ProceedingEvent):
    """One person asks for a sensitive step; nothing changed yet, another has to ask for the same (I20)."""

    TYPE = "case.step_proposed"
    MOVES_CLOCKS = False
    step: Name


class RevocationProposed(ProceedingEvent):
    """The cause of a case fell away after it was concluded: people have to take it back."""

    TYPE = "case.revocation_proposed"
    cause: EventRef


class RevocationLapsed(ProceedingEvent):
    """The cause is there again: there is nothing to revoke for."""

    TYPE = "case.revocation_lapsed"
    cause: EventRef


class PeopleExonerated(ProceedingEvent):
    """These are not held responsible; everybody who was told of the case is told that."""

    TYPE = "case.exonerated"
    MOVES_CLOCKS = False
    people: tuple[PersonId, ...]


PROCEEDING_EVENTS: tuple[type[Event], ...] = (
    ReviewBegun, CaseDismissed, CaseFiled, InvestigationBegun, InvestigatorsChanged, PersonRecused, NoticeGiven,
    DefenceHeard, DeliberationBegun, MembersChanged, VoteCast, CaseExempted, CaseDecided, CaseReferred, CaseServed,
    AnswerServed, ExecutionBegun, ReviewRequested, AppealRequested, CaseUpheld, CaseVaried, CaseRevoked,
    DecisionExtended, AnswerExtended, CaseClosed, StepProposed, RevocationProposed, RevocationLapsed,
    PeopleExonerated,
)  # fmt: skip
