"""What people ask for in a case: as those ask who know the rules, with one fault, or anything that comes to mind."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import hypothesis.strategies as st

from services.accountability.rules.process_model import Announced, Command, Outcome, Step
from tests.support.due_process import (
    LEAST,
    NAMED,
    OFFICERS,
    ORDER,
    OUTCOME,
    PEOPLE,
    STEPS,
    TABLE,
    Asking,
    Told,
    may_ask,
)

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[Any]], Any]


@cache
def _below(count: int) -> st.SearchStrategy[int]:
    """Made once: to make a strategy costs more than to draw from it."""
    return st.integers(0, count - 1)


def one_of(among: Sequence[T], draw: Draw) -> T:
    """The first is the simplest; where there is one nothing is drawn."""
    return among[0] if len(among) == 1 else among[draw(_below(len(among)))]


def some_of(among: Sequence[T], draw: Draw, least: int, most: int) -> list[T]:
    """Any of them, also twice."""
    return [one_of(among, draw) for _ in range(least + draw(_below(most - least + 1)))]


def proper(told: Told, step: Step, draw: Draw) -> Asking:
    """The step as somebody who knows the rules would ask for it, as far as that is possible."""
    free = [p for p in OFFICERS if p not in told.recused] or OFFICERS
    panel = [p for p in free if p not in told.team]

    def pick(bound: str) -> str:
        return ORDER[one_of(range(min(ORDER.index(bound), 5) + 1), draw)]

    def part(among: Sequence[str]) -> tuple[str, ...]:
        """All of them, by no name or by each, or one."""
        return one_of([(), *((one,) for one in among)], draw)

    match step:
        case "defence" | "review-request" | "appeal":
            able = [p for p in told.announced if step in ("defence", may_ask(told, p))] or sorted(told.announced)
            text = {"defence": "defence"}.get(step, "request")
            return Asking(step, one_of(able or ["zhang"], draw), texts=(text,))
        case "vote":
            waiting = [p for p in told.members if p not in told.votes] or free
            common = next(iter(told.votes.values()), None)
            return Asking(step, waiting[0], vote=common or one_of(OUTCOME, draw))
    by = one_of(free, draw)
    match step:
        case "investigators":
            return Asking(step, by, people=tuple(free[:2]))
        case "recusal":
            acting = [*told.team, *told.members] or PEOPLE
            return Asking(step, by, people=(one_of([*acting, one_of(PEOPLE, draw)], draw),), texts=("reason",))
        case "notice":
            first = draw(_below(len(PARTIES)))
            said = tuple((p, NAMED[p], one_of(ORDER, draw)) for p in PARTIES[first])
            return Asking(step, by, announced=said, texts=("facts", "basis"))
        case "deliberation":
            return Asking(step, by, people=tuple(panel[:3]))
        case "exemption":
            return Asking(step, by, ground="force-majeure", texts=("reason",))
        case "decision":
            return Asking(step, by, measures=tuple((p, pick(b)) for p, b in told.announced.items()), texts=("reason",))
        case "service":
            return Asking(step, by, people=part(list(told.unserved)))
        case "upholding":
            return Asking(step, by, people=part(sorted(told.open)), texts=("reason",))
        case "variation":
            people = part(sorted(told.open))
            given = tuple((p, pick(b)) for p, b in told.measures.items() if p in (people or told.open))
            return Asking(step, by, people=people, measures=given, texts=("reason",))
        case "extension":
            return Asking(step, by, people=part([p for p in told.open if told.asked[p] == "appeal"]), texts=("reason",))
        case "referral":
            return Asking(step, by, ground="the commission", texts=("reason",))
    return Asking(step, by, texts=("reason",))


PARTIES = [("zhang", "li"), ("li", "zhang"), ("zhang",), ("zhang", "li", "wang"), ("wang",)]
"""To whom a notice goes."""


def wild(draw: Draw) -> Asking:
    """Anything."""
    return Asking(
        one_of(STEPS, draw),
        one_of(PEOPLE, draw),
        people=tuple(some_of(PEOPLE, draw, 0, 4)),
        announced=tuple(
            (p, one_of(LEAST, draw), one_of([*ORDER, "dismissal"], draw)) for p in some_of(PEOPLE, draw, 0, 4)
        ),
        measures=tuple((p, one_of([*ORDER, "demotion"], draw)) for p in some_of(PEOPLE, draw, 0, 4)),
        ground=one_of(["force-majeure", "bad-luck", None], draw),
        vote=one_of(OUTCOME, draw),
        waived=one_of([False, True], draw),
        texts=tuple(some_of(["reason", "facts", "basis", "defence", "request"], draw, 0, 4)),
    )


FAULTS: dict[Step, list[str]] = {
    "investigators": ["people"], "deliberation": ["people"], "notice": ["announced"], "decision": ["measures"],
    "referral": ["measures"], "variation": ["measures", "parties", "fewer"], "service": ["parties"],
    "upholding": ["parties"], "extension": ["parties"],
}  # fmt: skip
ERRS: dict[str, list[Step]] = {
    "filed": ["investigators", "extension"], "investigating": ["notice", "extension"],
    "notice-and-defence": ["deliberation"],
    "deliberation": ["decision", "decision", "referral", "extension"],
    "served": ["closure", "service"], "executing": ["closure"],
    "under-review": ["variation", "upholding", "extension", "review-request"],
    "upheld": ["closure", "appeal"], "varied": ["closure", "execution"],
}  # fmt: skip
"""Where a fault would weigh most."""


def faulty(told: Told, ask: Asking, field: str, draw: Draw) -> Asking:
    """The same, with one field as it may come."""
    match field:
        case "by":
            return replace(ask, by=one_of(sorted(told.recused) or PEOPLE, draw))
        case "people":
            return replace(ask, people=tuple(some_of([*OFFICERS, *OFFICERS, *PEOPLE], draw, 1, 4)))
        case "parties":
            return replace(ask, people=tuple(dict.fromkeys(some_of([*NAMED, OFFICERS[0]], draw, 1, 2))))
        case "measures":
            return replace(ask, measures=tuple((person, one_of(ORDER, draw)) for person in told.announced))
        case "fewer":
            return replace(ask, measures=ask.measures[1:])
        case "announced":
            named = some_of(PEOPLE, draw, 1, 3)
            return replace(ask, announced=tuple((one, one_of(LEAST, draw), "transfer") for one in named))
        case "words":
            return replace(ask, texts=(), ground=None, waived=not ask.waived)
    return ask


KINDS = ["proper", "proper", "nearly", "nearly", "beside", "wild"]
BESIDE: list[Step] = ["recusal", "extension"]


def asked(told: Told, draw: Draw) -> Asking:
    """What leads on, the same with a fault, or what anybody might think of."""
    there: list[Step] = list(TABLE[told.state]) or ["recusal"]
    if told.revocable:
        there.append("revocation")
    kind = one_of(KINDS, draw)
    if kind == "wild":
        return wild(draw)
    step = one_of(BESIDE if kind == "beside" else there, draw)
    found = proper(told, step, draw)
    field = one_of([*FAULTS.get(step, []), "by", "words"], draw) if kind == "nearly" else "none"
    return faulty(told, found, field, draw)


def _remedy(step: Step, who: str = "", measure: str = "") -> Asking:
    if step in ("review-request", "appeal"):
        return Asking(step, who, texts=("request",))
    given = ((who, measure),) if measure else ()
    return Asking(step, "chen", people=(who,) if who else (), measures=given, texts=("reason",))


_SERVED, _ZHANG_ASKS, _LI_ASKS = _remedy("service"), _remedy("review-request", "zhang"), _remedy("review-request", "li")
_VARIED = _remedy("variation", "zhang", "admonition")
_UPHELD, _BOTH_APPEAL = _remedy("upholding"), [_remedy("appeal", "zhang"), _remedy("appeal", "li")]
_MORE_TIME = _remedy("extension", "zhang")
Then = list[Asking | str]
REMEDIES: list[Then] = [
    [_SERVED, _ZHANG_ASKS, _UPHELD, _SERVED, _LI_ASKS, _BOTH_APPEAL[0], _remedy("upholding", "li"), _SERVED],
    [_remedy("service", "zhang"), _ZHANG_ASKS, _SERVED, _LI_ASKS, _remedy("upholding", "zhang"), _SERVED,
     _BOTH_APPEAL[0], "appeal-decision:zhang"],
    [_SERVED, _remedy("execution"), _LI_ASKS, _ZHANG_ASKS, _UPHELD, _SERVED, *_BOTH_APPEAL],
    [_SERVED, _ZHANG_ASKS, _UPHELD, _SERVED, "appeal:zhang", "review-request:li"],
    [_SERVED, _remedy("execution"), _ZHANG_ASKS, _VARIED, replace(_VARIED, by="guo"), _SERVED, "review-request:li",
     "appeal:zhang"],
    [_SERVED, _ZHANG_ASKS, _UPHELD, _SERVED, _BOTH_APPEAL[0], _UPHELD, _SERVED, "review-request:li"],
    [_SERVED, _LI_ASKS, replace(_VARIED, people=(), measures=(("li", "none"), ("zhang", "admonition"))), _ZHANG_ASKS],
    [_SERVED, _remedy("execution"), "review-request:zhang"],
    [_SERVED, _remedy("execution"), _ZHANG_ASKS, _UPHELD, "review-request:li"],
    [_SERVED, _ZHANG_ASKS, _UPHELD, _SERVED, _BOTH_APPEAL[0], _MORE_TIME, replace(_MORE_TIME, by="guo")],
]  # fmt: skip
"""How two parties are served, ask, are answered and let their limits pass: together, one after the other, and each in
their own time. A limit that passes is named."""


def course(outcome: Outcome, remedy: Then) -> Then:
    """From a lead to an appeal, by people who know the rules."""
    measure = "referral" if outcome == "referral" else "transfer"
    concluded = Asking(
        outcome, "chen", ground="force-majeure", texts=("reason",),
        measures=(("zhang", "written-review"), ("li", "admonition")) if outcome == "decision" else (),
    )  # fmt: skip
    return [
        Asking("review", "chen"),
        Asking("filing", "chen", texts=("reason",)),
        Asking("investigators", "chen", people=("chen", "lin")),
        Asking("notice", "chen", announced=(("zhang", "direct", measure), ("li", "leading", "admonition")),
               texts=("facts", "basis")),
        Asking("defence", "zhang", texts=("defence",)),
        Asking("defence", "li", waived=True),
        Asking("deliberation", "chen", people=("wu", "zheng", "huang")),
        *(Asking("vote", member, vote=outcome) for member in ("wu", "zheng", "huang")),
        concluded,
        replace(concluded, by="guo"),
        *remedy,
    ]  # fmt: skip


SERVICE = len(course("decision", []))
"""The place of what follows a conclusion."""
DOUBT = -1
"""In the place of days: a fact learned since proposes to revise who is responsible."""
BEGUN: list[tuple[Outcome, int, int, int]] = [
    *((outcome, 0, far, 0) for outcome in OUTCOME for far in (0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 7, 10, 10, 10, 12)),
    *(("decision", 0, far, 190) for far in (3, 4, *[10] * 8)),
    *(("decision", 0, 10, DOUBT) for _ in range(8)),
    *(
        ("decision", which, SERVICE + far, 0)
        for which, then in enumerate(REMEDIES)
        for far in (*range(1, len(then)), *[len(then)] * 6)
    ),
]
"""Where examples begin: outcome, how the remedies go, how many steps were taken, and days that have passed since."""


def command_of(ask: Asking, at: datetime) -> Command:
    """As the code takes it."""
    announced = tuple(Announced(p, r, "general", m) for p, r, m in ask.announced)
    said = repr((ask.step, ask.people, ask.announced, ask.measures, ask.ground, ask.vote, ask.waived, ask.texts))
    texts = tuple((kind, kind, kind) for kind in ask.texts)
    return Command(
        ask.step, ask.by, at, said, ask.people, announced, ask.measures, ask.ground, ask.vote, ask.waived, texts,
    )  # fmt: skip
