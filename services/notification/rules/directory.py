"""Whom the directory names at an instant: any order of arrival of its facts gives the same answer.

    vacant ──assigned──► held ──ended, its `until`, abolished, or assigned to somebody else──► vacant, or held by them

This service's copy serves one question: whom a warning reaches when nobody is named as handling the matter. Whom a
case names is accountability's to decide, and arrives with the case. A warning is for who is there: during leave it goes
to the deputy, whatever the rulebook says of who answers later.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from services.notification.rules.directory_facts import HolderFact, standing

RUNGS = ("direct", "leading", "principal")
"""直接责任人, 分管负责人, 主要负责人: the order in which a vacancy goes up."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """A person holds a post, since then. `unit` None: the post serves the whole authority."""

    post: str
    person: str
    role: str
    unit: str | None
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a rung reaches: `person` None when every rung is vacant. `skipped` are the vacant roles below `role`."""

    person: str | None
    role: str
    skipped: tuple[str, ...] = ()


class Directory:
    """The facts of some authorities. What they amount to is worked out for the instant that is asked for."""

    def __init__(self, facts: Iterable[HolderFact]) -> None:
        self._of: dict[str, dict[str, list[HolderFact]]] = {}
        for (authority, entry), of_entry in groupby(standing(facts), key=lambda f: (f.authority, f.post)):
            self._of.setdefault(authority, {})[entry] = list(of_entry)

    def held(self, authority: str, at: datetime) -> Iterator[Tenure]:
        """Every post that is held."""
        for facts in self._of.get(authority, {}).values():
            tenure = _Post().at(facts, at)
            if tenure is not None:
                yield tenure

    def superiors(self, authority: str, unit: str, at: datetime) -> list[str]:
        """The units above one, the nearest first. Of a ring the edge that closed it does not count."""
        facts = self._of.get(authority, {})
        chain = [unit]
        edges: list[tuple[datetime, str]] = []
        while (edge := _placed(facts.get(chain[-1], ()), at)) is not None and edge[1] is not None:
            edges.append((edge[0], chain[-1]))
            if edge[1] in chain:
                cut = max(edges[chain.index(edge[1]) :])[1]
                return chain[1 : chain.index(cut) + 1]
            chain.append(edge[1])
        return chain[1:]

    def answering(self, authority: str, tenure: Tenure, at: datetime) -> str | None:
        """Who is there for the post: the holder, the deputy during leave; None where nobody stands in."""
        away = _away(self._of.get(authority, {}).get(tenure.person, ()), at)
        leave = away.get(tenure.post, away.get(None))
        return tenure.person if leave is None else leave.deputy


@dataclass(frozen=True, slots=True)
class _Leave:
    until: datetime | None
    deputy: str | None


@dataclass(slots=True)
class _Post:
    """A post at an instant: who is appointed, and who acts over them."""

    regular: Tenure | None = None
    acting: Tenure | None = None
    resumed: datetime | None = None
    abolished: bool = False

    def at(self, facts: Sequence[HolderFact], at: datetime) -> Tenure | None:
        for fact in facts:
            if fact.at > at:
                break
            self._pass(fact.at)
            self._take(fact)
        self._pass(at)
        held = self.regular
        if self.acting is not None or held is None:
            return self.acting
        since = held.since if self.resumed is None else max(held.since, self.resumed)
        return Tenure(held.post, held.person, held.role, held.unit, since, held.until)

    def _pass(self, to: datetime) -> None:
        """Time goes on: who was to hold it until then holds it no more."""
        if self.regular is not None and self.regular.until is not None and self.regular.until <= to:
            self.regular = None
        if self.acting is not None and self.acting.until is not None and self.acting.until <= to:
            self._relieve(self.acting.until)

    def _relieve(self, at: datetime) -> None:
        if self.acting is not None and self.acting.since < at:
            self.resumed = at
        self.acting = None

    def _take(self, fact: HolderFact) -> None:
        match fact.does:
            case "ended" | "abolished":
                gone = fact.does == "abolished"
                self.abolished = self.abolished or gone
                if self.regular is not None and (gone or self.regular.person == fact.person):
                    self.regular = None
                if self.acting is not None and (gone or self.acting.person == fact.person):
                    self._relieve(fact.at)
            case "established":
                self.abolished = False
            case "assigned" if not self.abolished and fact.person is not None and fact.role is not None:
                now = self.acting if fact.acting else self.regular
                same = now is not None and (now.person, now.role, now.unit) == (fact.person, fact.role, fact.unit)
                since = now.since if now is not None and same else fact.at
                comes = Tenure(fact.post, fact.person, fact.role, fact.unit, since, fact.until)
                if fact.acting:
                    self.acting = comes
                else:
                    self._relieve(fact.at)
                    self.regular = comes


def _placed(facts: Sequence[HolderFact], at: datetime) -> tuple[datetime, str | None] | None:
    """Since when a unit stands where, at an instant; None: there is no such unit."""
    now: tuple[datetime, str | None, str | None] | None = None
    for fact in facts:
        if fact.at <= at and fact.does == "placed":
            parent = None if fact.unit == fact.post else fact.unit
            if now is None or now[1:] != (parent, fact.unit_kind):
                now = fact.at, parent, fact.unit_kind
        elif fact.at <= at and fact.does == "dissolved":
            now = None
    return None if now is None else now[:2]


def _away(facts: Sequence[HolderFact], at: datetime) -> dict[str | None, _Leave]:
    """The leaves that last, by the post they are from; None: from all."""
    now: dict[str | None, _Leave] = {}
    for fact in facts:
        if fact.at <= at and fact.does == "leave-taken":
            now[fact.of_post] = _Leave(fact.until, None if fact.other == fact.post else fact.other)
        elif fact.at <= at and fact.does == "leave-ended":
            if fact.of_post is None:
                now.clear()
            now.pop(fact.of_post, None)
    return {post: leave for post, leave in now.items() if leave.until is None or at < leave.until}


def reach(known: Directory, authority: str, unit: str | None, at: datetime) -> Reach:
    """Whom the lowest rung reaches that is not vacant. The direct handler is the unit's own; a leader may also be that
    of a unit above it, or of the whole authority. Of several holders one who is there, then the one who came last,
    then by post and person."""
    held = list(known.held(authority, at))
    above = [] if unit is None else [unit, *known.superiors(authority, unit, at)]
    for step, role in enumerate(RUNGS):
        of_role = [tenure for tenure in held if tenure.role == role]
        scopes: list[str | None] = [*(above[:1] if role == "direct" else above)]
        for scope in scopes if role == "direct" else [*scopes, None]:
            person = _chosen([t for t in of_role if t.unit == scope], lambda t: known.answering(authority, t, at))
            if person is not None:
                return Reach(person, role, RUNGS[:step])
    return Reach(None, RUNGS[-1], RUNGS[:-1])


def _chosen(held: Sequence[Tenure], answering: Callable[[Tenure], str | None]) -> str | None:
    if not held:
        return None
    there = [tenure for tenure in held if answering(tenure) is not None] or held
    last = max(tenure.since for tenure in there)
    chosen = min((t for t in there if t.since == last), key=lambda t: (t.post, t.person))
    return answering(chosen) or chosen.person
