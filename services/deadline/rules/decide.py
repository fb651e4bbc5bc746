"""What a batch decides for one matter: its clocks folded from all facts, compared with what was stored."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.deadline.rules.change import Change, compare, vanish
from services.deadline.rules.clock import EVERYBODY, Heard
from services.deadline.rules.facts import CONFIRMATION, Fact
from services.deadline.rules.fold import CalendarOf, fold
from services.deadline.rules.stored import Stored, rowed
from services.deadline.rules.tally import tally


@dataclass(frozen=True, slots=True)
class Decision:
    """Rows to write with the events each publishes; unchanged clocks are left out. `uncountable` is how many of these
    rows have a limit that cannot be counted, for a reason they did not have before: somebody must correct it. `counts`
    is what becomes of the numbers of clocks by kind.
    """

    clocks: tuple[tuple[Stored, tuple[Change, ...]], ...]
    refold_at: datetime | None
    uncountable: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)


def decide(
    authority: str,
    matter: str,
    facts: Sequence[Fact],
    stored: Sequence[Stored],
    calendar_of: CalendarOf,
    now: datetime,
    confirmed: datetime,
    heard: Heard = EVERYBODY,
) -> Decision:
    """Fold and compare. A clock that was set back, or lags behind another replica's, takes nothing back: what was known
    stays known, and what has fired stays fired until a fact, not the time, says otherwise. A limit that cannot be
    counted is no error here: its clock says so, and the others go on.
    """
    confirmed = max([confirmed, *(row.confirmed for row in stored if row.confirmed is not None)])
    now = max([now, confirmed, *(row.known for row in stored if row.known is not None)])
    folded = fold(facts, calendar_of, now, confirmed, _heard_before(heard, stored, facts))
    before = {(row.name, row.subject): row for row in stored}
    decided = []
    uncountable = 0
    counts: Counter[str] = Counter()
    for clock in folded.clocks:
        old = before.pop((clock.name, clock.subject), None)
        row, changes = compare(old, rowed(authority, matter, clock, now, confirmed))
        if row != old:
            tally(counts, old, row)
            decided.append((row, changes))
        if clock.problem is not None and (old is None or old.problem != clock.problem):
            uncountable += 1
    for old in before.values():
        row, changes = vanish(old, registered=old.subject in folded.registered)
        if row != old:
            tally(counts, old, row)
            decided.append((row._replace(known=now, confirmed=confirmed), changes))
    return Decision(tuple(decided), folded.refold_at, uncountable, counts)


def _heard_before(heard: Heard, stored: Sequence[Stored], facts: Sequence[Fact]) -> Heard:
    """Up to a miss that stands its source had told all, or did not say: a first watermark of last night takes nothing
    back. Where a person confirmed misses, what was heard decides alone: to take that back must take the miss back."""
    if not heard or any(fact.type == CONFIRMATION for fact in facts):
        return heard
    marks = dict(heard)
    for row in stored:
        source = row.says["facts"][0]["source"]
        if row.miss is not None and source in marks:
            marks[source] = max(marks[source], row.miss)
    return marks
