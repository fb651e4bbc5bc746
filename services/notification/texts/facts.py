"""What the templates may say of an event: the same facts for every language, each formatted there."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from services.notification.rules.notices import Case
from shared.events.accountability import (
    CaseEscalated,
    CaseEvent,
    CaseOpened,
    CaseReinstated,
    CaseRevised,
    CaseWithdrawn,
)
from shared.events.deadline import DeadlineWarned
from shared.events.limits import LimitTerms

CASE = "case:"
Told = DeadlineWarned | CaseOpened | CaseEscalated | CaseReinstated | CaseWithdrawn | CaseRevised


def facts_of(event: Told, case: Case | None) -> dict[str, Any]:
    """`case` is what is known of the case apart from the event; None for a warning."""
    match event:
        case DeadlineWarned():
            own = event.subject.startswith(CASE)
            return {
                **_matter(event.authority, event.matter, event.item, event.holding.unit or event.unit),
                "case_id": event.subject.removeprefix(CASE) if own else None,
                "clock": event.clock, "part": "" if own else event.subject,
                "due": event.due, "late_from": event.late_from, "left": event.warning,
            }  # fmt: skip
        case CaseOpened():
            return {
                **_case(event, case), "part": event.subject, "late_from": event.late_from,
                "answer": _answer(event.limits), "rulebook": event.rulebook, "miss": event.miss,
            }  # fmt: skip
        case CaseReinstated():
            return {**_case(event, case), "answer": _answer(event.limits), "miss": event.miss}
        case CaseEscalated():
            return {**_case(event, case), "last": event.last, "rung": event.rung, "miss": event.miss}
        case CaseWithdrawn():
            return {**_case(event, case), "reason": event.reason, "cause": event.cause}
        case CaseRevised():
            return {**_case(event, case), "reason": event.reason}


def read(due: str | None) -> datetime | date | None:
    """A due as a case is remembered with it."""
    if due is None:
        return None
    return date.fromisoformat(due) if len(due) == len("2026-01-28") else datetime.fromisoformat(due)


def _matter(authority: str, matter: str, item: str | None, unit: str | None) -> Mapping[str, Any]:
    return {"authority": authority, "matter": matter, "item": item, "unit": unit}


def _case(event: CaseEvent, case: Case | None) -> Mapping[str, Any]:
    known = case or Case("", event.case_id, 0)
    return {
        **_matter(event.authority, event.matter, known.item, known.unit),
        "case_id": event.case_id, "clock": known.clock, "due": read(known.due),
    }  # fmt: skip


def _answer(limits: Sequence[LimitTerms]) -> str | datetime | date | None:
    """Until when the first answer is asked for: the first of the case's limits, as an amount or as its stated end."""
    return (limits[0].amount or limits[0].at) if limits else None
