"""A file of directory facts: what is said of it is what would become of it, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from services.accountability.rules.directory_checks import Finding, Proposed, Standing, conflicts_of_each, findings
from services.accountability.rules.directory_entries import entry_of
from services.accountability.rules.directory_facts import DirectoryFact, PostKey
from services.accountability.rules.directory_model import Conflict
from tests.support.directory_facts import away, came, placed, told

people, days, names = st.sampled_from("abc"), st.integers(0, 8), st.sampled_from("uvw")
facts = st.one_of(
    st.builds(came, people, days, st.sampled_from(["p", "q"]), until=st.none() | st.integers(1, 12), unit=names),
    st.builds(lambda unit, day, parent: placed(unit, day, parent), names, days, st.none() | names),
    st.builds(lambda person, day, deputy: away(person, day, deputy), people, days, people),
    st.builds(lambda post, day: told("abolished", post, day), st.sampled_from(["p", "q"]), days),
)
lists = st.lists(facts, max_size=6, unique_by=lambda fact: fact.ref)


def standing(known: list[DirectoryFact]) -> Standing:
    of = by_entry(known)
    entries = {entry: entry_of(facts) for entry, facts in of.items()}
    posts = frozenset(entry for entry, e in entries.items() if e.terms)
    places = [place for e in entries.values() for place in e.places]
    return Standing(of, places, posts, frozenset(entry.authority for entry in posts))


def by_entry(known: list[DirectoryFact]) -> dict[PostKey, list[DirectoryFact]]:
    of: dict[PostKey, list[DirectoryFact]] = {}
    for fact in known:
        of.setdefault(fact.post, []).append(fact)
    return of


def conflicts(known: list[DirectoryFact]) -> set[Conflict]:
    entries = [entry_of(facts) for facts in by_entry(known).values()]
    rings = conflicts_of_each([place for e in entries for place in e.places])
    return {*rings, *(conflict for e in entries for conflict in e.conflicts)}


def lines(known: list[DirectoryFact]) -> list[Proposed]:
    return [Proposed(number, fact) for number, fact in enumerate(known, 2)]


@given(lists, lists)
def test_a_file_that_is_right_makes_no_conflict(there: list[DirectoryFact], file: list[DirectoryFact]) -> None:
    known = {fact.ref for fact in there}
    fresh = [fact for fact in file if fact.ref not in known]
    codes = {finding.code for finding in findings(lines(fresh), standing(there))}
    made = {conflict.code for conflict in conflicts([*there, *fresh]) - conflicts(there)}
    assert made <= codes


@given(lists, st.permutations(range(6)))
def test_the_order_of_the_lines_does_not_matter(file: list[DirectoryFact], order: list[int]) -> None:
    told_of = findings(lines(file), Standing())
    shuffled = [lines(file)[n] for n in order if n < len(file)]
    assert {(f.code, f.detail) for f in findings(shuffled, Standing())} == {(f.code, f.detail) for f in told_of}


@given(lists)
def test_what_stands_already_is_right_to_send_again(there: list[DirectoryFact]) -> None:
    assert findings(lines(there), standing(there)) == []


def test_a_line_that_makes_a_misfit_of_what_came_before_is_told_of_it() -> None:
    there = [came("a", 5, until=9)]
    (found,) = findings([Proposed(7, came("b", 6))], standing(there))
    assert found[:2] == (7, "overlapping-holders")
    late = [Proposed(8, came("c", 3, until=12))]
    assert [f[:2] for f in findings(late, standing(there))] == [(8, "overlapping-holders")]


def test_units_and_posts_have_to_be_set_up_only_where_an_authority_sets_up_any() -> None:
    assert findings([Proposed(2, came("a", 1))], Standing()) == []
    with_units = standing([placed("v", 0, None)])
    assert findings([Proposed(2, came("a", 1))], with_units) == [
        Finding(2, "unknown-unit", "there is no unit u, neither before nor in this file")
    ]
