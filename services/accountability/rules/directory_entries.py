"""What the facts about one entry of the directory amount to: a pure fold that never fails.

Where facts do not fit each other a rule says which counts, and the misfit is listed as a conflict.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.accountability.rules.directory_facts import (
    OF_LEAVES,
    OF_POSTS,
    OF_UNITS,
    DirectoryFact,
    effective,
)
from services.accountability.rules.directory_model import (
    Conflict,
    Leave,
    PostHolding,
    PostTerms,
    UnitPlace,
    Vacancy,
)
from services.accountability.rules.directory_posts import PostFold, vacancies


@dataclass(frozen=True, slots=True)
class Entry:
    """All that the facts about one entry amount to."""

    holdings: tuple[PostHolding, ...] = ()
    terms: tuple[PostTerms, ...] = ()
    places: tuple[UnitPlace, ...] = ()
    leaves: tuple[Leave, ...] = ()
    vacancies: tuple[Vacancy, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


def entry_of(facts: Iterable[DirectoryFact]) -> Entry:
    """An id may be that of a post, of a unit and of a person: each is folded by itself."""
    held = [fact for fact in effective(facts) if fact.until is None or fact.at < fact.until]
    post = PostFold()
    for fact in held:
        if fact.kind in OF_POSTS:
            post.take(fact)
    conflicts = [*post.conflicts]
    places = _places([fact for fact in held if fact.kind in OF_UNITS], conflicts)
    leaves = _leaves([fact for fact in held if fact.kind in OF_LEAVES], conflicts)
    holdings = post.holdings()
    empty = vacancies(holdings, post.terms)
    return Entry(holdings, tuple(post.terms), places, leaves, empty, tuple(sorted(conflicts)))


def fold(facts: Iterable[DirectoryFact]) -> tuple[PostHolding, ...]:
    """The holdings of one post, in order, without overlap."""
    return entry_of(facts).holdings


def _places(facts: Sequence[DirectoryFact], conflicts: list[Conflict]) -> tuple[UnitPlace, ...]:
    """A unit stands in one place at a time: the last that was said. Under itself it stands at the top."""
    found: list[UnitPlace] = []
    now: UnitPlace | None = None
    for fact in facts:
        parent = None if fact.unit == fact.post.post else fact.unit
        if fact.kind == "placed":
            if fact.unit is not None and parent is None:
                conflicts.append(
                    Conflict(fact.post, "under-itself", fact.at, fact.ref, "the unit is placed under itself")
                )
            if now is not None and (now.parent, now.kind) == (parent, fact.unit_kind):
                continue
            if now is not None and now.since == fact.at:
                detail = f"the unit is placed twice at one instant, under {now.parent} and under {parent}"
                conflicts.append(Conflict(fact.post, "overlapping-places", fact.at, fact.ref, detail))
        if now is not None and now.since < fact.at:
            found.append(now._replace(until=fact.at, learned_at=max(now.learned_at, fact.learned_at)))
        now = None
        if fact.kind == "placed":
            now = UnitPlace(fact.post, parent, fact.unit_kind, fact.at, None, fact.learned_at, fact.learned_at)
    return tuple(found) if now is None else (*found, now)


def _leaves(facts: Sequence[DirectoryFact], conflicts: list[Conflict]) -> tuple[Leave, ...]:
    """One leave at a time from each post, and one from all: a new one ends the former at that instant."""
    found: list[Leave] = []
    now: dict[str | None, Leave] = {}

    def close(of_post: str | None, fact: DirectoryFact) -> None:
        leave = now.pop(of_post, None)
        if leave is None:
            return
        if leave.until is not None and leave.until <= fact.at:
            found.append(leave)
        elif leave.since < fact.at:
            found.append(leave._replace(until=fact.at, learned_at=max(leave.learned_at, fact.learned_at)))

    for fact in facts:
        if fact.kind == "leave-ended":
            for of_post in [each for each in now if fact.of_post in (None, each)]:
                close(of_post, fact)
            continue
        deputy = None if fact.other == fact.post.post else fact.other
        if fact.other is not None and deputy is None:
            detail = f"{fact.other} is to stand in for themselves"
            conflicts.append(Conflict(fact.post, "own-deputy", fact.at, fact.ref, detail))
        former = now.get(fact.of_post)
        if (
            former is not None
            and former.deputy != deputy
            and (former.since == fact.at or (former.until is not None and fact.at < former.until))
        ):
            detail = f"{former.deputy} was to stand in still when {deputy} began to: the latter stands in"
            conflicts.append(Conflict(fact.post, "overlapping-leave", fact.at, fact.ref, detail))
        close(fact.of_post, fact)
        now[fact.of_post] = Leave(
            fact.post, fact.at, fact.until, deputy, fact.of_post, fact.learned_at, fact.learned_at
        )  # fmt: skip
    return tuple(sorted((*found, *now.values()), key=lambda leave: (leave.since, leave.of_post or "")))
