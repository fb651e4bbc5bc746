"""What is wrong with facts of the directory before they are sent, line by line: with each other, and with what stands.

Nothing here changes anything. Facts that come singly are taken in whatever their order, for what they need may be on
its way; whoever sends a file knows all of it, and is told what does not fit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from services.accountability.rules.directory_entries import Entry, entry_of
from services.accountability.rules.directory_facts import DirectoryFact, FactKind, PostKey
from services.accountability.rules.directory_model import Conflict, UnitPlace
from services.accountability.rules.directory_tree import conflicts_of
from services.accountability.rules.model import Ref

_ENDS: frozenset[FactKind] = frozenset({"ended", "dissolved", "abolished", "leave-ended"})


class Proposed(NamedTuple):
    """A line of a file."""

    line: int
    fact: DirectoryFact


class Finding(NamedTuple):
    """What is wrong with a line. `code` is stable, `detail` for people."""

    line: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What is there already: the facts about the entries of the file, the places of all units of its authorities, and
    which entries were set up; `uses`: whether an authority sets up units, and posts, at all."""

    facts: Mapping[PostKey, Sequence[DirectoryFact]] = field(default_factory=dict)
    places: Sequence[UnitPlace] = ()
    posts: frozenset[PostKey] = frozenset()
    uses_posts: frozenset[str] = frozenset()


def findings(proposed: Sequence[Proposed], standing: Standing) -> list[Finding]:
    """All that is wrong, by line."""
    fresh, found = _identities(proposed, standing)
    lines: dict[PostKey, list[Proposed]] = {}
    for each in fresh:
        lines.setdefault(each.fact.post, []).append(each)
    before = {entry: entry_of(standing.facts.get(entry, ())) for entry in lines}
    after = {
        entry: entry_of([*standing.facts.get(entry, ()), *(each.fact for each in of)]) for entry, of in lines.items()
    }
    for entry, of in lines.items():
        found += _misfits(of, before[entry].conflicts, after[entry].conflicts)
        found += _without_effect(of, standing.facts.get(entry, ()), after[entry])
    found += _rings(lines, before, after, standing.places)
    found += _unknown(fresh, after, standing)
    return sorted(set(found))


def _identities(proposed: Sequence[Proposed], standing: Standing) -> tuple[list[Proposed], list[Finding]]:
    """The lines that say something new. The same line twice is one; one id for two facts is wrong (D1)."""
    there = {(entry, fact.ref): fact for entry, facts in standing.facts.items() for fact in facts}
    seen: dict[Ref, Proposed] = {}
    fresh, found = [], []
    for each in proposed:
        fact = each.fact
        known = there.get((fact.post, fact.ref))
        if known is not None:
            if _content(known) != _content(fact):
                found.append(Finding(each.line, "identity-conflict", "this id stands for another fact already"))
            continue
        first = seen.setdefault(fact.ref, each)
        if first is each:
            fresh.append(each)
        elif _content(first.fact) != _content(fact):
            found.append(Finding(each.line, "identity-conflict", f"line {first.line} has the same id for another fact"))
    return fresh, found


def _content(fact: DirectoryFact) -> DirectoryFact:
    """But for what differs with each telling."""
    return replace(fact, event="", learned_at=fact.at, issued_at=None)


def _misfits(of: Sequence[Proposed], before: Iterable[Conflict], after: Iterable[Conflict]) -> Iterator[Finding]:
    """What did not fit each other before is nobody's fault here. A line may make another misfit that came before it."""
    own = {each.fact.ref: each.line for each in of}
    known = set(before)
    for conflict in after:
        if conflict not in known:
            line = of[0].line if conflict.ref is None else own.get(conflict.ref, of[0].line)
            yield Finding(line, conflict.code, conflict.detail)


def _without_effect(of: Sequence[Proposed], there: Sequence[DirectoryFact], after: Entry) -> Iterator[Finding]:
    """An end that ends nothing is a mistake in the file or in what stands."""
    for each in of:
        if each.fact.kind in _ENDS:
            others = (other.fact for other in of if other is not each)
            if entry_of([*there, *others]) == after:
                yield Finding(each.line, "ends-nothing", "nothing of the kind holds then that this could end")


def _rings(
    lines: Mapping[PostKey, Sequence[Proposed]],
    before: Mapping[PostKey, Entry],
    after: Mapping[PostKey, Entry],
    places: Sequence[UnitPlace],
) -> Iterator[Finding]:
    changed = {entry for entry in lines if before[entry].places != after[entry].places}
    if not changed:
        return
    now = [place for place in places if place.entry not in changed]
    now += [place for entry in changed for place in after[entry].places]
    known = set(conflicts_of_each(places))
    placing = {(e, each.fact.at): each.line for e in changed for each in lines[e] if each.fact.kind == "placed"}
    for ring in set(conflicts_of_each(now)) - known:
        line = placing.get((ring.entry, ring.at), min(each.line for e in changed for each in lines[e]))
        yield Finding(line, ring.code, ring.detail)


def conflicts_of_each(places: Sequence[UnitPlace]) -> list[Conflict]:
    """The rings of each authority."""
    of: dict[str, list[UnitPlace]] = {}
    for place in places:
        of.setdefault(place.entry.authority, []).append(place)
    return [ring for held in of.values() for ring in conflicts_of(held)]


def _unknown(fresh: Sequence[Proposed], after: Mapping[PostKey, Entry], standing: Standing) -> Iterator[Finding]:
    """What a line names, where its authority sets up what it names, and nobody did."""
    units = {place.entry for place in standing.places} | {entry for entry, e in after.items() if e.places}
    posts = standing.posts | {entry for entry, e in after.items() if e.terms}
    with_units = {entry.authority for entry in units}
    with_posts = standing.uses_posts | {entry.authority for entry in posts}
    for line, fact in fresh:
        authority = fact.post.authority
        if fact.unit is not None and authority in with_units and PostKey(authority, fact.unit) not in units:
            code = "unknown-parent" if fact.kind == "placed" else "unknown-unit"
            yield Finding(line, code, f"there is no unit {fact.unit}, neither before nor in this file")
        if fact.kind == "assigned" and authority in with_posts and fact.post not in posts:
            yield Finding(line, "unknown-post", f"there is no post {fact.post.post}, neither before nor in this file")
