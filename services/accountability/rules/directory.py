"""Who held a role at an instant: in the unit itself, by a deputy during leave, else in the units above it.

What is asked here is loaded before (directory_store); how facts become holdings is folded in directory_entries.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.accountability.rules.directory_entries import fold
from services.accountability.rules.directory_facts import DirectoryFact, PostKey
from services.accountability.rules.directory_model import Leave, PostHolding, UnitPlace
from services.accountability.rules.directory_tree import placed_at, superiors
from services.accountability.rules.model import Responsible, Role

__all__ = ["Directory", "DirectoryFact", "Leave", "PostHolding", "PostKey", "UnitPlace", "fold"]


class Directory:
    """Holdings, places and leaves of some units and all above them. Units that were not loaded look vacant.

    `deputies_answer`: the rulebook's choice, whether the deputy is named for what falls due during leave, or the holder
    all the same. `leaders` is for who asks: what was said of a unit's leaders at a due. In a storm all misses of a unit
    share it.
    """

    def __init__(
        self,
        holdings: Iterable[PostHolding],
        places: Iterable[UnitPlace] = (),
        leaves: Iterable[Leave] = (),
        *,
        deputies_answer: bool = True,
    ) -> None:
        self.leaders: dict[tuple[str, str | None, datetime, str, str], tuple[Responsible, Responsible]] = {}
        self._deputies_answer = deputies_answer
        self._other: Directory | None = None
        self._by: dict[tuple[str, str | None, Role], list[PostHolding]] = {}
        self._places: dict[tuple[str, str], list[UnitPlace]] = {}
        self._leaves: dict[tuple[str, str], list[Leave]] = {}
        for holding in holdings:
            self._by.setdefault((holding.post.authority, holding.unit, holding.role), []).append(holding)
        for place in places:
            self._places.setdefault((place.entry.authority, place.unit), []).append(place)
        for leave in leaves:
            self._leaves.setdefault((leave.entry.authority, leave.person), []).append(leave)

    def where(self, *, deputies_answer: bool) -> "Directory":
        """The same directory under that choice."""
        if deputies_answer == self._deputies_answer:
            return self
        if self._other is None:
            self._other = Directory((), deputies_answer=deputies_answer)
            self._other._by, self._other._places, self._other._leaves = self._by, self._places, self._leaves
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
                return replace(found, passed=tuple(passed))
            passed.append(superior)
        return None

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
        if leave.deputy is None or not self._deputies_answer:
            return replace(holding, leave=leave)
        return replace(holding, person=leave.deputy, stands_in_for=holding.person, leave=leave)

    def _is_missing(self, holding: PostHolding) -> bool:
        return self._deputies_answer and holding.leave is not None and holding.stands_in_for is None


def _chosen(held: list[PostHolding]) -> PostHolding:
    if len(held) == 1:
        return held[0]
    last = max(h.since for h in held)
    return min((h for h in held if h.since == last), key=lambda h: (h.post.post, h.stands_in_for or h.person))
