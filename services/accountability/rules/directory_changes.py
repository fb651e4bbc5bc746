"""Whose attribution may differ after facts were learned: a span of time for each unit, and those below it.

A span may hold instants at which nothing changed, and never misses one at which something did: what comes of it is
decided by attributing again.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from services.accountability.rules.directory_model import Leave, PostHolding, UnitPlace
from services.accountability.rules.model import Ref


@dataclass(frozen=True, slots=True)
class Affected:
    """Cases of the unit and of those below it (None: of the authority) due in [since, until)."""

    authority: str
    unit: str | None
    since: datetime
    until: datetime | None
    cause: Ref

    def concerns(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


Spanning = PostHolding | UnitPlace | Leave
_Span = tuple[datetime, datetime | None]


def difference(before: Sequence[PostHolding], after: Sequence[PostHolding], cause: Ref) -> tuple[Affected, ...]:
    """For which due instants the answer to "who held the post, and since when" changed. One span for each unit."""
    spans: dict[tuple[str, str | None], _Span] = {}
    for edge, until in _steps((*before, *after)):
        old, new = _holder(before, edge), _holder(after, edge)
        if _said(old) == _said(new):
            continue
        for holding in (old, new):
            if holding is not None:
                at = holding.post.authority, holding.unit
                spans[at] = (spans[at][0] if at in spans else edge, until)
    return tuple(Affected(authority, unit, lo, hi, cause) for (authority, unit), (lo, hi) in spans.items())


def moved(before: Sequence[UnitPlace], after: Sequence[UnitPlace], cause: Ref) -> tuple[Affected, ...]:
    """For which due instants one unit stood elsewhere than was thought."""
    found: _Span | None = None
    for edge, until in _steps((*before, *after)):
        old, new = (next((p.parent for p in places if p.covers(edge)), None) for places in (before, after))
        if old != new:
            found = (edge if found is None else found[0], until)
    if found is None:
        return ()
    entry = (*before, *after)[0].entry
    return (Affected(entry.authority, entry.post, *found, cause),)


def absent(
    before: Sequence[Leave], after: Sequence[Leave], holdings: Iterable[PostHolding], cause: Ref
) -> tuple[Affected, ...]:
    """For which due instants one person's leave is another than was thought, in the units whose posts they held."""
    span: _Span | None = None
    for edge, until in _steps((*before, *after)):
        if _away(before, edge) != _away(after, edge):
            span = (edge if span is None else span[0], until)
    if span is None:
        return ()
    units = {(h.post.authority, h.unit) for h in holdings}
    return tuple(Affected(authority, unit, *span, cause) for authority, unit in sorted(units, key=str))


def _steps(spans: Sequence[Spanning]) -> list[_Span]:
    """The instants at which an answer may change, each up to the next."""
    edges = sorted({s.since for s in spans} | {s.until for s in spans if s.until is not None})
    return list(zip_longest(edges, edges[1:]))


def _said(holding: PostHolding | None) -> tuple[object, ...] | None:
    if holding is None:
        return None
    return holding.person, holding.role, holding.unit, holding.since, holding.acting


def _holder(holdings: Sequence[PostHolding], at: datetime) -> PostHolding | None:
    number = bisect_right(holdings, at, key=lambda h: h.since) - 1
    return holdings[number] if number >= 0 and holdings[number].covers(at) else None


def _away(leaves: Sequence[Leave], at: datetime) -> set[tuple[str | None, str | None, datetime]]:
    return {(leave.of_post, leave.deputy, leave.since) for leave in leaves if leave.covers(at)}


Spans = Mapping[tuple[str, str | None], Sequence[Affected]]


def by_unit(affected: Iterable[Affected]) -> Spans:
    """To look up what concerns a case without going through all of it."""
    found: dict[tuple[str, str | None], list[Affected]] = {}
    for span in affected:
        found.setdefault((span.authority, span.unit), []).append(span)
    return found


def cause_for(spans: Spans, authority: str, unit: str | None, at: datetime, above: Iterable[str] = ()) -> Ref | None:
    """The fact that concerns a case of that unit due then: the last of them by business order of its entry's facts.
    `above`: the units that the unit ever stood below."""
    units = () if unit is None else (unit, *above)
    wide = () if unit is None else spans.get((authority, None), ())
    own = [span for each in units or (None,) for span in spans.get((authority, each), ())]
    found = [span for span in (*own, *wide) if span.concerns(at)]
    return found[-1].cause if found else None
