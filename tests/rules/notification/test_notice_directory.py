"""Who holds a post: the fold, and whom a rung reaches."""

from datetime import UTC, datetime
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.notification.rules.directory import Directory, Reach, reach
from services.notification.rules.directory_facts import HolderFact

AUTHORITY, UNIT = "licheng", "licensing"


def on(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def assigned(person: str, day: int, role: str = "direct", *, post: str = "P1", unit: str | None = UNIT) -> HolderFact:
    return HolderFact(AUTHORITY, post, "/hr", f"{person}-{post}-{day}", on(day), person, role, unit)


def left(person: str, day: int, *, post: str = "P1") -> HolderFact:
    return HolderFact(AUTHORITY, post, "/hr", f"{person}-{post}-left-{day}", on(day), person)


def reached(*facts: HolderFact, day: int, unit: str | None = UNIT) -> Reach:
    return reach(Directory(facts), AUTHORITY, unit, on(day))


def test_a_holder_is_reached_from_the_day_of_assignment_until_the_end() -> None:
    facts = (assigned("li", 3), left("li", 9))
    assert reached(*facts, day=2).person is None
    assert reached(*facts, day=3) == Reach("li", "direct")
    assert reached(*facts, day=8).person == "li"
    assert reached(*facts, day=9).person is None


def test_a_new_holder_of_the_same_post_ends_the_former_one() -> None:
    facts = (assigned("li", 3), assigned("zhao", 5))
    assert reached(*facts, day=4).person == "li"
    assert reached(*facts, day=5).person == "zhao"


def test_the_end_of_somebody_who_does_not_hold_the_post_says_nothing() -> None:
    assert reached(assigned("zhao", 5), left("li", 6), day=7).person == "zhao"


def test_a_handover_at_one_instant_leaves_no_vacancy() -> None:
    assert reached(assigned("li", 3), left("li", 5), assigned("li", 5), day=5).person == "li"


def test_a_vacant_post_goes_one_rung_up_and_says_so() -> None:
    assert reached(assigned("wang", 1, "leading", post="P2"), day=3) == Reach("wang", "leading", ("direct",))
    assert reached(assigned("qian", 1, "principal", post="P3"), day=3) == Reach(
        "qian", "principal", ("direct", "leading")
    )


def test_where_every_rung_is_vacant_nobody_is_reached() -> None:
    assert reached(day=3) == Reach(None, "principal", ("direct", "leading"))


def test_a_leader_may_serve_the_whole_authority_and_a_direct_handler_may_not() -> None:
    wide = assigned("wang", 1, "leading", post="P2", unit=None)
    assert reached(wide, assigned("li", 1, unit=None), day=3) == Reach("wang", "leading", ("direct",))
    assert reached(wide, assigned("own", 1, "leading", post="P3"), day=3).person == "own"
    assert reached(wide, day=3, unit=None).person == "wang"


def test_of_several_holders_the_one_who_came_last_is_reached() -> None:
    assert reached(assigned("li", 3), assigned("zhao", 5, post="P2"), day=6).person == "zhao"
    assert reached(assigned("li", 5, post="P2"), assigned("zhao", 5), day=6).person == "zhao"


FACTS = st.lists(
    st.builds(assigned, st.sampled_from(["li", "zhao", "sun"]), st.integers(1, 20)) | st.builds(
        left, st.sampled_from(["li", "zhao", "sun"]), st.integers(1, 20)
    ),
    max_size=12,
)  # fmt: skip


@given(FACTS, st.randoms(use_true_random=False), st.integers(1, 25))
def test_order_and_duplication_of_arrival_change_nothing(facts: list[HolderFact], random: Random, day: int) -> None:
    shuffled = [*facts, *facts[:3]]
    random.shuffle(shuffled)
    assert reached(*shuffled, day=day) == reached(*facts, day=day)


@given(FACTS, st.integers(1, 25))
def test_a_post_has_one_holder_at_a_time(facts: list[HolderFact], day: int) -> None:
    held = list(Directory(facts).held(AUTHORITY, on(day)))
    assert len({tenure.post for tenure in held}) == len(held)
    assert all(tenure.since <= on(day) for tenure in held)


def about(entry: str, kind: str, day: int, **more: Any) -> HolderFact:
    return HolderFact(AUTHORITY, entry, "/hr", f"{entry}-{kind}-{day}", on(day), kind=kind, **more)


def test_a_leaders_vacancy_goes_up_the_tree_before_the_whole_authority() -> None:
    tree = about(UNIT, "placed", 1, unit="bureau")
    chief, mayor = assigned("chief", 1, "leading", unit="bureau"), assigned("mayor", 1, "leading", post="P2", unit=None)
    assert reached(tree, chief, mayor, day=3).person == "chief"
    assert reached(tree, about(UNIT, "placed", 4, unit="other"), chief, mayor, day=5).person == "mayor"


def test_the_deputy_is_reached_while_the_holder_is_on_leave() -> None:
    away = about("li", "leave-taken", 3, until=on(6), other="zhao")
    assert [reached(assigned("li", 1), away, day=day).person for day in (2, 3, 5, 6)] == ["li", "zhao", "zhao", "li"]


def test_whoever_acts_goes_before_whoever_is_appointed_and_gives_the_post_back() -> None:
    acting = about("P1", "assigned", 3, until=on(6), person="zhao", role="direct", unit=UNIT, acting=True)
    assert [reached(assigned("li", 1), acting, day=day).person for day in (2, 3, 5, 6)] == ["li", "zhao", "zhao", "li"]


def test_what_was_taken_back_never_was() -> None:
    wrong = assigned("zhao", 3)
    back = about("P1", "retracted", 9, issued_at=on(9), replaces=wrong.identity)
    assert reached(assigned("li", 1), wrong, back, day=5).person == "li"
