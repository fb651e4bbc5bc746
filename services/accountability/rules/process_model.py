"""What due process speaks about (domain.md §4; R26–R30): a proceeding as it stands, the steps people take in it, and
why one may not be taken. All frozen.

A case is a lead 线索 until somebody takes it up; only then there is a proceeding. `at` is when something was done, as
the people who did it say; when it was recorded is the record's to keep.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from services.accountability.rules.measures import Severity
from services.accountability.rules.model import Case, CaseKey, Ref, Role
from services.accountability.rules.process_edition import ProcessEdition

State = Literal[
    "preliminary-review", "dismissed", "filed", "investigating", "notice-and-defence", "deliberation",
    "exempted", "decided", "referred", "served", "executing", "under-review", "upheld", "varied", "revoked",
    "closed", "withdrawn",
]  # fmt: skip
"""初核, 不予立案, 立案, 调查, 告知申辩, 集体研究, 免责, 处理决定, 移送, 送达, 执行, 复核/申诉, 维持, 变更, 撤销, 结案,
撤案."""
Step = Literal[
    "review", "dismissal", "filing", "investigators", "recusal", "notice", "defence", "deliberation", "vote",
    "exemption", "decision", "referral", "service", "execution", "review-request", "appeal", "upholding",
    "variation", "revocation", "extension", "closure",
]  # fmt: skip
Outcome = Literal["exemption", "decision", "referral"]
Violation = Literal["omission", "delay", "misconduct"]
"""不作为, 慢作为, 乱作为."""
Heard = Literal["not-yet", "defended", "waived"]
Remedy = Literal["review", "appeal"]
"""复核, 申诉."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who the notice says is responsible, and what for each came of it. `announced` is the measure of the notice,
    `recommended` what the rulebook recommended then and by which rule; `measure` what was decided, `executed` the one
    that was carried out. `unserved` is what waits to be served to them, `served_at` when they were served with the
    decision. `asked` is the remedy they asked for last, `answer_until` to when its answer was extended."""

    person: str
    role: Role
    severity: Severity
    announced: str
    recommended: str
    rule: str
    heard: Heard = "not-yet"
    measure: str | None = None
    influence_until: date | None = None
    unserved: Literal["decision", "answer"] | None = None
    served_at: datetime | None = None
    asked: Remedy | None = None
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    answer_served_at: datetime | None = None
    answer_until: date | None = None
    executed: str | None = None

    @property
    def waits(self) -> bool:
        """Whether they have asked for something that is not answered yet."""
        return self.asked is not None and self.answered_at is None


@dataclass(frozen=True, slots=True)
class Vote:
    """Of one member. `dissents`: reasons of their own are on record."""

    person: str
    outcome: Outcome
    dissents: bool


@dataclass(frozen=True, slots=True)
class Proposed:
    """A sensitive step that one person asked for and a second one has not confirmed yet (I20). `texts` are kept."""

    step: Step
    digest: str
    by: str
    at: datetime
    recorded_at: datetime
    texts: tuple[tuple[str, str, str], ...] = ()


class Passed(NamedTuple):
    """The last word of the deadline service on a limit of the case, by the clock's revision: that it is past since
    `late_from`, or, without one, that it is not past after all."""

    clock: str
    late_from: datetime | None
    revision: int


@dataclass(frozen=True, slots=True)
class Proceeding:
    """A case under due process. `round` counts how often it was taken up: once, and once more where it was withdrawn
    and stands again. `since` is when the present state began, `served_at` when the first party was served. `passed`
    is what the deadline service said last of each limit of which it said anything."""

    key: CaseKey
    round: int
    state: State
    since: datetime
    rulebook: str
    begun_at: datetime
    filed_at: datetime | None = None
    noticed_at: datetime | None = None
    deliberated_at: datetime | None = None
    concluded_at: datetime | None = None
    served_at: datetime | None = None
    revoked_at: datetime | None = None
    ended_at: datetime | None = None
    last_at: datetime | None = None
    violation: Violation | None = None
    outcome: Outcome | None = None
    decide_until: date | None = None
    extended: bool = False
    investigators: tuple[str, ...] = ()
    recused: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    votes: tuple[Vote, ...] = ()
    parties: tuple[Party, ...] = ()
    passed: tuple[Passed, ...] = ()
    proposed: Proposed | None = None
    revocation: Ref | None = None

    def party(self, person: str) -> Party | None:
        """Their part in the case, if any."""
        return next((party for party in self.parties if party.person == person), None)

    def late_from(self, clock: str, person: str | None = None) -> datetime | None:
        """From when a limit is past, of a party where it is theirs; None: nobody says that it is. One that began when
        all had theirs together is everybody's."""
        said = {each.clock: each.late_from for each in self.passed}
        if person is not None and (own := clock_of(clock, person)) in said:
            return said[own]
        return said.get(clock)


def clock_of(clock: str, person: str) -> str:
    """What a limit is called that is a party's own."""
    return f"{clock}:{person}"


@dataclass(frozen=True, slots=True)
class Announced:
    """What a notice announces to one person."""

    person: str
    role: Role
    severity: Severity
    measure: str


@dataclass(frozen=True, slots=True)
class Command:
    """A step that somebody asks for, with whatever that step needs. `digest` is of all that is asked but not of who
    asks: two people who ask the same have the same. `earlier` says how often each person had a measure within the
    period in which repetition counts (R27)."""

    step: Step
    by: str
    at: datetime
    digest: str = ""
    people: tuple[str, ...] = ()
    announced: tuple[Announced, ...] = ()
    measures: tuple[tuple[str, str], ...] = ()
    ground: str | None = None
    vote: Outcome | None = None
    waived: bool = False
    texts: tuple[tuple[str, str, str], ...] = ()
    """(kind, id, sha256) of what was written: reasons, facts, basis, defence, minutes, dissent."""
    earlier: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Why not: `guard` is the named rule of ours, `rule` its source, `missing` what would have to be there first."""

    guard: str
    rule: str
    why: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that came of a step; `case` and `proceeding` are those just after. `by` are one or two people; `party`
    is whom of the parties it is about, where it is about one."""

    kind: str
    case: Case
    proceeding: Proceeding
    edition: ProcessEdition
    at: datetime
    by: tuple[str, ...]
    command: Command | None = None
    cause: Ref | None = None
    told: tuple[str, ...] = ()
    party: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What happened, in order; the last one has the case and the proceeding as they are now."""

    done: tuple[Done, ...]

    @property
    def proposed(self) -> bool:
        """Whether it waits for a second person."""
        return self.done[-1].kind == "step-proposed"
