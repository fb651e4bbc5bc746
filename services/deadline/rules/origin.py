"""What of imported history is live (D9): what happened at or after the instant at which its source went live.

A matter that was imported stays imported, and what happened in it before is told to nobody. Of what a clock tells, the
instant counts at which it happened, never the one at which it was published: so a service that was down tells nothing
of before, and history that is imported later does not either.
"""

from collections.abc import Mapping
from datetime import datetime

from services.deadline.rules.change import Change
from services.deadline.rules.stored import Stored

Live = Mapping[str, tuple[datetime, ...]]
"""Since when each source is live; one that is not among them is not."""
HISTORY: Live = {}
CASE_WENT_LIVE = "case.went_live"
_ENDS = frozenset({"deadline.met", "deadline.stopped_late", "deadline.voided"})
_STANDS = frozenset({"deadline.paused"})
"""What is told only while it lasts."""


def is_live(row: Stored, change: Change, live: Live, now: datetime) -> bool:
    """Whether a change of an imported clock is told like any other."""
    facts = row.says["facts"]
    if row.part:  # of a case, whose limits began when it went live itself
        return any(fact["type"] == CASE_WENT_LIVE for fact in facts)
    since = live.get(facts[0]["source"], ())
    at = happened(row, change, now) if since else None
    return at is not None and any(at >= each for each in since)


def happened(row: Stored, change: Change, now: datetime) -> datetime | None:
    """When what a change tells happened; None: it never did."""
    if change.at is not None:
        return change.at
    if change.type in _STANDS:
        return now
    if change.type in _ENDS:
        return row.done_at or row.late_from
    if (by := change.says.get("by")) is not None:
        return datetime.fromisoformat(by["at"])
    late_from = change.says.get("late_from")
    return row.late_from if late_from is None else datetime.fromisoformat(late_from)
