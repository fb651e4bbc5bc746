"""Who held a post when: a fold over facts, against a naive oracle that replays a calendar day by day."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.accountability.rules.directory import Directory, DirectoryFact, PostHolding, PostKey, fold
from services.accountability.rules.directory_changes import by_unit, cause_for, difference
from services.accountability.rules.model import Ref

POST = PostKey("licheng", "deputy")
START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 12


def at(day: int) -> datetime:
    return START + timedelta(days=day)


def fact(
    id: str, kind: str, day: int, person: str, *, role: str = "leading", unit: str | None = "u", learned: int = 0
) -> DirectoryFact:
    return DirectoryFact(
        POST,
        Ref("/personnel", id),
        f"e-{id}",
        "assigned" if kind == "assigned" else "ended",
        at(day),
        person,
        ("leading" if role == "leading" else "principal") if kind == "assigned" else None,
        unit if kind == "assigned" else None,
        at(learned),
    )


def spans(holdings: tuple[PostHolding, ...]) -> list[tuple[str, int, int | None]]:
    return [(h.person, (h.since - START).days, None if h.until is None else (h.until - START).days) for h in holdings]


facts = st.lists(
    st.builds(
        fact,
        st.uuids().map(str),
        st.sampled_from(["assigned", "assigned", "ended"]),
        st.integers(0, DAYS - 1),
        st.sampled_from("abc"),
        role=st.sampled_from(["leading", "principal"]),
        unit=st.sampled_from(["u", "v", None]),
        learned=st.integers(0, 5),
    ),
    max_size=9,
)


def test_a_new_holder_ends_the_former_one_at_that_instant() -> None:
    assert spans(fold([fact("1", "assigned", 1, "a"), fact("2", "assigned", 4, "b")])) == [("a", 1, 4), ("b", 4, None)]


def test_an_end_concerns_only_the_person_it_names() -> None:
    known = [fact("1", "assigned", 1, "a"), fact("2", "ended", 2, "b"), fact("3", "ended", 5, "a")]
    assert spans(fold(known)) == [("a", 1, 5)]


def test_whoever_leaves_at_an_instant_goes_before_whoever_comes() -> None:
    known = [fact("0", "assigned", 1, "a"), fact("1", "assigned", 4, "a"), fact("2", "ended", 4, "a")]
    assert spans(fold(known)) == [("a", 1, 4), ("a", 4, None)]


def test_the_same_appointment_again_keeps_its_beginning() -> None:
    assert spans(fold([fact("1", "assigned", 1, "a"), fact("2", "assigned", 4, "a")])) == [("a", 1, None)]


def test_the_two_times_are_kept_apart() -> None:
    (first, second) = fold([fact("1", "assigned", 1, "a", learned=9), fact("2", "assigned", 4, "b", learned=11)])
    assert (first.since, first.until, first.learned_at) == (at(1), at(4), at(11))
    assert second.learned_at == at(11)


@given(facts, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(known: list[DirectoryFact], random: Random) -> None:
    shuffled = list(known)
    random.shuffle(shuffled)
    assert fold(shuffled) == fold(known)


@given(facts)
def test_a_post_has_one_holder_at_a_time_and_it_is_the_one_a_calendar_says(known: list[DirectoryFact]) -> None:
    holdings = fold(known)
    for earlier, later in pairwise(holdings):
        assert earlier.until is not None and earlier.since < earlier.until <= later.since
    current: str | None = None
    for day in range(DAYS):
        today = [f for f in known if f.at == at(day)]
        if any(f.kind == "ended" and f.person == current for f in today):
            current = None
        for f in sorted((f for f in today if f.kind == "assigned"), key=lambda f: f.ref.id):
            current = f.person
        held = [h.person for h in holdings if h.covers(at(day))]
        assert held == ([] if current is None else [current])


@given(facts, facts)
def test_every_instant_whose_answer_changed_lies_in_the_difference(
    first: list[DirectoryFact], more: list[DirectoryFact]
) -> None:
    before, after = fold(first), fold([*first, *more])
    concerned = by_unit(difference(before, after, Ref("/personnel", "cause")))
    for day in range(-1, DAYS + 1):
        for unit in ("u", "v"):
            answers = [
                [
                    (h.person, h.since)
                    for role in ("leading", "principal")
                    for where in (unit, None)
                    if (h := Directory(holdings).holder("licheng", where, role, at(day))) is not None
                ]
                for holdings in (before, after)
            ]
            if answers[0] != answers[1]:
                assert cause_for(concerned, "licheng", unit, at(day)) is not None


def test_leaving_later_concerns_nobody_who_was_due_before() -> None:
    before = fold([fact("1", "assigned", 1, "a")])
    after = fold([fact("1", "assigned", 1, "a"), fact("2", "ended", 6, "a")])
    concerned = by_unit(difference(before, after, Ref("/personnel", "2")))
    assert cause_for(concerned, "licheng", "u", at(5)) is None
    assert cause_for(concerned, "licheng", "u", at(6)) == Ref("/personnel", "2")
    assert cause_for(concerned, "licheng", "v", at(6)) is None


def test_of_several_posts_with_one_role_the_latest_holder_counts_then_the_smaller_name() -> None:
    def holding(post: str, person: str, since: int) -> PostHolding:
        return PostHolding(PostKey("licheng", post), person, "leading", "u", at(since), None, at(0), at(0))

    early, late = holding("p1", "a", 1), holding("p9", "b", 3)
    twin = holding("p5", "c", 3)
    for order in ([early, late, twin], [twin, early, late]):
        found = Directory(order).holder("licheng", "u", "leading", at(4))
        assert found is not None and found.person == "c"
    found = Directory([early, late]).holder("licheng", "u", "leading", at(2))
    assert found is not None and found.person == "a"
