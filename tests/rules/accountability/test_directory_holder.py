"""Who held a role at an instant: deputies during leave, vacancies that go up the tree, rings of units."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.accountability.rules.directory import Directory
from services.accountability.rules.directory_changes import absent, by_unit, cause_for, difference, moved
from services.accountability.rules.directory_entries import entry_of
from services.accountability.rules.directory_facts import DirectoryFact, PostKey
from services.accountability.rules.directory_model import PostHolding, UnitPlace
from services.accountability.rules.directory_tree import conflicts_of, rings
from services.accountability.rules.model import Ref, Role
from tests.support.directory_facts import AUTHORITY, away, came, on, placed

UNITS = ("u", "v", "w", "x")


def directory(*facts: DirectoryFact) -> Directory:
    of: dict[PostKey, list[DirectoryFact]] = {}
    for fact in facts:
        of.setdefault(fact.post, []).append(fact)
    found = [entry_of(known) for known in of.values()]
    return Directory(
        [h for e in found for h in e.holdings],
        [p for e in found for p in e.places],
        [v for e in found for v in e.leaves],
    )


def held(of: Directory, day: int, role: Role = "leading", unit: str | None = "u") -> PostHolding | None:
    return of.holder(AUTHORITY, unit, role, on(day))


def test_the_deputy_answers_during_leave_and_both_are_named() -> None:
    of = directory(came("a", 1), away("a", 3, "b", until=6))
    assert [h.person for day in (2, 3, 5, 6) if (h := held(of, day))] == ["a", "b", "b", "a"]
    found = held(of, 4)
    assert found is not None and found.leave is not None
    assert (found.stands_in_for, found.leave.since, found.post.post) == ("a", on(3), "deputy")


def test_where_the_rulebook_says_so_the_holder_answers_all_the_same() -> None:
    of = directory(came("a", 1), away("a", 3, "b", until=6)).where(deputies_answer=False)
    found = held(of, 4)
    assert found is not None and found.leave is not None
    assert (found.person, found.stands_in_for, found.leave.deputy) == ("a", None, "b")
    assert of.where(deputies_answer=True).holder(AUTHORITY, "u", "leading", on(4)) != found


def test_leave_without_a_deputy_leaves_the_post_to_a_colleague_who_is_there_else_to_its_holder() -> None:
    alone = held(directory(came("a", 1), away("a", 3)), 4)
    assert alone is not None and (alone.person, alone.leave is not None) == ("a", True)
    other = held(directory(came("a", 2), away("a", 3), came("b", 1, "second deputy")), 4)
    assert other is not None and other.person == "b"


def test_leave_from_one_post_says_nothing_of_another() -> None:
    of = directory(came("a", 1), came("a", 1, "chief", unit="v"), away("a", 3, "b", of_post="chief"))
    assert [h.person for unit in ("u", "v") if (h := held(of, 4, unit=unit))] == ["a", "b"]


def test_a_leaders_vacancy_goes_up_the_tree_and_says_through_which_units() -> None:
    of = directory(placed("u", 0, "v"), placed("v", 0, "w"), came("chief", 1, "head of w", unit="w"))
    found = held(of, 4)
    assert found is not None and (found.person, found.unit, found.passed) == ("chief", "w", ("u", "v"))
    assert held(of, 4, "principal") is None


def test_a_direct_handlers_vacancy_stays_in_the_unit() -> None:
    of = directory(placed("u", 0, "v"), came("clerk", 1, "window", unit="v", role="direct"))
    assert held(of, 4, "direct") is None


def test_a_unit_is_asked_for_above_as_it_stood_then() -> None:
    of = directory(
        placed("u", 0, "v"),
        placed("u", 5, "w"),
        came("old", 1, "head of v", unit="v"),
        came("new", 1, "head of w", unit="w"),
    )
    assert [h.person for day in (4, 5) if (h := held(of, day))] == ["old", "new"]


def test_of_a_ring_the_edge_that_closed_it_does_not_count() -> None:
    of = directory(placed("u", 0, "v"), placed("v", 1, "w"), placed("w", 5, "u"))
    assert of.superiors(AUTHORITY, "u", on(4)) == of.superiors(AUTHORITY, "u", on(6)) == ["v", "w"]
    assert of.superiors(AUTHORITY, "v", on(6)) == ["w"]
    assert of.superiors(AUTHORITY, "w", on(6)) == []
    below = directory(placed("x", 0, "v"), placed("v", 1, "w"), placed("w", 5, "v"))
    assert below.superiors(AUTHORITY, "x", on(6)) == ["v", "w"]


trees = st.lists(
    st.builds(
        lambda unit, day, parent, id: placed(unit, day, parent, id=str(id)),
        st.sampled_from(UNITS), st.integers(0, 6), st.sampled_from([None, *UNITS]), st.integers(0, 1000),
    ),
    max_size=10, unique_by=lambda fact: fact.ref,
)  # fmt: skip


def places_of(facts: list[DirectoryFact]) -> list[UnitPlace]:
    return [p for unit in UNITS for p in entry_of(f for f in facts if f.post.post == unit).places]


@given(trees, st.randoms(use_true_random=False))
def test_whatever_was_said_of_units_nobody_stands_above_themselves(facts: list[DirectoryFact], random: Random) -> None:
    arrived = [*facts]
    random.shuffle(arrived)
    of, again = directory(*facts), directory(*arrived)
    for day in range(8):
        chains = {unit: of.superiors(AUTHORITY, unit, on(day)) for unit in UNITS}
        for unit, above in chains.items():
            assert unit not in above and len(set(above)) == len(above)
            assert above[1:] == (chains[above[0]] if above else [])  # one tree, whoever asks
            assert again.superiors(AUTHORITY, unit, on(day)) == above


@given(trees)
def test_every_ring_is_listed_once_from_when_it_is_closed(facts: list[DirectoryFact]) -> None:
    places = places_of(facts)
    found = {(place.unit, place.since) for place, _ in rings(places)}
    naive = set()
    for day in range(8):
        parents = {p.unit: p for p in places if p.covers(on(day))}
        for unit in UNITS:
            walk = [unit]
            while walk[-1] in parents and (up := parents[walk[-1]].parent) is not None and up not in walk:
                walk.append(up)
            if walk[-1] in parents and parents[walk[-1]].parent == unit:
                closing = max((parents[each] for each in walk), key=lambda p: (p.since, p.unit))
                naive.add((closing.unit, closing.since))
    assert found == naive
    assert {(c.entry.post, c.at) for c in conflicts_of(places)} == found


@given(
    trees,
    trees,
    st.lists(
        st.builds(came, st.sampled_from("abc"), st.integers(0, 6), st.just("head"), unit=st.sampled_from(UNITS)),
        max_size=4,
    ),
    st.lists(
        st.builds(
            away,
            st.sampled_from("abc"),
            st.integers(0, 6),
            st.sampled_from(["d", None]),
            until=st.none() | st.integers(3, 8),
        ),
        max_size=3,
    ),
)
def test_every_instant_whose_answer_changed_is_told_for_its_unit(
    first: list[DirectoryFact], more: list[DirectoryFact], heads: list[DirectoryFact], leaves: list[DirectoryFact]
) -> None:  # fmt: skip
    cause = Ref("/personnel", "cause")
    old = {f.ref: f for f in first}
    new = {f.ref: f for f in [*first, *more]} | {f.ref: f for f in [*heads, *leaves]}
    before, after = directory(*old.values()), directory(*new.values())
    affected = []
    entries = {f.post for f in new.values()}
    for entry in entries:
        b, a = (entry_of(f for f in facts.values() if f.post == entry) for facts in (old, new))
        affected += [*difference(b.holdings, a.holdings, cause), *moved(b.places, a.places, cause)]
        held_by = [h for f in {g.post for g in heads} for h in entry_of(x for x in heads if x.post == f).holdings]
        affected += absent(b.leaves, a.leaves, [h for h in held_by if h.person == entry.post], cause)
    spans = by_unit(affected)
    edges = {(p.unit, p.parent) for p in places_of(list(new.values()))}
    for unit in UNITS:
        above, grows = set[str](), {unit}
        while grows:
            above |= grows
            grows = {parent for child, parent in edges if child in grows and parent is not None} - above
        for day in range(9):
            answers = [of.holder(AUTHORITY, unit, "leading", on(day)) for of in (before, after)]
            said = [a and (a.person, a.since, a.unit, a.passed, a.stands_in_for) for a in answers]
            if said[0] != said[1]:
                assert cause_for(spans, AUTHORITY, unit, on(day), above - {unit}) == cause
