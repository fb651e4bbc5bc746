"""Who held a role at an instant: in the unit itself, by a deputy during leave, else in the units above it.

What is asked here is loaded before (directory_store); how facts become holdings is folded in directory_entries.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from services.accountability.rules.directory_entries import fold
from services.accountability.rules.directory_facts import DirectoryFact, PostKey
from services.accountability.rules.directory_model import Leave, PostHolding, UnitPlace, Vacancy
from services.accountability.rules.directory_tree import placed_at, superiors
from services.accountability.rules.model import Responsible, Role
from services.accountability.rules.named import latest

__all__ = ["Directory", "DirectoryFact", "Leave", "PostHolding", "PostKey", "UnitPlace", "Vacancy", "fold"]

Asked = tuple[str, str | None, datetime, str, str]
"""An authority, its unit, and a due: the first instant that is too late, as it is written, and its zone."""
Unit = tuple[str, str | None]
K = TypeVar("K")
V = TypeVar("V")


class Directory:
    """Holdings, places and leaves of some units and all above them. Units that were not loaded look vacant.

    `deputies_answer`: the rulebook's choice, whether the deputy is named for what falls due during leave, or the holder
    all the same. `leaders` and `handlers` are for who asks: what was said of a unit's leaders, and of who handles what
    comes to it, at a due. In a storm all misses of a unit share it.
    """

    def __init__(
        self,
        holdings: Iterable[PostHolding],
        places: Iterable[UnitPlace] = (),
        leaves: Iterable[Leave] = (),
        vacancies: Iterable[Vacancy] = (),
        *,
        deputies_answer: bool = True,
    ) -> None:
        self.leaders: dict[Asked, tuple[Responsible, Responsible]] = {}
        self.handlers: dict[Asked, Responsible] = {}
        self._deputies_answer = deputies_answer
        self._other: Directory | None = None
        self._by: dict[tuple[str, str | None, Role], list[PostHolding]] = {}
        self._places: dict[tuple[str, str], list[UnitPlace]] = {}
        self._leaves: dict[tuple[str, str], list[Leave]] = {}
        self._vacancies: dict[tuple[str, str | None, Role], list[Vacancy]] = {}
        self.take(holdings, places, leaves, vacancies)

    def take(
        self,
        holdings: Iterable[PostHolding],
        places: Iterable[UnitPlace],
        leaves: Iterable[Leave],
        vacancies: Iterable[Vacancy],
    ) -> None:
        """Know these, too. Whatever is told of a unit, of a role in it or of a person is all of it, and replaces what
        was told before: two who load the same say nothing twice."""
        _file(self._by, (((h.post.authority, h.unit, h.role), h) for h in holdings))
        _file(self._places, (((p.entry.authority, p.unit), p) for p in places))
        _file(self._leaves, (((v.entry.authority, v.person), v) for v in leaves))
        _file(self._vacancies, (((v.post.authority, v.unit, v.role), v) for v in vacancies))

    def forget_said(self, most: int) -> None:
        """Of what was said at dues, where it has become more than so much."""
        for each in (self, self._other):
            if each is not None and len(each.leaders) + len(each.handlers) > most:
                each.leaders.clear()
                each.handlers.clear()

    def where(self, *, deputies_answer: bool) -> "Directory":
        """The same directory under that choice."""
        if deputies_answer == self._deputies_answer:
            return self
        if self._other is None:
            self._other = Directory((), deputies_answer=deputies_answer)
            self._other._by, self._other._places = self._by, self._places
            self._other._leaves, self._other._vacancies = self._leaves, self._vacancies
            self._other._other = self
        return self._other

    def holder(self, authority: str, unit: str | None, role: Role, at: datetime) -> PostHolding | None:
        """Who held the role. A leader's vacancy goes up the tree of units, that of a direct handler does not: whoever
        handles matters of another unit handled none of this one's. Where all is vacant the caller asks for the whole
        authority, by the unit None."""
        found = self._in(authority, unit, role, at)
        if found is not None or unit is None or role == "direct":
            return found
        passed = [unit]
        for superior in self.superiors(authority, unit, at):
            found = self._in(authority, superior, role, at)
            if found is not None:
                known = latest(found.known_since, *self._empty(authority, passed, role, at))
                return found._replace(passed=tuple(passed), known_since=known or found.known_since)
            passed.append(superior)
        return None

    def vacant_known(self, authority: str, unit: str | None, role: Role, at: datetime) -> datetime | None:
        """Since when it is known that nobody held the role in a unit and, a leader's, in those above it: since the last
        of the ends and of the places of units that say so was recorded. None: nothing was ever said of it."""
        units = [unit]
        if unit is not None and role != "direct":
            units += self.superiors(authority, unit, at)
        return latest(*self._empty(authority, units, role, at))

    def _empty(
        self, authority: str, units: Sequence[str | None], role: Role, at: datetime
    ) -> Iterator[datetime | None]:
        """When each was recorded: that the role ended in these units, and that each stands below the next."""
        for unit in units:
            for vacancy in self._vacancies.get((authority, unit, role), ()):
                if vacancy.covers(at):
                    yield vacancy.known_since
            place = None if unit is None else placed_at(self._places.get((authority, unit), ()), at)
            if place is not None and role != "direct":
                yield place.known_since

    def superiors(self, authority: str, unit: str, at: datetime) -> list[str]:
        """The units above one at that instant, the nearest first."""
        if (authority, unit) not in self._places:
            return []
        return list(superiors(unit, lambda each: placed_at(self._places.get((authority, each), ()), at)))

    def leave_of(self, holding: PostHolding, at: datetime) -> Leave | None:
        """The leave from that post, else from all, on which its holder is."""
        found = [
            leave
            for leave in self._leaves.get((holding.post.authority, holding.person), ())
            if leave.of_post in (None, holding.post.post) and leave.covers(at)
        ]
        return max(found, key=lambda leave: leave.of_post is not None) if found else None

    def _in(self, authority: str, unit: str | None, role: Role, at: datetime) -> PostHolding | None:
        """Of several holders at once: who is there or has a deputy before who is absent; then who came last, then by
        post and person, so that all replicas agree."""
        held = [h for h in self._by.get((authority, unit, role), ()) if h.covers(at)]
        if not held:
            return None
        if not self._leaves:
            return _chosen(held)
        found = [self._answering(h, at) for h in held]
        return _chosen([h for h in found if not self._is_missing(h)] or found)

    def _answering(self, holding: PostHolding, at: datetime) -> PostHolding:
        leave = self.leave_of(holding, at)
        if leave is None:
            return holding
        known = max(holding.known_since, leave.known_since)
        if leave.deputy is None or not self._deputies_answer:
            return holding._replace(leave=leave, known_since=known)
        return holding._replace(
            person=leave.deputy, stands_in_for=holding.person, leave=leave, known_since=known
        )  # fmt: skip

    def _is_missing(self, holding: PostHolding) -> bool:
        return self._deputies_answer and holding.leave is not None and holding.stands_in_for is None


def _file(known: dict[K, list[V]], told: Iterable[tuple[K, V]]) -> None:
    fresh: dict[K, list[V]] = {}
    for key, each in told:
        fresh.setdefault(key, []).append(each)
    known |= fresh


def _chosen(held: list[PostHolding]) -> PostHolding:
    if len(held) == 1:
        return held[0]
    last = max(h.since for h in held)
    return min((h for h in held if h.since == last), key=lambda h: (h.post.post, h.stands_in_for or h.person))
