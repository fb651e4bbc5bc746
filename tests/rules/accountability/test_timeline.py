"""Shares of time: nobody carries what another sat on."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.accountability.circumstances_text import kept, of_kept
from services.accountability.rules.circumstances import Act, Circumstances, Hand, Paused, Team
from services.accountability.rules.named import Ref
from services.accountability.rules.timeline import external, shares

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)


def hand(unit: str | None, person: str | None, minutes: int) -> Hand:
    return Hand(AT, None, unit, person, minutes)


def test_the_same_hands_have_one_share_however_often_they_had_the_matter() -> None:
    found = shares([hand("a", "p", 60), hand("b", "q", 120), hand("a", "p", 60)])
    assert [(s.person, s.net_minutes, s.percent) for s in found] == [("p", 120, 50), ("q", 120, 50)]


def test_what_rounding_loses_goes_to_the_largest_remainder_and_then_to_the_earlier() -> None:
    assert [s.percent for s in shares([hand("a", str(n), 1) for n in range(3)])] == [34, 33, 33]


def test_of_no_time_there_are_no_shares() -> None:
    assert [s.percent for s in shares([hand("a", "p", 0), hand("a", "q", 0)])] == [None, None]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9999)), min_size=1, max_size=9))
def test_shares_make_the_whole(given_hands: list[tuple[str, int]]) -> None:
    found = shares([hand("u", person, minutes) for person, minutes in given_hands])
    assert sum(s.net_minutes for s in found) == sum(minutes for _, minutes in given_hands)
    if any(minutes for _, minutes in given_hands):
        assert sum(s.percent or 0 for s in found) == 100


def test_pauses_and_other_units_are_told_apart() -> None:
    hearing = Paused("hearing", "2026-03-04", "2026-03-05", assumed=False)
    of = Circumstances((hand("a", "p", 60), hand("b", None, 30), hand("c", "q", 0)), pauses=(hearing,))
    assert external(of, "a") == ((hearing,), (("b", 30),))


def test_circumstances_are_kept_as_they_were_told() -> None:
    opinion = Act("opinion", AT, "hold", Ref("/a", "1"), "e1", AT, "p", "reviewer", Ref("/a", "0"))
    session = Act("decision", AT, "hold", Ref("/a", "2"), "e2", AT, members=("p", "q"), dissented=("r",))
    team = Team("a", ("b", "c"), "m", "f")
    of = Circumstances((hand("a", "p", 60), hand("b", None, 30)), (opinion, session), team)
    assert of_kept(kept(of)) == of
