"""The terms of a limit beyond the plainest ones, as they were stamped: JSON-ready, in the order of their model."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from services.deadline.rules.limits import ExtensionTerms, Finds, Limit, PauseTerms, Second


@lru_cache(maxsize=4096)  # the same few limits are stamped on thousands of matters
def further_terms(limit: Limit) -> Mapping[str, Any]:
    """What the limit says beyond its amount; nothing of what it leaves as it is everywhere."""
    text: dict[str, Any] = {}
    if limit.kind is not None:
        text["kind"] = limit.kind
    if limit.per is not None:
        text["per"] = limit.per
    if limit.stage is not None:
        text["stage"] = limit.stage
    if limit.cut_off is not None:
        text["cut_off"] = limit.cut_off.isoformat()
    if limit.second is not None:
        text["choose"] = "later" if limit.second.later else "earlier"
        text["second"] = _second(limit.second)
    if limit.pauses:
        text["pauses"] = [_pause(terms) for terms in limit.pauses]
    if limit.extension is not None:
        text["extension"] = _extension(limit.extension)
    if limit.restarts_on:
        text["restarts_on"] = list(limit.restarts_on)
    if limit.on_expiry is not None:
        text["on_expiry"] = {"outcome": limit.on_expiry.outcome, "legal_basis": limit.on_expiry.legal_basis}
    if limit.overdue:
        text["overdue"] = [str(amount) for amount in limit.overdue]
    if limit.finds:
        text["finds"] = [_finds(each) for each in limit.finds]
    return text


def _finds(finds: Finds) -> Mapping[str, Any]:
    text: dict[str, Any] = {"code": finds.code, "on": finds.on}
    if finds.result:
        text["result"] = list(finds.result)
    if finds.before is not None:
        text["before"] = finds.before
    if finds.returned:
        text["returned"] = True
    return text


def _second(second: Second) -> Mapping[str, Any]:
    text: dict[str, Any] = {}
    if second.amount is not None:
        text["amount"] = str(second.amount)
    if second.at is not None:
        text["at"] = second.at.isoformat()
    return text | {"start_rule": second.start_rule.value, "roll": second.roll.value}


def _pause(terms: PauseTerms) -> Mapping[str, Any]:
    text: dict[str, Any] = {"ground": terms.ground}
    if terms.longest is not None:
        text["longest"] = str(terms.longest)
    text["then"] = terms.then.value
    if terms.times is not None:
        text["times"] = terms.times
    return text


def _extension(terms: ExtensionTerms) -> Mapping[str, Any]:
    text: dict[str, Any] = {} if terms.most is None else {"most": str(terms.most)}
    return text | {
        "times": terms.times,
        "base": "rolled" if terms.rolled else "nominal",
        "after_expiry": "taken" if terms.late else "refused",
        "approver": terms.approver,
        "reason": terms.reason,
    }
