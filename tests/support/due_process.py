"""Due process as domain.md §4 and R26–R30 have it, written from there and not from the code: which step leads from
which state to which, who may take it, with what content. The stateful test holds the rules to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

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
    "served": {"execution": "executing", "review-request": "under-review", "closure": "closed"},
    "executing": {"review-request": "under-review", "closure": "closed"},
    "under-review": {"upholding": "upheld", "variation": "varied", "revocation": "revoked"},
    "upheld": {"appeal": "under-review", "closure": "closed"},
    "varied": {"appeal": "under-review", "closure": "closed"},
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
    passed: set[str] = field(default_factory=set)
    asked: str = ""
    filed: date | None = None
    extended: bool = False
    answer_extended: bool = False
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


def permits(told: Told, ask: Asking) -> bool:
    """Whether domain.md permits the step now, by these, with that content."""
    step, by = ask.step, ask.by
    if step == "recusal":
        in_table = told.state not in ENDED
    elif step == "extension":
        in_table = told.state in EXTENDABLE or (told.state == "under-review" and told.asked == "appeal")
    else:
        in_table = step in TABLE[told.state] or (step == "revocation" and told.revocable and not told.revoked)
    if not in_table or by in told.recused:
        return False
    if (by not in told.announced) if step in PLEAS else (by in NAMED):
        return False
    content = CONTENT.get(step)
    return content is None or content(told, ask)


def _fit(told: Told, people: tuple[str, ...]) -> bool:
    return len(set(people)) == len(people) and not set(people) & (told.recused | set(NAMED))


def _heard(told: Told) -> bool:
    return set(told.announced) <= told.heard or "defence" in told.passed


def _majority(told: Told, ask: Asking) -> bool:
    ayes = sum(vote == ask.step for vote in told.votes.values())
    return _heard(told) and len(told.votes) >= 3 and ayes * 2 > len(told.members)


def _bounded(told: Told, ask: Asking, bounds: dict[str, str], *, whole: bool) -> bool:
    given = dict(ask.measures)
    if len(given) != len(ask.measures) or set(given) - set(told.announced):
        return False
    if whole and set(given) != set(told.announced):
        return False
    if any(code not in ORDER for code in given.values()):
        return False
    return not any(harsher(given.get(person, "none"), bound) for person, bound in bounds.items())


def _referred(told: Told, ask: Asking) -> dict[str, str]:
    given = dict(ask.measures)
    return {p: given.get(p, "referral" if m == "referral" else "none") for p, m in told.announced.items()}


def _decides(told: Told, ask: Asking) -> bool:
    given = dict(ask.measures)
    burdens = any(code != "none" for code in given.values())
    if burdens and (told.late or not told.found):
        return False
    return (
        _majority(told, ask) and "referral" not in given.values() and "reason" in ask.texts
        and _bounded(told, ask, told.announced, whole=True)
    )  # fmt: skip


def _notices(told: Told, ask: Asking) -> bool:
    people = [person for person, _, _ in ask.announced]
    return (
        told.found and len(told.team) >= 2 and bool(people) and len(set(people)) == len(people)
        and all(NAMED.get(person) == role for person, role, _ in ask.announced)
        and all(measure in ORDER for _, _, measure in ask.announced)
        and {"facts", "basis"} <= set(ask.texts)
    )  # fmt: skip


def _closes(told: Told, ask: Asking) -> bool:
    if told.state == "revoked":
        return True
    if told.state == "served" and any(m not in ("none", "referral") for m in told.measures.values()):
        return False
    if told.state in ("upheld", "varied"):
        return told.asked == "appeal" or "appeal" in told.passed
    return "review-request" in told.passed


def _extends(told: Told, ask: Asking) -> bool:
    again = told.answer_extended if told.state == "under-review" else told.extended
    return not again and "reason" in ask.texts


CONTENT: dict[Step, Callable[[Told, Asking], bool]] = {
    "dismissal": lambda t, a: "reason" in a.texts,
    "filing": lambda t, a: "reason" in a.texts,
    "recusal": lambda t, a: "reason" in a.texts,
    "upholding": lambda t, a: "reason" in a.texts,
    "revocation": lambda t, a: "reason" in a.texts,
    "investigators": lambda t, a: _fit(t, a.people) and len(a.people) >= 2,
    "notice": _notices,
    "defence": lambda t, a: (
        a.waived != ("defence" in a.texts)
        and not (a.by in t.heard and (a.waived or t.state == "deliberation"))
        and not ("defence" in t.passed and t.state == "deliberation")
    ),
    "deliberation": lambda t, a: (
        _heard(t) and _fit(t, a.people) and len(a.people) >= 3 and not set(a.people) & set(t.team)
    ),
    "vote": lambda t, a: a.by in t.members and a.by not in t.votes,
    "exemption": lambda t, a: _majority(t, a) and a.ground == "force-majeure" and "reason" in a.texts,
    "decision": _decides,
    "referral": lambda t, a: (
        _majority(t, a) and "referral" in _referred(t, a).values() and t.found and not t.late and "reason" in a.texts
        and _bounded(t, a, t.announced, whole=False)
    ),
    "execution": lambda t, a: any(m not in ("none", "referral") for m in t.measures.values()),
    "review-request": lambda t, a: t.asked == "" and "review-request" not in t.passed and "request" in a.texts,
    "appeal": lambda t, a: t.asked == "review" and "appeal" not in t.passed and "request" in a.texts,
    "variation": lambda t, a: "reason" in a.texts and _bounded(t, a, t.measures, whole=True),
    "extension": _extends,
    "closure": _closes,
}  # fmt: skip


def is_sensitive(told: Told, step: str) -> bool:
    no_measures = all(measure == "none" for measure in told.measures.values())
    return step in TWO or (step == "closure" and no_measures)


def takes(told: Told, ask: Asking) -> Told:
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
            told.answer_extended = True
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
        case "exemption" | "revocation":
            told.measures = dict.fromkeys(told.announced, "none")
            told.revoked = told.revoked or step == "revocation"
        case "decision" | "variation":
            told.measures = given
        case "referral":
            told.measures = _referred(told, ask)
        case "review-request":
            told.asked = "review"
        case "appeal":
            told.asked, told.answer_extended = "appeal", False
    if told.state != before:
        told.waits = None
    return told
