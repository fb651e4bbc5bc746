"""A storm brings one rest, at its beginning."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.notification.rules.rest import LONGEST_S, OVER_S, Rest


def test_a_full_batch_begins_a_rest_that_ends() -> None:
    rest = Rest(1000)
    rest.took(999, 0)
    assert not rest.lasts(0)
    rest.took(1000, 1)
    assert rest.lasts(1) and rest.lasts(LONGEST_S) and not rest.lasts(1 + LONGEST_S)


def test_the_same_storm_brings_no_other_and_the_next_one_does() -> None:
    rest = Rest(10)
    for now in range(0, 300, 20):
        rest.took(10, now)
        assert rest.lasts(now) is (now == 0)
    rest.took(10, 280 + OVER_S + 1)
    assert rest.lasts(280 + OVER_S + 1)


def test_a_simulated_clock_knows_no_rest() -> None:
    rest = Rest()
    rest.took(10**6, 0)
    assert not rest.lasts(0)


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(0, 100)), max_size=40))
def test_rests_are_further_apart_than_a_storm_takes_to_be_over(batches: list[tuple[int, float]]) -> None:
    rest, now, rests = Rest(10), 0.0, []
    for size, pause in batches:
        now += pause
        before = rest.lasts(now)
        rest.took(size, now)
        if rest.lasts(now) and not before:
            rests.append(now)
    assert all(later - sooner > OVER_S for sooner, later in pairwise(rests))
