"""The fold against a naive oracle, and the laws that hold for every history (D1, D4 to D8)."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.deadline.rules.clock import MISS
from services.deadline.rules.fold import fold
from tests.support.deadline_facts import FIRST, INSTANTS, calendar_of, fact_of, histories, told
from tests.support.deadline_oracle import Entry, answers

Moment = tuple[datetime, datetime]
MOMENTS = st.tuples(INSTANTS, INSTANTS).map(lambda pair: (max(pair), min(pair)))
"""(now, confirmed): a silent feed confirms less than the clock shows (D8)."""
INSTANT = timedelta(microseconds=1)


@settings(max_examples=250, deadline=None)
@given(histories(), MOMENTS)
def test_the_fold_says_what_a_naive_oracle_says(history: list[Entry], moment: Moment) -> None:
    said = told(fold([fact_of(entry) for entry in history], calendar_of, *moment))
    truth = answers(history, *moment)
    assert {key: said.get(key) for key in said | truth} == truth


@settings(max_examples=100, deadline=None)
@given(histories(), MOMENTS, st.data())
def test_no_order_and_no_duplicate_of_facts_changes_the_fold(
    history: list[Entry], moment: Moment, data: st.DataObject
) -> None:
    facts = [fact_of(entry) for entry in history]
    twice = [*facts, *data.draw(st.lists(st.sampled_from(facts), max_size=4))]
    shuffled = data.draw(st.permutations(twice))
    assert fold(shuffled, calendar_of, *moment) == fold(facts, calendar_of, *moment)


@settings(max_examples=100, deadline=None)
@given(histories(), MOMENTS)
def test_an_alarm_stands_exactly_where_the_next_verdict_or_warning_is_due(history: list[Entry], moment: Moment) -> None:
    now, confirmed = moment
    for clock in fold([fact_of(entry) for entry in history], calendar_of, now, confirmed).clocks:
        key = clock.name, clock.subject
        before = answers(history, now, confirmed)[key]
        if not clock.alarms:
            assert answers(history, now, FIRST + timedelta(days=60))[key] == before
            continue
        assert clock.due is not None
        assert clock.alarms[-1] == (clock.due.late_from, MISS)
        for at, _ in clock.alarms:
            assert answers(history, now, at - INSTANT)[key] == before
            before_at, before = before, answers(history, now, at)[key]
            assert before != before_at


@settings(max_examples=60, deadline=None)
@given(histories(), MOMENTS)
def test_a_fact_of_the_future_is_unknown_until_its_instant(history: list[Entry], moment: Moment) -> None:
    now, confirmed = moment
    facts = [fact_of(entry) for entry in history]
    folded = fold(facts, calendar_of, now, confirmed)
    if folded.refold_at is None:
        assert fold(facts, calendar_of, FIRST + timedelta(days=60), confirmed) == folded
    else:
        assert folded.refold_at > now
        assert fold(facts, calendar_of, folded.refold_at - INSTANT, confirmed) == folded
