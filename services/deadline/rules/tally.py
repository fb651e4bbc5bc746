"""What operators count of clocks, as differences: a batch adds what it changed, so that nobody counts millions of rows.

The kinds of a clock are its state and, besides, `uncountable`, `unconfirmed` and
`provisional`. A clock that does not apply has none.
"""

from collections import Counter

from services.deadline.rules.clock import State
from services.deadline.rules.stored import Stored

UNCOUNTABLE = "uncountable"
"""Its limit cannot be counted: nobody is held to it."""
UNCONFIRMED = "unconfirmed"
"""It is late, but nobody is named until its publisher has told what it did, or a person confirms it (D8)."""
PROVISIONAL = "provisional"
"""It runs into a year whose official calendar is not published, and is not over yet (R3)."""
_RUNNING = (State.RUNNING, State.WARNED, State.PAUSED)


def kinds(row: Stored | None) -> list[str]:
    """What the clock counts as."""
    if row is None or not row.applies:
        return []
    found = [row.state.value]
    if row.problem is not None:
        found.append(UNCOUNTABLE)
    if row.unconfirmed:
        found.append(UNCONFIRMED)
    if row.state in _RUNNING and row.late_from is not None and row.says["counted"]["provisional"]:
        found.append(PROVISIONAL)
    return found


def tally(counts: Counter[str], before: Stored | None, after: Stored) -> None:
    """Add to `counts` what becomes of the numbers when a clock changes so."""
    was, becomes = kinds(before), kinds(after)
    if was == becomes:
        return
    for kind in was:
        counts[kind] -= 1
    for kind in becomes:
        counts[kind] += 1
