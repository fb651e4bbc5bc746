"""Due process as domain.md §4 and R26–R30 have it, written from there and not from the code: which step leads from
which state to which, who may take it, with what content. Who is decided on is served, asks, and is answered for
themselves (R29). The stateful test holds the rules to it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from services.accountability.rules.model import Role
from services.accountability.rules.process_model import Outcome, Step

TABLE: dict[str, dict[Step, str]] = {
    "lead": {"review": "preliminary-review"},
    "preliminary-review": {"dismissal": "dismissed", "filing": "filed"},
    "dismissed": {},
    "filed": {"investigators": "investigating"},
    "investigating": {"investigators": "investigating", "notice": "notice-and-defence"},
    "notice-and-defence": {"defence": "notice-and-defence", "deliberation": "deliberation"},
    "deliberation": {
        "vote": "deliberation", "deliberation": "deliberation", "defence": "deliberation",
        "exemption": "exempted", "decision": "decided", "referral": "referred",
    },
    "exempted": {"service": "served"},
    "decided": {"service": "served"},
    "referred": {"service": "served"},
    "served": {
        "service": "served", "execution": "executing", "review-request": "under-review", "closure": "closed",
    },
    "executing": {
        "service": "executing", "execution": "executing", "review-request": "under-review", "appeal": "under-review",
        "closure": "closed",
    },
    "under-review": {
        "service": "under-review", "execution": "under-review", "review-request": "under-review",
        "appeal": "under-review", "upholding": "upheld", "variation": "varied", "revocation": "revoked",
    },
    "upheld": {
        "service": "upheld", "execution": "executing", "review-request": "under-review", "appeal": "under-review",
        "closure": "closed",
    },
    "varied": {
        "service": "varied", "execution": "executing", "review-request": "under-review", "appeal": "under-review",
        "closure": "closed",
    },
    "revoked": {"closure": "closed"},
    "closed": {},
    "withdrawn": {"review": "preliminary-review"},
}  # fmt: skip
EXTENDABLE = {"filed", "investigating", "notice-and-defence", "deliberation"}
ENDED = {"dismissed", "closed", "withdrawn", "lead"}
CONCLUDED = {"exempted", "decided", "referred", "served", "executing", "under-review", "upheld", "varied", "revoked",
             "closed"}  # fmt: skip
TWO = {"dismissal", "exemption", "decision", "referral", "extension", "variation", "revocation"}
PLEAS = {"defence", "review-request", "appeal"}
ORDER = ["none", "admonition", "written-review", "efficiency-warning", "public-criticism", "transfer", "referral"]
OUTCOME: list[Outcome] = ["decision", "exemption", "referral"]
STEPS: list[Step] = sorted({step for steps in TABLE.values() for step in steps} | {"recusal", "extension"})

NAMED: dict[str, Role] = {"zhang": "direct", "li": "leading", "wang": "principal"}
LEAST: list[Role] = ["direct", "leading"]
OFFICERS = ["chen", "lin", "guo", "wu", "zheng", "huang"]
PEOPLE = [*NAMED, *OFFICERS]


@dataclass
class Told:
    """What the model knows of a case; written anew where the case is taken up again."""

    state: str = "lead"
    recused: set[str] = field(default_factory=set)
    team: list[str] = field(default_factory=list)
    announced: dict[str, str] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    waived: set[str] = field(default_factory=set)
    members: list[str] = field(default_factory=list)
    votes: dict[str, Outcome] = field(default_factory=dict)
    measures: dict[str, str] = field(default_factory=dict)
    executed: dict[str, str] = field(default_factory=dict)
    unserved: dict[str, str] = field(default_factory=dict)
    """What each waits to be served with: the decision, or an answer."""
    served: dict[str, datetime] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    """Who waits for an answer."""
    more_time: set[str] = field(default_factory=set)
    """For whose appeal the limit was extended."""
    passed: dict[str, datetime] = field(default_factory=dict)
    filed: date | None = None
    extended: bool = False
    today: date = date(2026, 3, 11)
    revocable: bool = False
    revoked: bool = False
    noticed: bool = False
    found: bool = False
    """Whether a person has confirmed who is responsible, and nothing proposes to revise it."""
    waits: tuple[str, str, str] | None = None

    @property
    def late(self) -> bool:
        """Six months after filing, twelve where that was extended."""
        return self.filed is not None and self.today > _months(self.filed, 12 if self.extended else 6)


@dataclass(frozen=True)
class Asking:
    """One step that somebody asks for."""

    step: Step
    by: str
    people: tuple[str, ...] = ()
    announced: tuple[tuple[str, Role, str], ...] = ()
    measures: tuple[tuple[str, str], ...] = ()
    ground: str | None = None
    vote: Outcome | None = None
    waived: bool = False
    texts: tuple[str, ...] = ()


def _months(day: date, count: int) -> date:
    year, month = day.year + (day.month - 1 + count) // 12, (day.month - 1 + count) % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(last, day.day))
        except ValueError:
            continue
    raise AssertionError(day)


def harsher(one: str, other: str) -> bool:
    return ORDER.index(one) > ORDER.index(other)


def may_ask(told: Told, person: str) -> str:
    """R29: review once, and an appeal once against its answer; each from their own service."""
    if person not in told.served or person in told.unserved or person in told.open:
        return ""
    return {"": "review-request", "review": "appeal"}.get(told.asked.get(person, ""), "")


def running(told: Told) -> list[str]:
    """The limits of parties, and those of their answers that can be extended."""
    if told.state == "notice-and-defence":
        return ["defence"]
    if told.state not in {"served", "executing", "under-review", "upheld", "varied"}:
        return []
    own = [f"{step}:{person}" for person in told.announced if (step := may_ask(told, person))]
    return own + [f"appeal-decision:{person}" for person in sorted(told.open) if told.asked[person] == "appeal"]


def to_execute(told: Told) -> set[str]:
    return {p for p, m in told.measures.items() if m not in ("none", "referral") and told.executed.get(p) != m}


def referred(told: Told, ask: Asking) -> dict[str, str]:
    given = dict(ask.measures)
    return {p: given.get(p, "referral" if m == "referral" else "none") for p, m in told.announced.items()}


def chosen(among: Iterable[str], ask: Asking) -> set[str]:
    """Whom of those whose turn it is a step is about; nobody where it names somebody else."""
    turn = set(among)
    return turn if not ask.people else set(ask.people) if set(ask.people) <= turn else set()


def is_sensitive(told: Told, step: str) -> bool:
    no_measures = all(measure == "none" for measure in told.measures.values())
    return step in TWO or (step == "closure" and no_measures)


def takes(told: Told, ask: Asking, at: datetime) -> Told:
    """The case after the step, as domain.md has it."""
    step, given = ask.step, dict(ask.measures)
    if step == "review":
        return Told(state="preliminary-review", recused=told.recused, today=told.today, found=told.found)
    if step == "recusal":
        told.recused |= set(ask.people)
        told.team = [p for p in told.team if p not in told.recused]
        told.members = [p for p in told.members if p not in told.recused]
        told.votes = {p: v for p, v in told.votes.items() if p not in told.recused}
        if told.waits is not None and told.waits[2] in told.recused:
            told.waits = None
        return told
    if step == "extension":
        if told.state == "under-review":
            told.more_time |= chosen((p for p in told.open if told.asked[p] == "appeal"), ask)
        else:
            told.extended = True
        told.waits = None
        return told
    before = told.state
    told.state = "revoked" if step == "revocation" else TABLE[told.state][step]
    match step:
        case "filing":
            told.filed = told.today
        case "investigators":
            told.team = list(ask.people)
        case "notice":
            told.announced = {person: measure for person, _, measure in ask.announced}
            told.noticed = True
        case "defence":
            told.heard.add(ask.by)
            told.votes = {}
        case "deliberation":
            told.members = list(ask.people)
            told.votes = {p: v for p, v in told.votes.items() if p in ask.people}
        case "vote":
            told.votes[ask.by] = ask.vote or "decision"
        case "revocation":
            told.measures = dict.fromkeys(told.announced, "none")
            told.revoked, told.unserved, told.open = True, {}, set()
        case "exemption":
            told.measures = dict.fromkeys(told.announced, "none")
        case "decision":
            told.measures = given
        case "referral":
            told.measures = referred(told, ask)
        case "service":
            people = chosen(told.unserved, ask)
            told.served |= dict.fromkeys(people, at)
            told.unserved = {p: what for p, what in told.unserved.items() if p not in people}
        case "execution":
            told.executed |= {p: told.measures[p] for p in to_execute(told) if p not in told.unserved}
        case "review-request" | "appeal":
            told.asked[ask.by] = "review" if step == "review-request" else "appeal"
            told.open.add(ask.by)
            told.waits = None
        case "upholding" | "variation":
            people = chosen(told.open, ask)
            told.measures |= given if step == "variation" else {}
            told.unserved |= dict.fromkeys(people, "answer")
            told.open -= people
            if told.open:
                told.state = "under-review"
    if step in OUTCOME:
        told.unserved = dict.fromkeys(told.announced, "decision")
    if told.state != before:
        told.waits = None
    return told
