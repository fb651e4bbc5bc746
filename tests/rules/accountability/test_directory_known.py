"""Since when it was known here who held a role: since the last of the facts that say so was recorded."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accountability.rules.attribution import attribute
from services.accountability.rules.directory import Directory
from services.accountability.rules.directory_entries import entry_of
from services.accountability.rules.directory_facts import DirectoryFact, PostKey, known_at
from services.accountability.rules.model import Proposal, Responsible, Role
from services.accountability.rules.named import says_the_same
from tests.support.directory_facts import AUTHORITY, away, came, on, placed, told

DUE = 20
days, learnt, people = st.integers(0, 12), st.integers(0, 6), st.sampled_from(["a", "b", "c"])


def directory(*facts: DirectoryFact) -> Directory:
    of: dict[PostKey, list[DirectoryFact]] = {}
    for fact in facts:
        of.setdefault(fact.post, []).append(fact)
    found = [entry_of(known) for known in of.values()]
    return Directory(
        [h for e in found for h in e.holdings],
        [p for e in found for p in e.places],
        [v for e in found for v in e.leaves],
        [v for e in found for v in e.vacancies],
    )


def named(*facts: DirectoryFact, unit: str = "u") -> Proposal:
    """Who is responsible for what was due on day 20, learned on the days that the facts say."""
    late_from = on(DUE) + timedelta(microseconds=1)
    return attribute(AUTHORITY, unit, None, late_from, "2026-01-21", "UTC", directory(*facts))


def of(role: Role, *facts: DirectoryFact, unit: str = "u") -> Responsible:
    return next(r for r in named(*facts, unit=unit) if r.role == role)


def day(instant: datetime | None) -> int | None:
    return None if instant is None else (instant - on(0)).days


@pytest.mark.parametrize(
    ("facts", "person", "known"),
    [
        ([came("a", 1, learned=3)], "a", 3),
        ([came("a", 1, learned=3), told("ended", "deputy", 25, person="a", learned=9)], "a", 3),  # an end is none of it
        ([came("a", 1, learned=3), came("b", 2, learned=7)], "b", 7),
        ([came("a", 1, learned=3), came("b", 5, acting=True, learned=8)], "b", 8),
        ([came("a", 1, learned=3), came("b", 5, acting=True, until=9, learned=8)], "a", 8),  # goes on after b
        ([came("a", 1, learned=3), away("a", 15, "b", learned=11)], "b", 11),
        ([came("a", 1, learned=30), away("a", 15, "b", learned=11)], "b", 30),
        ([came("a", 1, learned=3), away("a", 15, learned=11)], "a", 11),  # named all the same: nobody stood in
        ([came("a", 1, id="x", learned=3), came("a", 2, replaces="x", learned=12)], "a", 12),  # known since corrected
    ],
)
def test_a_holder_is_known_since_the_facts_are_by_which_they_answer(
    facts: list[DirectoryFact], person: str, known: int
) -> None:
    leading = of("leading", *facts)
    assert (leading.person, day(leading.known_since)) == (person, known)


def test_a_leader_above_is_known_since_the_unit_s_place_and_the_vacancies_below_are() -> None:
    tree = placed("u", 0, "v", learned=4), placed("v", 0, None, learned=1)
    chief = came("chief", 0, "v-head", unit="v", learned=2)
    assert day(of("leading", *tree, chief).known_since) == 4
    left = came("a", 1, learned=3), told("ended", "deputy", 10, person="a", learned=13)
    found = of("leading", *tree, chief, *left)
    assert (found.person, day(found.known_since)) == ("chief", 13)
    mayor = came("mayor", 0, "mayor", unit=None, learned=2)
    found = of("leading", *tree, mayor, *left)
    assert (found.person, day(found.known_since)) == ("mayor", 13)


@pytest.mark.parametrize(
    ("facts", "known"),
    [
        ([], None),  # nothing was ever said of a post
        ([came("a", 1, "window", role="direct", learned=3), told("ended", "window", 9, person="a", learned=14)], 14),
        ([came("a", 1, "window", role="direct", until=9, learned=3)], 3),  # to end was known from the beginning
        ([told("established", "window", 1, role="direct", unit="u", learned=5)], 5),  # and nobody ever came
        # the post went to another unit with who held it
        ([came("a", 1, "window", role="direct"), came("a", 5, "window", role="direct", unit="v", learned=6)], 6),
    ],
)
def test_a_vacancy_is_known_since_its_last_holder_s_end_is(facts: list[DirectoryFact], known: int | None) -> None:
    direct = of("direct", *facts)
    assert (direct.person, day(direct.known_since)) == (None, known)


def test_a_post_that_is_held_again_is_not_vacant() -> None:
    again = came("a", 1, until=5), came("b", 8)
    assert [(v.since, v.until) for v in entry_of(again).vacancies] == [(on(5), on(8))]
    renewed = came("a", 1, until=5), came("b", 5)
    assert entry_of(renewed).vacancies == ()


def test_a_fact_told_again_is_known_since_then_and_changes_nothing_else() -> None:
    first = came("a", 1, id="x", learned=3)
    again = came("a", 1, id="y", replaces="x", learned=12)
    before, after = named(first), named(first, again)
    assert before != after and says_the_same(before, after)
    assert not says_the_same(before, named(first, came("b", 1, id="y", replaces="x", learned=12)))


histories = st.lists(
    st.one_of(
        st.builds(lambda p, d, n, a: came(p, d, learned=n, acting=a), people, days, learnt, st.booleans()),
        st.builds(lambda p, d, n: told("ended", "deputy", d, f"{p}-{d}", person=p, learned=n), people, days, learnt),
        st.builds(lambda p, d, q, n: away(p, d, q, learned=n), people, days, people, learnt),
    ),
    max_size=8,
    unique_by=lambda fact: (fact.post, fact.ref),
)


@given(known=histories, at=days)
def test_nobody_is_known_before_a_fact_that_names_them(known: list[DirectoryFact], at: int) -> None:
    """And what was known by then holds a fact that names each of the persons on whom the answer rests."""
    found = directory(*known).holder(AUTHORITY, "u", "leading", on(at))
    if found is None:
        return
    said = known_at(known, found.known_since)
    assert any(f.person == (found.stands_in_for or found.person) for f in said)
    assert found.stands_in_for is None or any(f.other == found.person for f in said)
    assert any(f.learned_at == found.known_since for f in known)


@given(known=histories, at=days)
def test_at_every_instant_a_post_that_was_ever_held_is_held_or_known_to_be_vacant(
    known: list[DirectoryFact], at: int
) -> None:
    held = [fact for fact in known if fact.kind == "assigned" and fact.at <= on(at)]
    all_of_it = directory(*known)
    found = all_of_it.holder(AUTHORITY, "u", "leading", on(at))
    assert not held or found is not None or all_of_it.vacant_known(AUTHORITY, "u", "leading", on(at)) is not None
