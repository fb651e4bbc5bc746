"""R25 on what was decided: which act kept the matter open when its limit passed, and who answers for it.

    order to hold ──────────────► whoever gave it                      direct
    collective decision to hold ► all who voted for it; dissenters not direct
    approver holds, over a correct opinion or past a review ─────────► approver direct
    reviewer holds, over a correct opinion ──────────────────────────► reviewer direct
    nothing of this ────────────► the handler's own fault              handler direct, reviewer leading

As to a miss an opinion was correct if it would have ended the matter: to grant or to refuse, in time. A hold stands
until somebody of the same or a higher office decides otherwise; of several that stand the highest answers.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from services.accountability.rules.circumstances import HOLD, Act
from services.accountability.rules.model import Ref

ORDER, COLLECTIVE, APPROVER, REVIEWER = "R25/order", "R25/collective", "R25/approver", "R25/reviewer"
REVIEW, DISSENT = "R25/review", "R25/dissent"
_OFFICES = {"handler": 0, "reviewer": 1, "approver": 2}
_DECISION, _ORDER = 3, 4


class Answerable(NamedTuple):
    """Who answers directly for an act, by which rule, and why; `acts` are those it rests on."""

    rule: str
    persons: tuple[str, ...]
    act: Act
    against: Act | None = None


Rule = Callable[[Act, "Opinions"], Answerable | None]
Opinions = dict[Ref, Act]
"""The opinions on the matter, by the identity of their facts."""


def known_by(acts: Iterable[Act], late_from: datetime) -> list[Act]:
    """The acts before the limit passed, in order: what came later kept nothing open."""
    return sorted((act for act in acts if act.at < late_from), key=lambda act: (act.at, _office(act), act.fact))


def standing_holds(acts: Iterable[Act]) -> list[Act]:
    """The holds that nobody lifted, the highest office first. `acts` are in order."""
    standing: dict[int, Act] = {}
    for act in acts:
        office = _office(act)
        if act.stance == HOLD:
            standing[office] = act
        else:
            standing = {of: held for of, held in standing.items() if of > office}
    return [standing[of] for of in sorted(standing, reverse=True)]


def who_gave_the_order(hold: Act, _: Opinions) -> Answerable | None:
    """Whoever ordered to hold is direct, whoever obeyed is not."""
    return Answerable(ORDER, (hold.person,), hold) if hold.kind == "order" and hold.person is not None else None


def who_decided_together(hold: Act, _: Opinions) -> Answerable | None:
    """All who voted to hold are direct; those who dissented are not liable."""
    if hold.kind != "decision":
        return None
    persons = tuple(sorted(set(hold.members) - set(hold.dissented)))
    return Answerable(COLLECTIVE, persons, hold) if persons else None


def approver_overrode_or_bypassed(hold: Act, opinions: Opinions) -> Answerable | None:
    """An approver who holds against a correct opinion, or without the opinion that should have come first."""
    if hold.role != "approver" or hold.person is None:
        return None
    overridden = _correct(hold, opinions)
    if overridden is None and hold.bypasses is None:
        return None
    return Answerable(APPROVER, (hold.person,), hold, overridden)


def reviewer_overrode(hold: Act, opinions: Opinions) -> Answerable | None:
    """A reviewer who holds against a handler's correct opinion."""
    if hold.role != "reviewer" or hold.person is None:
        return None
    overridden = _correct(hold, opinions)
    return None if overridden is None else Answerable(REVIEWER, (hold.person,), hold, overridden)


RULES: tuple[Rule, ...] = (
    who_gave_the_order, who_decided_together, approver_overrode_or_bypassed, reviewer_overrode,
)  # fmt: skip


def answerable(acts: Iterable[Act], late_from: datetime) -> Answerable | None:
    """Who is direct for what was decided; None: it was the handler's own fault."""
    known = known_by(acts, late_from)
    opinions = {act.fact: act for act in known if act.kind == "opinion"}
    found = (rule(hold, opinions) for hold in standing_holds(known) for rule in RULES)
    return next((each for each in found if each is not None), None)


def reviewer_of(acts: Iterable[Act], late_from: datetime) -> Act | None:
    """The last review of the matter before its limit passed: whose reviewer leads where the handler is at fault."""
    return next((act for act in reversed(known_by(acts, late_from)) if act.role == "reviewer"), None)


def dissents(acts: Iterable[Act], late_from: datetime) -> dict[str, Act]:
    """Who is not liable for the collective decision that stands, because they were against it."""
    found = answerable(acts, late_from)
    return {} if found is None or found.rule != COLLECTIVE else dict.fromkeys(found.act.dissented, found.act)


def _correct(hold: Act, opinions: Opinions) -> Act | None:
    """The opinion that a hold sets aside, if it would have ended the matter, came first, and from a lower office."""
    overridden = None if hold.overrides is None else opinions.get(hold.overrides)
    if overridden is None or overridden.stance == HOLD or overridden.at > hold.at:
        return None
    return overridden if _office(overridden) < _office(hold) else None


def _office(act: Act) -> int:
    if act.kind == "order":
        return _ORDER
    return _DECISION if act.kind == "decision" else _OFFICES[act.role or "handler"]
