"""Who holds which post, folded from the directory's facts: any order of arrival gives the same answer.

    vacant ──assigned──► held ──ended, or assigned to somebody else──► vacant, or held by the other

This service's copy serves one question: whom a warning reaches when nobody is named as handling the matter. Whom a
case names is accountability's to decide, and arrives with the case.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

RUNGS = ("direct", "leading", "principal")
"""直接责任人, 分管负责人, 主要负责人: the order in which a vacancy goes up."""


@dataclass(frozen=True, slots=True)
class HolderFact:
    """One fact about a post (authority, post). `role` None: `person` holds it no more. (source, id) orders facts of
    the same instant (D4)."""

    authority: str
    post: str
    source: str
    id: str
    at: datetime
    person: str
    role: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Tenure:
    """A person held a post [since, until). `unit` None: the post serves the whole authority."""

    authority: str
    post: str
    person: str
    role: str
    unit: str | None
    since: datetime
    until: datetime | None = None


Scope = tuple[str, str | None]
"""(authority, unit)."""
Directory = Mapping[Scope, Sequence[Tenure]]


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a rung reaches: `person` None when every rung is vacant. `skipped` are the vacant roles below `role`."""

    person: str | None
    role: str
    skipped: tuple[str, ...] = ()


def tenures(facts: Iterable[HolderFact]) -> Directory:
    """Every tenure of every post in `facts`. At one instant who leaves goes before who comes, so a post handed over at
    noon is not vacant at noon; an end says nothing about anybody but the person it names."""
    ordered = sorted(set(facts), key=lambda f: (f.authority, f.post, f.at, f.role is not None, f.source, f.id))
    found: dict[Scope, list[Tenure]] = {}

    def keep(tenure: Tenure) -> None:
        found.setdefault((tenure.authority, tenure.unit), []).append(tenure)

    for _, of_post in groupby(ordered, key=lambda f: (f.authority, f.post)):
        held: Tenure | None = None
        for fact in of_post:
            if held is not None and (fact.person, fact.role, fact.unit) == (held.person, held.role, held.unit):
                continue
            if held is not None and (fact.role is not None or fact.person == held.person):
                if held.since < fact.at:
                    keep(replace(held, until=fact.at))
                held = None
            if fact.role is not None:
                held = Tenure(fact.authority, fact.post, fact.person, fact.role, fact.unit, fact.at)
        if held is not None:
            keep(held)
    return found


def reach(known: Directory, authority: str, unit: str | None, at: datetime) -> Reach:
    """The holder at `at` of the lowest rung that is not vacant. The direct handler is the unit's own; a leader may also
    be the whole authority's. Of several holders the one who came last, then by post and person."""
    own = [] if unit is None else _at(known.get((authority, unit), ()), at)
    wide = _at(known.get((authority, None), ()), at)
    for step, role in enumerate(RUNGS):
        holders = [t for t in own if t.role == role]
        if not holders and role != "direct":
            holders = [t for t in wide if t.role == role]
        if holders:
            last = max(t.since for t in holders)
            chosen = min((t for t in holders if t.since == last), key=lambda t: (t.post, t.person))
            return Reach(chosen.person, role, RUNGS[:step])
    return Reach(None, RUNGS[-1], RUNGS[:-1])


def _at(of_scope: Iterable[Tenure], at: datetime) -> list[Tenure]:
    return [t for t in of_scope if t.since <= at and (t.until is None or at < t.until)]
