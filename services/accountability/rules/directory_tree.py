"""The units of an authority as a tree, whatever was said of them.

Facts of several units may close a ring: each of them stands below itself. Then the edge that closed it does not count,
which is the youngest (of several of one instant that of the unit whose name comes last): its unit stands at the top
while the ring lasts. That depends on what holds alone and on no order of arrival, and is listed as a conflict.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from services.accountability.rules.directory_model import Conflict, UnitPlace

PlaceAt = Callable[[str], UnitPlace | None]


def superiors(unit: str, place: PlaceAt) -> Iterator[str]:
    """The units above one, the nearest first. `place`: where a unit stands at the instant in question."""
    path = [unit]
    edges: list[UnitPlace] = []
    at = place(unit)
    while at is not None and at.parent is not None:
        if at.parent in path:
            ring = [*edges, at][path.index(at.parent) :]
            cut = closing(ring)
            yield from path[1 : path.index(cut.unit) + 1]
            return
        edges.append(at)
        path.append(at.parent)
        at = place(at.parent)
    yield from path[1:]


def closing(ring: Sequence[UnitPlace]) -> UnitPlace:
    """The edge of a ring that does not count."""
    return max(ring, key=lambda place: (place.since, place.unit))


def rings(places: Iterable[UnitPlace]) -> Iterator[tuple[UnitPlace, tuple[str, ...]]]:
    """Each edge that closes a ring, with the units of the ring from its own upwards. Of an authority's all places: a
    ring begins with its youngest edge, so that it is enough to look from where each edge begins."""
    of: dict[str, list[UnitPlace]] = {}
    for place in places:
        of.setdefault(place.unit, []).append(place)
    for held in of.values():
        for place in held:
            ring = _ring(place, of)
            if ring and closing(ring) == place:
                yield place, tuple(each.unit for each in ring)


def conflicts_of(places: Sequence[UnitPlace]) -> list[Conflict]:
    """The rings among an authority's units, for people to correct."""
    return [
        Conflict(place.entry, "cycle", place.since, None, f"{' is below '.join((*units, units[0]))}: of no effect")
        for place, units in rings(places)
    ]


def _ring(first: UnitPlace, of: Mapping[str, Sequence[UnitPlace]]) -> list[UnitPlace]:
    """The places from this one up to itself again, when it begins; nothing where there is no way back."""
    path = [first]
    seen = {first.unit}
    while (parent := path[-1].parent) is not None:
        if parent == first.unit:
            return path
        above = placed_at(of.get(parent, ()), first.since)
        if above is None or parent in seen:
            return []
        seen.add(parent)
        path.append(above)
    return []


def placed_at(places: Iterable[UnitPlace], at: datetime) -> UnitPlace | None:
    """Where a unit stood."""
    return next((place for place in places if place.covers(at)), None)
