"""What people ask for in a case: as those ask who know the rules, with one fault, or anything that comes to mind."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st

from services.accountability.rules.process_model import Outcome, Step
from tests.support.due_process import LEAST, NAMED, OFFICERS, ORDER, OUTCOME, PEOPLE, STEPS, TABLE, Asking, Told

Draw = Callable[[st.SearchStrategy[Any]], Any]


def proper(told: Told, step: Step, draw: Draw) -> Asking:
    """The step as somebody who knows the rules would ask for it, as far as that is possible."""
    free = [p for p in OFFICERS if p not in told.recused] or OFFICERS
    panel = [p for p in free if p not in told.team]
    by = draw(st.sampled_from(free))

    def pick(bound: str) -> str:
        return ORDER[draw(st.integers(0, min(ORDER.index(bound), 5)))]

    match step:
        case "defence" | "review-request" | "appeal":
            text = {"defence": "defence"}.get(step, "request")
            return Asking(step, draw(st.sampled_from(sorted(told.announced) or ["zhang"])), texts=(text,))
        case "investigators":
            return Asking(step, by, people=tuple(free[:2]))
        case "recusal":
            acting = [*told.team, *told.members] or PEOPLE
            return Asking(
                step, by, people=(draw(st.sampled_from([*acting, draw(st.sampled_from(PEOPLE))])),), texts=("reason",)
            )
        case "notice":
            people = draw(st.lists(st.sampled_from(sorted(NAMED)), min_size=1, unique=True))
            said = tuple((p, NAMED[p], draw(st.sampled_from(ORDER))) for p in people)
            return Asking(step, by, announced=said, texts=("facts", "basis"))
        case "deliberation":
            return Asking(step, by, people=tuple(panel[:3]))
        case "vote":
            waiting = [p for p in told.members if p not in told.votes] or free
            common = next(iter(told.votes.values()), None)
            return Asking(step, waiting[0], vote=common or draw(st.sampled_from(OUTCOME)))
        case "exemption":
            return Asking(step, by, ground="force-majeure", texts=("reason",))
        case "decision":
            return Asking(step, by, measures=tuple((p, pick(b)) for p, b in told.announced.items()), texts=("reason",))
        case "variation":
            return Asking(step, by, measures=tuple((p, pick(b)) for p, b in told.measures.items()), texts=("reason",))
        case "referral":
            return Asking(step, by, ground="the commission", texts=("reason",))
    return Asking(step, by, texts=("reason",))


def wild(draw: Draw) -> Asking:
    """Anything."""
    some = st.lists(st.sampled_from(PEOPLE), max_size=4).map(tuple)
    return Asking(
        draw(st.sampled_from(STEPS)),
        draw(st.sampled_from(PEOPLE)),
        people=draw(some),
        announced=tuple(
            (p, draw(st.sampled_from(LEAST)), draw(st.sampled_from([*ORDER, "dismissal"]))) for p in draw(some)
        ),
        measures=tuple((p, draw(st.sampled_from([*ORDER, "demotion"]))) for p in draw(some)),
        ground=draw(st.sampled_from(["force-majeure", "bad-luck", None])),
        vote=draw(st.sampled_from(OUTCOME)),
        waived=draw(st.booleans()),
        texts=tuple(draw(st.sets(st.sampled_from(["reason", "facts", "basis", "defence", "request"])))),
    )


FAULTS: dict[Step, list[str]] = {
    "investigators": ["people"], "deliberation": ["people"], "notice": ["announced"], "decision": ["measures"],
    "referral": ["measures"], "variation": ["measures"],
}  # fmt: skip
ERRS: dict[str, list[Step]] = {
    "filed": ["investigators"], "investigating": ["notice"], "deliberation": ["decision", "decision", "referral"],
    "under-review": ["variation"],
}  # fmt: skip
"""Where a fault would weigh most."""


def faulty(told: Told, ask: Asking, field: str, draw: Draw) -> Asking:
    """The same, with one field as it may come."""
    match field:
        case "by":
            return replace(ask, by=draw(st.sampled_from(sorted(told.recused) or PEOPLE)))
        case "people":
            some = st.lists(st.sampled_from([*OFFICERS, *OFFICERS, *PEOPLE]), min_size=1, max_size=4)
            return replace(ask, people=tuple(draw(some)))
        case "measures":
            return replace(ask, measures=tuple((person, draw(st.sampled_from(ORDER))) for person in told.announced))
        case "announced":
            named = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3))
            return replace(ask, announced=tuple((one, draw(st.sampled_from(LEAST)), "transfer") for one in named))
        case "words":
            return replace(ask, texts=(), ground=None, waived=not ask.waived)
    return ask


def asked(told: Told, draw: Draw) -> Asking:
    """What leads on, the same with a fault, or what anybody might think of."""
    there: list[Step] = list(TABLE[told.state]) or ["recusal"]
    if told.revocable:
        there.append("revocation")
    kind = draw(st.sampled_from(["proper", "proper", "nearly", "nearly", "beside", "wild"]))
    if kind == "wild":
        return wild(draw)
    step: Step = draw(st.sampled_from(["recusal", "extension"] if kind == "beside" else there))
    found = proper(told, step, draw)
    field = draw(st.sampled_from([*FAULTS.get(step, []), "by", "words"])) if kind == "nearly" else "none"
    return faulty(told, found, field, draw)


def course(outcome: Outcome, remedy: list[Step]) -> list[Asking]:
    """From a lead to an appeal, by people who know the rules."""
    measure = "referral" if outcome == "referral" else "transfer"
    concluded = Asking(
        outcome, "chen", ground="force-majeure", texts=("reason",),
        measures=(("zhang", "admonition"), ("li", "none")) if outcome == "decision" else (),
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
        Asking("service", "chen"),
        *([Asking("execution", "chen")] if outcome == "decision" else []),
        *(Asking(step, "zhang" if step in ("review-request", "appeal") else "chen", texts=("request", "reason"))
          for step in remedy),
    ]  # fmt: skip
