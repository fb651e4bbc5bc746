"""Deciding step by step, in any order and with sweeps between, ends where deciding once ends; nothing is published
early, twice, or taken back without a cause (I1, I7, I8, I10, I17, D3, D8).
"""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.deadline_facts import FIRST, INSTANTS, fact_of, histories
from tests.support.deadline_life import Life
from tests.support.deadline_oracle import Entry

Step = tuple[str, datetime, datetime, int]
END = FIRST + timedelta(days=40)
LAG = st.sampled_from((timedelta(), timedelta(), timedelta(hours=9), timedelta(days=3)))


@st.composite
def schedules(draw: st.DrawFn) -> list[Step]:
    """Batches and sweeps at rising instants, each with a confirmed instant that rises too (D8)."""
    instants = sorted(draw(st.lists(INSTANTS, min_size=1, max_size=8)))
    steps, confirmed = [], instants[0]
    for now in instants:
        confirmed = max(confirmed, now - draw(LAG))
        steps.append((draw(st.sampled_from(("batch", "batch", "sweep"))), now, confirmed, draw(st.integers(1, 4))))
    return steps


def lived(history: list[Entry], schedule: list[Step]) -> Life:
    """The history arrives in its order, in batches of those sizes; what is left comes with the last batch."""
    life, left = Life(), [fact_of(entry) for entry in history]
    for kind, now, confirmed, size in schedule:
        if kind == "sweep":
            life.sweep(now, confirmed)
        else:
            batch, left = left[:size], left[size:]
            life.receive(batch, now, confirmed)
    _, now, confirmed, _ = schedule[-1]
    life.receive(left, now, confirmed)
    return life


def at_once(history: list[Entry], now: datetime, confirmed: datetime) -> Life:
    life = Life()
    life.receive([fact_of(entry) for entry in history], now, confirmed)
    return life


@settings(max_examples=200, deadline=None)
@given(histories().flatmap(lambda h: st.tuples(st.just(h), st.permutations(h))), schedules())
def test_every_order_of_arrival_with_sweeps_between_ends_in_the_same_state(
    histories_: tuple[list[Entry], list[Entry]], schedule: list[Step]
) -> None:
    history, shuffled = histories_
    life = lived(shuffled, schedule)
    _, now, confirmed, _ = schedule[-1]
    life.sweep(now, confirmed)
    assert life.standing() == at_once(history, now, confirmed).standing()
    life.sweep(END, END)
    assert life.standing() == at_once(history, END, END).standing()


@settings(max_examples=100, deadline=None)
@given(histories(), st.lists(INSTANTS, min_size=1, max_size=6).map(sorted))
def test_firing_from_the_rows_says_what_folding_again_says(history: list[Entry], instants: list[datetime]) -> None:
    swept, folded = Life(), Life()
    for life in (swept, folded):
        life.receive([fact_of(entry) for entry in history], instants[0], instants[0])
    for now in instants:
        swept.sweep(now, now)
        folded.fold(now, now)
        assert swept.rows == folded.rows
        assert swept.published == folded.published


@settings(max_examples=100, deadline=None)
@given(histories(), st.lists(INSTANTS, min_size=2, max_size=6))
def test_a_clock_set_back_takes_nothing_back_and_tells_nothing_twice(
    history: list[Entry], instants: list[datetime]
) -> None:
    life, latest = Life(), instants[0]
    for now in instants:
        latest = max(latest, now)
        life.receive([fact_of(entry) for entry in history], now, now)
        life.sweep(now, now)
        assert life.standing() == at_once(history, latest, latest).standing()
    once = at_once(history, instants[0], instants[0])
    for now in sorted(now for now in instants if now > instants[0]):
        once.fold(now, now)
    assert len(life.published) <= len(once.published)


@settings(max_examples=60, deadline=None)
@given(histories(), INSTANTS)
def test_what_has_been_decided_is_not_published_again(history: list[Entry], now: datetime) -> None:
    life = at_once(history, now, now)
    told, rows = len(life.published), dict(life.rows)
    life.fold(now, now)
    life.receive([fact_of(entry) for entry in history], now, now)
    life.sweep(now, now)
    assert (len(life.published), life.rows) == (told, rows)
