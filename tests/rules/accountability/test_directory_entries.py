"""What facts of the directory amount to: appointments for a time, acting holders, posts, units, leave, corrections."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.accountability.rules.directory_entries import entry_of
from services.accountability.rules.directory_facts import DirectoryFact, known_at
from services.accountability.rules.directory_model import PostHolding
from tests.support.directory_facts import START, away, came, on, placed, told

DAYS = 12
days, people = st.integers(0, DAYS - 1), st.sampled_from(["a", "b", "c"])
ends = st.none() | st.integers(0, DAYS)
ids = st.integers(0, 10_000).map(str)
learned = st.integers(0, 5)
facts = st.one_of(
    st.builds(
        lambda person, day, id, role, acting, until, learned: came(
            person, day, id=id, role=role, acting=acting, until=until, learned=learned
        ),
        people, days, ids, st.sampled_from(["leading", "principal"]), st.booleans(), ends, learned,
    ),
    st.builds(lambda p, d, id, n: told("ended", "deputy", d, id, person=p, learned=n), people, days, ids, learned),
    st.builds(lambda d, id, n: told("abolished", "deputy", d, id, learned=n), days, ids, learned),
    st.builds(lambda d, id, n: told("established", "deputy", d, id, role="leading", learned=n), days, ids, learned),
    st.builds(lambda parent, d, id, n: placed("deputy", d, parent, id=id, learned=n), people, days, ids, learned),
    st.builds(lambda p, d, id, u, n: away("deputy", d, p, id=id, until=u, learned=n), people, days, ids, ends, learned),
)  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[DirectoryFact]:
    """Facts about one entry, some corrected or taken back, each identity once."""
    known = draw(st.lists(facts, max_size=9))
    for n in range(draw(st.integers(0, 3)) if known else 0):
        about = draw(st.sampled_from(known)).ref.id
        if draw(st.booleans()):
            known.append(told("retracted", "deputy", 0, f"r{n}", replaces=about, learned=draw(learned)))
        else:
            known.append(came(draw(people), draw(days), id=f"c{n}", replaces=about, learned=draw(learned)))
    return list({fact.ref: fact for fact in known}.values())


def spans(holdings: Sequence[PostHolding]) -> list[tuple[str, int, int | None]]:
    return [(h.person, (h.since - START).days, None if h.until is None else (h.until - START).days) for h in holdings]


def test_an_appointment_for_a_time_ends_by_itself() -> None:
    assert spans(entry_of([came("a", 1, until=4)]).holdings) == [("a", 1, 4)]
    assert spans(entry_of([came("a", 1, until=4), came("b", 6)]).holdings) == [("a", 1, 4), ("b", 6, None)]


def test_an_appointment_may_be_made_longer_before_it_ends() -> None:
    assert spans(entry_of([came("a", 1, until=4), came("a", 3, until=9)]).holdings) == [("a", 1, 9)]


def test_whoever_acts_goes_before_whoever_is_appointed_and_gives_the_post_back() -> None:
    found = entry_of([came("a", 1), came("b", 3, acting=True, until=5)])
    assert spans(found.holdings) == [("a", 1, 3), ("b", 3, 5), ("a", 5, None)]
    assert [h.acting for h in found.holdings] == [False, True, False]
    assert found.conflicts == ()


def test_a_new_appointment_ends_an_acting_one() -> None:
    assert spans(entry_of([came("b", 1, acting=True), came("a", 4)]).holdings) == [("b", 1, 4), ("a", 4, None)]


def test_nobody_holds_a_post_that_was_abolished() -> None:
    found = entry_of([came("a", 1), told("abolished", "deputy", 4), came("b", 6)])
    assert spans(found.holdings) == [("a", 1, 4)]
    assert [(c.code, c.ref and c.ref.id) for c in found.conflicts] == [("abolished-post", "b-deputy-6")]
    again = told("established", "deputy", 5, role="leading", unit="u")
    assert spans(entry_of([came("a", 1), told("abolished", "deputy", 4), again, came("b", 6)]).holdings) == [
        ("a", 1, 4), ("b", 6, None),
    ]  # fmt: skip


def test_a_successor_is_no_conflict_and_two_who_hold_a_post_at_once_are() -> None:
    assert entry_of([came("a", 1), came("b", 4)]).conflicts == ()
    (cut,) = entry_of([came("a", 1, until=9), came("b", 4)]).conflicts
    assert (cut.code, cut.at, cut.ref and cut.ref.id) == ("overlapping-holders", on(4), "b-deputy-4")
    (twice,) = entry_of([came("a", 4), came("b", 4)]).conflicts
    assert twice.code == "overlapping-holders"
    assert spans(entry_of([came("a", 4), came("b", 4)]).holdings) == [("b", 4, None)]


def test_a_handover_names_who_hands_over_and_another_holder_is_a_conflict() -> None:
    assert entry_of([came("a", 1), came("b", 4, other="a")]).conflicts == ()
    (odd,) = entry_of([came("a", 1), came("b", 4, other="c")]).conflicts
    assert (odd.code, odd.detail) == ("handed-over-by-another", "b takes over from c and a held the post")


def test_a_unit_stands_where_it_was_placed_last_and_never_below_itself() -> None:
    found = entry_of([placed("u", 1, "x"), placed("u", 5, "y"), told("dissolved", "u", 9)])
    assert [(p.parent, p.since, p.until) for p in found.places] == [("x", on(1), on(5)), ("y", on(5), on(9))]
    own = entry_of([placed("u", 1, "u")])
    assert [p.parent for p in own.places] == [None]
    assert [c.code for c in own.conflicts] == ["under-itself"]


def test_leave_ends_by_itself_or_earlier_and_one_deputy_follows_another() -> None:
    found = entry_of([away("a", 1, "b", until=9), away("a", 4, "c"), told("leave-ended", "a", 6)])
    assert [(v.deputy, v.since, v.until) for v in found.leaves] == [("b", on(1), on(4)), ("c", on(4), on(6))]
    assert [c.code for c in found.conflicts] == ["overlapping-leave"]
    alone = entry_of([away("a", 1, "a")])
    assert ([v.deputy for v in alone.leaves], [c.code for c in alone.conflicts]) == ([None], ["own-deputy"])


def test_leave_from_one_post_stands_beside_leave_from_all() -> None:
    found = entry_of(
        [away("a", 1, "b"), away("a", 2, "c", of_post="deputy"), told("leave-ended", "a", 5, of_post="deputy")]
    )
    assert [(v.of_post, v.until) for v in found.leaves] == [(None, None), ("deputy", on(5))]


def test_a_correction_takes_the_place_of_its_fact_and_a_retraction_of_it_gives_the_place_back() -> None:
    wrong, right = came("a", 1, id="w"), came("b", 2, id="c", replaces="w", learned=3)
    assert spans(entry_of([wrong, right]).holdings) == [("b", 2, None)]
    taken_back = told("retracted", "deputy", 0, "r", replaces="c", learned=4)
    assert spans(entry_of([wrong, right, taken_back]).holdings) == [("a", 1, None)]
    gone = told("retracted", "deputy", 0, "g", replaces="w", learned=5)
    assert entry_of([wrong, gone]).holdings == ()
    assert entry_of([gone]).holdings == entry_of([right]).holdings == ()


def test_of_several_corrections_the_one_issued_last_wins_whatever_came_last() -> None:
    known = [
        came("a", 1, id="w"),
        came("b", 1, id="x", replaces="w", issued=9),
        came("c", 1, id="y", replaces="w", issued=5),
    ]
    assert spans(entry_of(known).holdings) == [("b", 1, None)]


@given(histories(), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_of_facts_is_the_same_directory(
    known: list[DirectoryFact], random: Random
) -> None:
    shuffled = [*known, *known[:4]]
    random.shuffle(shuffled)
    assert entry_of(shuffled) == entry_of(known)


@given(histories(), st.integers(0, 6))
def test_what_was_known_then_is_exactly_what_had_been_recorded_then(known: list[DirectoryFact], day: int) -> None:
    assert entry_of(known_at(known, on(day))) == entry_of([fact for fact in known if fact.learned_at <= on(day)])
    assert entry_of(known_at(known, None)) == entry_of(known)


@given(histories())
def test_a_post_has_one_holder_at_a_time_and_a_unit_one_place(known: list[DirectoryFact]) -> None:
    found = entry_of(known)
    for times in (
        [(h.since, h.until) for h in found.holdings],
        [(p.since, p.until) for p in found.places],
        [(t.since, t.until) for t in found.terms],
    ):
        for (since, until), (follows, _) in pairwise(times):
            assert until is not None and since < until <= follows


@given(histories())
def test_at_every_instant_the_holder_is_whom_a_calendar_says(known: list[DirectoryFact]) -> None:
    """Read day by day: who is written in, who is struck out."""
    from services.accountability.rules.directory_facts import effective

    held = entry_of(known).holdings
    regular: tuple[str, int | None] | None = None
    acting: tuple[str, int | None] | None = None
    abolished = False
    for day in range(DAYS):
        regular, acting = (None if x is not None and x[1] is not None and x[1] <= day else x for x in (regular, acting))
        today = [f for f in effective(known) if f.at == on(day) and (f.until is None or f.at < f.until)]
        for fact in today:
            match fact.kind:
                case "ended":
                    regular, acting = (None if x is not None and x[0] == fact.person else x for x in (regular, acting))
                case "abolished":
                    regular, acting, abolished = None, None, True
                case "established":
                    abolished = False
                case "assigned" if not abolished:
                    comes = str(fact.person), None if fact.until is None else (fact.until - START).days
                    regular, acting = (regular, comes) if fact.acting else (comes, None)
        expected = acting or regular
        assert [h.person for h in held if h.covers(on(day))] == ([] if expected is None else [expected[0]])
