"""One event in one line of English: what happened, and to whom. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from shared.events import accountability as a
from shared.events import deadline as d
from shared.events import notification as n
from shared.events.base import Event
from shared.events.catalog import EVENTS
from shared.events.oversight import CaseOverseerLate

_OPENING: tuple[type[Event], ...] = (
    d.DeadlineScheduled, d.DeadlinePaused, d.DeadlineResumed, d.DeadlineRescheduled, d.DeadlineFinding,
    d.DeadlineFindingRevoked, d.DeadlineWarned, d.DeadlineMet, d.DeadlineVoided, d.DeadlineMissed, d.DeadlineDeemed,
    d.DeadlineDeemedRevoked, d.DeadlineOverdue, d.DeadlineOverdueRevoked, a.CaseOpened, a.CaseReinstated,
    a.CaseRevised, d.DeadlineStoppedLate, d.DeadlineWithdrawn, a.CaseEscalated, a.CaseWithdrawn, a.CaseAnswered,
    a.CardIssued, a.CardRevoked,
)  # fmt: skip
ORDER: tuple[type[Event], ...] = (
    *_OPENING,
    *(event for event in EVENTS["case-events"] if event not in _OPENING),
    n.NotificationSent, n.NotificationFailed, n.NotificationSuppressed,
)  # fmt: skip
"""Causes before what they cause, within one instant."""

COUNTED: Mapping[type[Event], tuple[str, str]] = {
    d.DeadlineScheduled: ("received", "received"),
    d.DeadlineWarned: ("warning", "warnings"),
    d.DeadlineMet: ("done in time", "done in time"),
    d.DeadlineStoppedLate: ("done late", "done late"),
    d.DeadlineMissed: ("missed", "missed"),
    a.CaseOpened: ("case opened", "cases opened"),
    a.CaseWithdrawn: ("case withdrawn", "cases withdrawn"),
    a.CaseEscalated: ("climbed a rung", "climbed a rung"),
    n.NotificationSent: ("notice", "notices"),
}
"""What a month's line counts."""


def of_a_case(event: Event) -> bool:
    """Whether it is about a case's own clock: the overseers', not the matter's."""
    return isinstance(event, d.ClockEvent) and event.subject.startswith("case:")


def line_of(event: Event, told: Sequence[str]) -> str | None:
    """What happened; None for what is not told one by one. `told` are those who were sent a notice of it."""
    match event:
        case d.DeadlineScheduled():
            said = f"received by {event.unit}; due {_day(event.due)} ({event.limit.amount}, {event.limit.source})"
        case d.DeadlinePaused():
            said = f"stands still: {event.ground}" + (f", until {_day(event.until)}" if event.until else "")
        case d.DeadlineResumed():
            said = f"goes on; due {_day(event.due)}"
        case d.DeadlineDeemed():
            said = f"nobody answered: deemed {event.outcome} ({event.legal_basis})"
        case d.DeadlineOverdue():
            said = f"still not done, {event.overdue} after {_day(event.due)}"
        case d.DeadlineFinding():
            said = f"against the rules: {event.detail}"
        case d.DeadlineWarned():
            said = f"warning: {event.warning} left until {_day(event.due)}"
        case d.DeadlineMet():
            said = f"done on {_day(event.done_at)}, in time (due {_day(event.due)})"
        case d.DeadlineMissed():
            said = f"MISSED: due {_day(event.due)}, not done"
        case d.DeadlineStoppedLate():
            said = f"done on {_day(event.done_at)}, late (due {_day(event.due)}); the case stands"
        case a.CaseOpened():
            roles = ", ".join(f"{r.role} {r.person or 'vacant'}" for r in event.responsible)
            said = f"case {event.case_id[:8]} opened by itself: {roles}"
        case a.CaseEscalated():
            said = f"case {event.case_id[:8]} unanswered: it climbs to the {event.addressee.person or 'operators'}"
        case CaseOverseerLate():
            whom = event.addressee.person or "operators"
            said = f"case {event.case_id[:8]}: the {event.clock} is late too; it comes to {whom}"
        case a.CaseWithdrawn():
            said = f"case {event.case_id[:8]} withdrawn: {event.reason}"
        case _:
            return None
    return said + (f" → told: {', '.join(told)}" if told else "")


def counts_of(counts: Counter[type[Event]]) -> str:
    """A month in one line."""
    return ", ".join(f"{n} {words[n > 1]}" for kind, words in COUNTED.items() if (n := counts[kind]))


def _day(when: date | datetime) -> str:
    return f"{when:%Y-%m-%d}"
