"""What a batch decides for one matter: its clocks folded from all facts, compared with what was stored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.deadline.rules.change import Change, Stored, compare, rowed, vanish
from services.deadline.rules.facts import Fact
from services.deadline.rules.fold import CalendarOf, fold


@dataclass(frozen=True, slots=True)
class Decision:
    """Rows to write with the events each publishes; unchanged clocks are left out."""

    clocks: tuple[tuple[Stored, tuple[Change, ...]], ...]
    refold_at: datetime | None


def decide(
    authority: str,
    matter: str,
    facts: Sequence[Fact],
    stored: Sequence[Stored],
    calendar_of: CalendarOf,
    now: datetime,
    confirmed: datetime,
) -> Decision:
    """Fold and compare. A clock that was set back, or lags behind another replica's, takes nothing back: what was known
    stays known, and what has fired stays fired until a fact, not the time, says otherwise. Raises DeadlineError for a
    limit that cannot be counted.
    """
    confirmed = max([confirmed, *(row.confirmed for row in stored if row.confirmed is not None)])
    now = max([now, confirmed, *(row.known for row in stored if row.known is not None)])
    folded = fold(facts, calendar_of, now, confirmed)
    ahead = folded.refold_at
    while ahead is not None:  # what cannot be counted is refused with the fact that brings it, and not in the sweep
        ahead = fold(facts, calendar_of, ahead, confirmed).refold_at
    before = {(row.name, row.subject): row for row in stored}
    decided = []
    for clock in folded.clocks:
        old = before.pop((clock.name, clock.subject), None)
        row, changes = compare(old, rowed(authority, matter, clock))
        if row != old:
            decided.append((replace(row, known=now, confirmed=confirmed), changes))
    for old in before.values():
        row, changes = vanish(old, registered=old.subject in folded.registered)
        if row != old:
            decided.append((replace(row, known=now, confirmed=confirmed), changes))
    return Decision(tuple(decided), folded.refold_at)
