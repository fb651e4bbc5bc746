"""Who is responsible: as held at the due instant, vacancies said so."""

from datetime import UTC, datetime, timedelta

import pytest

from services.accountability.rules.attribution import attribute, held_at
from services.accountability.rules.directory import Directory, PostHolding, PostKey
from services.accountability.rules.model import Held, Proposal, Role

DUE_ENDS = datetime(2026, 3, 10, 16, tzinfo=UTC)  # 24:00 in Shanghai
INSTANT = timedelta(microseconds=1)


def holding(
    person: str, role: Role, unit: str | None, since: datetime, until: datetime | None = None, post: str = ""
) -> PostHolding:
    return PostHolding(PostKey("licheng", post or f"{role}-post"), person, role, unit, since, until, since, since)


def named(*holdings: PostHolding, unit: str | None = "licensing", held: Held | None = None) -> Proposal:
    return attribute("licheng", unit, held, DUE_ENDS, "2026-03-10", "Asia/Shanghai", Directory(holdings))


def persons(proposal: Proposal) -> list[str | None]:
    return [responsible.person for responsible in proposal]


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def test_the_person_in_whose_hands_the_matter_was_comes_before_the_holder_of_the_post() -> None:
    held = Held(LONG_AGO, None, "licensing", "chen")
    direct = named(holding("zhang", "direct", "licensing", LONG_AGO), held=held)[0]
    assert (direct.person, direct.rule) == ("chen", "R25")
    assert "2020-01-01T08:00:00+08:00" in direct.because and "2026-03-10" in direct.because


def test_without_a_named_person_the_holder_of_the_units_post_is_direct() -> None:
    direct = named(holding("zhang", "direct", "licensing", LONG_AGO, post="window-3"))[0]
    assert direct.person == "zhang"
    assert "window-3" in direct.because


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (LONG_AGO, DUE_ENDS, "li"),  # left at the end of the due day: held it at its last instant
        (LONG_AGO, DUE_ENDS - INSTANT, None),  # left an instant before
        (DUE_ENDS - INSTANT, None, "li"),  # came at the last instant
        (DUE_ENDS, None, None),  # came when it was too late
    ],
)
def test_holdings_are_half_open_around_the_due_instant(
    since: datetime, until: datetime | None, expected: str | None
) -> None:
    assert persons(named(holding("li", "leading", "licensing", since, until)))[1] == expected


def test_the_units_own_leader_comes_before_the_authoritys() -> None:
    own = holding("li", "leading", "licensing", LONG_AGO)
    wide = holding("zhao", "leading", None, LONG_AGO, post="deputy-of-all")
    assert persons(named(own, wide))[1] == "li"
    assert persons(named(wide))[1] == "zhao"
    assert persons(named(wide, unit=None))[1] == "zhao"


def test_an_authority_wide_post_makes_nobody_the_direct_handler() -> None:
    assert persons(named(holding("zhao", "direct", None, LONG_AGO)))[0] is None


def test_another_unit_and_another_authority_answer_for_nothing() -> None:
    elsewhere = holding("li", "leading", "roads", LONG_AGO)
    foreign = PostHolding(PostKey("anxi", "p"), "lin", "leading", "licensing", LONG_AGO, None, LONG_AGO, LONG_AGO)
    assert persons(named(elsewhere, foreign)) == [None, None, None]


def test_a_vacancy_says_what_was_looked_for() -> None:
    for responsible in named():
        assert responsible.person is None
        assert responsible.because.startswith("vacant: ")
        assert "licensing" in responsible.because


def test_what_is_said_of_a_holder_does_not_depend_on_when_they_left() -> None:
    still = named(holding("li", "leading", "licensing", LONG_AGO))
    left = named(holding("li", "leading", "licensing", LONG_AGO, DUE_ENDS + timedelta(days=9)))
    assert still == left


def test_the_hand_over_in_force_is_the_latest_that_covers_the_instant() -> None:
    first = Held(LONG_AGO, DUE_ENDS, "a", "p")
    second = Held(DUE_ENDS, None, "b", "q")
    assert held_at((first, second), DUE_ENDS - INSTANT) == first
    assert held_at((second, first), DUE_ENDS) == second
    assert held_at((second,), LONG_AGO) is None
    assert held_at((Held(LONG_AGO, None, "c", "r"), Held(DUE_ENDS - INSTANT, None, "d", "s")), DUE_ENDS) is not None
