"""A clock counted again from its row is what a fold of all facts by the new calendar says, where the row can tell."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.clock import State
from services.deadline.rules.decide import decide
from services.deadline.rules.facts import Fact
from services.deadline.rules.limits import Limit, PauseTerms
from services.deadline.rules.recount import Recount
from services.deadline.rules.statement import limit_text
from services.deadline.rules.stored import Stored
from tests.oracle.adapter import calendar_of as oracle_calendar
from tests.oracle.adapter import facts_of
from tests.oracle.days import Case
from tests.oracle.making import cases
from tests.support.deadline_counting import a_limit
from tests.support.deadline_facts import CALENDAR, FIRST, INSTANTS, fact_of, histories

NOW = datetime(2026, 3, 3, 4, tzinfo=UTC)


def again(facts: Sequence[Fact], old: Calendar, new: Calendar, at: datetime, now: datetime) -> list[tuple[Any, Stored]]:
    """Each clock of a matter folded at one instant by the old calendar: counted again at another by the new one (None
    where only a fold can tell), and folded by it."""
    limits = {json.dumps(limit_text(limit)): limit for fact in facts for limit in _limits(fact)}
    before = [row for row, _ in decide("a", "m", facts, (), lambda _: old, at, at).clocks]
    confirmed = max((row.confirmed for row in before if row.confirmed is not None), default=now)
    counts = Recount(lambda _: new, lambda text: limits.get(json.dumps(text)), now)
    folded = {(row.name, row.subject): row for row in before}
    folded |= {(r.name, r.subject): r for r, _ in decide("a", "m", facts, before, lambda _: new, now, confirmed).clocks}
    found = []
    for row in before:
        if row.applies and "counted" in row.says:
            told = counts.again(row, confirmed)
            found.append((told, folded[row.name, row.subject]))
    return found


def same(told: Stored, folded: Stored) -> bool:
    """All but the revision, which the comparison with what was stored gives."""
    return told._replace(revision=folded.revision) == folded


def _limits(fact: Fact) -> tuple[Limit, ...]:
    return fact.limits + (_limits(fact.replacement) if fact.replacement is not None else ())


def known_between(facts: Sequence[Fact], at: datetime, now: datetime) -> bool:
    """Whether the matter is to be folded again by `now` anyhow."""
    return any(at < fact.occurred <= now for each in facts for fact in (each, each.replacement) if fact is not None)


@settings(max_examples=300)
@given(histories(), INSTANTS, st.integers(0, 30), st.sets(st.integers(-2, 20), max_size=4))
def test_a_row_counted_again_is_what_a_fold_says(entries: list[Any], at: datetime, later: int, off: set[int]) -> None:
    facts, now = [fact_of(entry) for entry in entries], at + timedelta(hours=later)
    new = CALENDAR.amended({FIRST.date() + timedelta(days=n): "off" for n in off})
    if not known_between(facts, at, now):
        assert all(told is None or same(told, folded) for told, folded in again(facts, CALENDAR, new, at, now))


@settings(max_examples=300)
@given(cases(), st.integers(0, 30), st.integers(0, 40), st.integers(1, 5))
def test_so_it_is_with_limits_of_every_kind(case: Case, later: int, first: int, days: int) -> None:
    old = oracle_calendar(case["calendar"], case["limit"]["zone"])
    begun = case["start"]["at"]
    off = [begun.date() + timedelta(days=first + n) for n in range(days)]
    new = old.amended({day: "off" for day in off if old.covers[0] <= day.year <= old.covers[1]})
    at = max(case["now"], begun)
    facts, now = facts_of(case), at + timedelta(hours=later)
    if not known_between(facts, at, now):
        assert all(told is None or same(told, folded) for told, folded in again(facts, old, new, at, now))


def registered(on: date | None = None, **changes: Any) -> Fact:
    limit = replace(a_limit("8wd"), calendar="X", warnings=("3wd", "1wd"), starts_on=("matter.registered",))
    return Fact(
        "matter.registered", FIRST, on, ("/a", "1"), FIRST, "e1", unit="u", limits=(replace(limit, **changes),)
    )  # fmt: skip


OFF = CALENDAR.amended({date(2026, 3, 4): "off", date(2026, 3, 5): "off"})


@pytest.mark.parametrize("on", [None, date(2026, 3, 2)])
def test_a_plain_clock_needs_no_fold(on: date | None) -> None:
    ((told, folded),) = again([registered(on)], CALENDAR, OFF, NOW, NOW)
    assert same(told, folded)
    assert (told.due_on, told.state) == (date(2026, 3, 18), State.RUNNING)


def test_terms_that_nobody_has_made_use_of_need_no_fold() -> None:
    facts = [registered(pauses=(PauseTerms("*"),), restarts_on=("correction.received",))]
    assert same(*again(facts, CALENDAR, OFF, NOW, NOW)[0])


@pytest.mark.parametrize(
    "more",
    [
        [Fact("matter.suspended", NOW, None, ("/a", "2"), NOW, "e2")],
        [Fact("matter.decided", NOW, None, ("/a", "2"), NOW, "e2")],
    ],
)
def test_what_is_paused_or_over_is_folded(more: list[Fact]) -> None:
    facts = [registered(pauses=(PauseTerms("*"),), stops_on=("matter.decided",)), *more]
    assert [told for told, _ in again(facts, CALENDAR, OFF, NOW, NOW)] in ([None], [])


def test_what_would_be_late_already_is_folded() -> None:
    late = FIRST + timedelta(days=30)
    assert again([registered()], CALENDAR, OFF, NOW, late)[0][0] is None


def test_a_due_that_comes_closer_is_counted_again_with_its_warnings() -> None:
    now = FIRST + timedelta(days=3)
    ((told, folded),) = again([registered()], OFF, CALENDAR, now, now)
    assert same(told, folded)
    assert told.due_on == date(2026, 3, 16)
