"""Who held which post when: a pure fold over the facts about one post, in business order whatever the order of arrival.

Two times are kept apart: since and until are business time, `learned_at` is when the last fact that shaped a holding
was recorded here. Only the former decide.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from services.accountability.rules.model import Ref, Responsible, Role


class PostKey(NamedTuple):
    """A post is named by its authority."""

    authority: str
    post: str


@dataclass(frozen=True, slots=True)
class DirectoryFact:
    """From `at` a person holds a post, or holds it no more. `ref` is the publisher's identity of the fact and orders
    it; `event` the id on directory-events. `role` is None exactly where `kind` is ended."""

    post: PostKey
    ref: Ref
    event: str
    kind: Literal["assigned", "ended"]
    at: datetime
    person: str
    role: Role | None
    unit: str | None
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class PostHolding:
    """A person in a post, [since, until). `unit` None: the post serves the whole authority."""

    post: PostKey
    person: str
    role: Role
    unit: str | None
    since: datetime
    until: datetime | None
    learned_at: datetime

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


def _order(fact: DirectoryFact) -> tuple[datetime, bool, str, str]:
    """By business time; at one instant who leaves goes before who comes, so that a renewal keeps its holder."""
    return fact.at, fact.kind == "assigned", fact.ref.source, fact.ref.id


def fold(facts: Iterable[DirectoryFact]) -> tuple[PostHolding, ...]:
    """The holdings of one post, in order, without overlap. A new holder ends the former one at that instant; an end
    concerns the person it names and no other; a holding that ends where it begins is none."""
    found: list[PostHolding] = []
    current: PostHolding | None = None

    def close(at: datetime, learned_at: datetime) -> None:
        if current is not None and current.since < at:
            found.append(_until(current, at, learned_at))

    for fact in sorted(facts, key=_order):
        if fact.kind == "ended":
            if current is not None and current.person == fact.person:
                close(fact.at, fact.learned_at)
                current = None
        elif fact.role is not None:
            if current is not None and (current.person, current.role, current.unit) == (
                fact.person, fact.role, fact.unit,
            ):  # fmt: skip
                continue
            close(fact.at, fact.learned_at)
            current = PostHolding(fact.post, fact.person, fact.role, fact.unit, fact.at, None, fact.learned_at)
    return tuple(found) if current is None else (*found, current)


def _until(holding: PostHolding, at: datetime, learned_at: datetime) -> PostHolding:
    return PostHolding(
        holding.post, holding.person, holding.role, holding.unit, holding.since, at,
        max(holding.learned_at, learned_at),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Affected:
    """Whose attribution may differ: cases of the unit (None: of the authority) due in [since, until)."""

    authority: str
    unit: str | None
    since: datetime
    until: datetime | None
    cause: Ref

    def concerns(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


def difference(before: Sequence[PostHolding], after: Sequence[PostHolding], cause: Ref) -> tuple[Affected, ...]:
    """For which due instants the answer to "who held the post, and since when" changed. One span for each unit: it may
    hold instants that did not change, never misses one that did."""
    edges = sorted({h.since for h in (*before, *after)} | {h.until for h in (*before, *after) if h.until is not None})
    spans: dict[tuple[str, str | None], tuple[datetime, datetime | None]] = {}
    for number, edge in enumerate(edges):
        until = edges[number + 1] if number + 1 < len(edges) else None
        old, new = _holder(before, edge), _holder(after, edge)
        if _said(old) == _said(new):
            continue
        for holding in (old, new):
            if holding is not None:
                at = holding.post.authority, holding.unit
                spans[at] = (spans[at][0] if at in spans else edge, until)
    return tuple(Affected(authority, unit, lo, hi, cause) for (authority, unit), (lo, hi) in spans.items())


def _said(holding: PostHolding | None) -> tuple[object, ...] | None:
    return None if holding is None else (holding.person, holding.role, holding.unit, holding.since)


def _holder(holdings: Sequence[PostHolding], at: datetime) -> PostHolding | None:
    number = bisect_right(holdings, at, key=lambda h: h.since) - 1
    return holdings[number] if number >= 0 and holdings[number].covers(at) else None


class Directory:
    """The holdings of some units, asked by unit and role. Units that were not loaded look vacant.

    `leaders` is for who asks: what was said of a unit's leaders at a due. In a storm all misses of a unit share it.
    """

    def __init__(self, holdings: Iterable[PostHolding]) -> None:
        self.leaders: dict[tuple[str, str | None, datetime, str, str], tuple[Responsible, Responsible]] = {}
        self._by: dict[tuple[str, str | None, Role], list[PostHolding]] = {}
        for holding in holdings:
            self._by.setdefault((holding.post.authority, holding.unit, holding.role), []).append(holding)

    def holder(self, authority: str, unit: str | None, role: Role, at: datetime) -> PostHolding | None:
        """Who held the role. Of several at once: who came last, then by post and person, so that all replicas agree."""
        found = [h for h in self._by.get((authority, unit, role), ()) if h.covers(at)]
        if len(found) > 1:
            last = max(h.since for h in found)
            return min((h for h in found if h.since == last), key=lambda h: (h.post.post, h.person))
        return found[0] if found else None


Spans = Mapping[tuple[str, str | None], Sequence[Affected]]


def by_unit(affected: Iterable[Affected]) -> Spans:
    """To look up what concerns a case without going through all of it."""
    found: dict[tuple[str, str | None], list[Affected]] = {}
    for span in affected:
        found.setdefault((span.authority, span.unit), []).append(span)
    return found


def cause_for(spans: Spans, authority: str, unit: str | None, at: datetime) -> Ref | None:
    """The fact that concerns a case of that unit due then: the last of them by business order of its posts' facts."""
    wide = () if unit is None else spans.get((authority, None), ())
    found = [span for span in (*spans.get((authority, unit), ()), *wide) if span.concerns(at)]
    return found[-1].cause if found else None
