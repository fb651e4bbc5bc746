"""What due process permits, as domain.md §4 and R26–R30 have it: by whom, when, and with what content."""

from collections.abc import Callable
from datetime import datetime

from services.accountability.rules.process_model import Step
from tests.support.due_process import (
    ENDED,
    EXTENDABLE,
    NAMED,
    ORDER,
    PLEAS,
    TABLE,
    Asking,
    Told,
    chosen,
    harsher,
    may_ask,
    referred,
    to_execute,
)


def permits(told: Told, ask: Asking, at: datetime, now: datetime) -> bool:
    """Whether domain.md permits the step at that time, by these, with that content."""
    step, by = ask.step, ask.by
    if step in ("review-request", "appeal") and by in told.served:
        if not told.served[by] <= at <= now or at >= told.passed.get(f"{step}:{by}", at.max.replace(tzinfo=at.tzinfo)):
            return False
    elif at != now:
        return False
    if step == "recusal":
        in_table = told.state not in ENDED
    elif step == "extension":
        in_table = told.state in EXTENDABLE or told.state == "under-review"
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
    if to_execute(told) or told.unserved or told.open:
        return False
    return all(f"{step}:{person}" in told.passed for person in told.announced if (step := may_ask(told, person)))


def _extends(told: Told, ask: Asking) -> bool:
    if "reason" not in ask.texts:
        return False
    if told.state != "under-review":
        return not told.extended and not told.late
    people = chosen((p for p in told.open if told.asked[p] == "appeal" and p not in told.more_time), ask)
    return bool(people) and not any(f"appeal-decision:{person}" in told.passed for person in people)


def _varies(told: Told, ask: Asking) -> bool:
    people = chosen(told.open, ask)
    return (
        bool(people) and people <= set(dict(ask.measures)) and "reason" in ask.texts
        and _bounded(told, ask, told.measures, whole=False)
    )  # fmt: skip


CONTENT: dict[Step, Callable[[Told, Asking], bool]] = {
    "dismissal": lambda t, a: "reason" in a.texts,
    "filing": lambda t, a: "reason" in a.texts,
    "recusal": lambda t, a: "reason" in a.texts,
    "upholding": lambda t, a: "reason" in a.texts and bool(chosen(t.open, a)),
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
        _majority(t, a) and "referral" in referred(t, a).values() and t.found and not t.late and "reason" in a.texts
        and _bounded(t, a, t.announced, whole=False)
    ),
    "service": lambda t, a: bool(chosen(t.unserved, a)),
    "execution": lambda t, a: bool(to_execute(t) - set(t.unserved)),
    "review-request": lambda t, a: may_ask(t, a.by) == "review-request" and "request" in a.texts,
    "appeal": lambda t, a: may_ask(t, a.by) == "appeal" and "request" in a.texts,
    "variation": _varies,
    "extension": _extends,
    "closure": _closes,
}  # fmt: skip
