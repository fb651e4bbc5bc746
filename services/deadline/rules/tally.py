"""What operators count of clocks, as differences: a batch adds what it changed, so that nobody counts millions of rows.

The kinds of a clock are its state and, besides, `uncountable` and `provisional`. A clock that does not apply has none.
"""

from collections import Counter

from services.deadline.rules.change import Stored
from services.deadline.rules.clock import State

UNCOUNTABLE = "uncountable"
"""Its limit cannot be counted: nobody is held to it."""
PROVISIONAL = "provisional"
"""It runs into a year whose official calendar is not published, and is not over yet (R3)."""
_RUNNING = (State.RUNNING, State.WARNED)


def kinds(row: Stored | None) -> list[str]:
    """What the clock counts as."""
    if row is None or not row.applies:
        return []
    found = [row.state.value]
    if row.problem is not None:
        found.append(UNCOUNTABLE)
    if row.state in _RUNNING and row.says["counted"]["provisional"]:
        found.append(PROVISIONAL)
    return found


def tally(counts: Counter[str], before: Stored | None, after: Stored) -> None:
    """Add to `counts` what becomes of the numbers when a clock changes so."""
    for kind in kinds(before):
        counts[kind] -= 1
    for kind in kinds(after):
        counts[kind] += 1
