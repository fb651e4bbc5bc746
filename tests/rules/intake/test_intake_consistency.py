"""What limits of one version must agree on: clocks that wait for each other, promises, grounds."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.rules.catalogue import Expiry, Limit, Pause
from services.intake.rules.consistency import findings, remarks

NAMES = ("a", "b", "c", "d", "e")
PLAIN = Limit(
    clock="a", amount="5wd", at=None, start_rule="day0", roll="none", zone="Asia/Shanghai", day_ends=None,
    calendar="CN", starts_on=("matter.registered",), stops_on=("matter.closed",), warnings=(), source="Law Art. 1",
)  # fmt: skip
CONSENT = Expiry("consent", "Law Art. 2")


def limit(clock: str, *starts_on: str, amount: str = "5wd") -> Limit:
    return replace(PLAIN, clock=clock, amount=amount, starts_on=starts_on or PLAIN.starts_on)


def pausing(*pauses: Pause) -> Limit:
    return replace(PLAIN, pauses=pauses)


def codes(limits: Sequence[Limit], *grounds: str) -> set[tuple[str, str]]:
    return {(found.code, found.clock) for found in findings(limits, grounds)}


@given(st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES), max_size=2), min_size=1))
def test_a_clock_that_comes_after_itself_is_found_and_no_other(waits: dict[str, set[str]]) -> None:
    waits = {name: {other for other in others if other in waits} for name, others in waits.items()}
    limits = [limit(name, *(f"ended:{other}" for other in sorted(others))) for name, others in waits.items()]
    reach = {name: set(others) for name, others in waits.items()}
    for middle in reach:  # Warshall's closure
        for name in reach:
            if middle in reach[name]:
                reach[name] |= reach[middle]
    assert codes(limits) == {("cycle", name) for name in reach if name in reach[name]}


def test_all_three_ways_of_coming_after_another_clock_make_a_cycle() -> None:
    limits = [limit("a", "ended:b"), limit("b", "expired:c"), replace(limit("c", "deemed:a"), on_expiry=CONSENT)]
    limits[0] = replace(limits[0], on_expiry=CONSENT)
    assert codes(limits) == {("cycle", name) for name in "abc"}


def test_a_clock_starts_after_one_that_is_there() -> None:
    assert codes([limit("a", "expired:b")]) == {("unknown-clock", "a")}
    assert codes([limit("a", "expired:recorded")]) == set()


def test_a_clock_waits_for_one_clock_and_not_for_one_of_each_task() -> None:
    assert codes([limit("a", "ended:b"), replace(limit("b"), per="task")]) == {("not-one-clock", "a")}


def test_a_task_has_one_clock() -> None:
    assert codes([replace(limit("a"), per="task"), replace(limit("b"), per="task")]) == {("tasks-twice", "b")}
    assert (
        codes([replace(limit("a"), per="stage"), replace(limit("b"), per="stage"), replace(PLAIN, clock="c")]) == set()
    )


def test_silence_that_counts_as_nothing_starts_nothing() -> None:
    assert codes([limit("a", "deemed:b"), limit("b")]) == {("never-deemed", "a")}
    assert codes([limit("a", "deemed:b"), replace(limit("b"), on_expiry=CONSENT)]) == set()


def test_a_ground_is_known_or_declared_and_stands_once() -> None:
    lunch = Pause("lunch", None, "alarm", None)
    assert codes([pausing(lunch)]) == {("unknown-ground", "a")}
    assert codes([pausing(lunch)], "lunch") == set()
    assert codes([pausing(*(Pause(ground, None, "alarm", None) for ground in ("*", "hearing", "correction")))]) == set()
    assert codes([pausing(lunch, lunch)], "lunch") == {("ground-twice", "a")}


@pytest.mark.parametrize(
    ("promised", "statutory", "wrong"), [("20wd", "20wd", False), ("21wd", "20wd", True), ("30d", "20wd", False)]
)
def test_a_promise_is_not_longer_than_the_statute_where_they_can_be_compared(
    promised: str, statutory: str, wrong: bool
) -> None:
    limits = [
        replace(limit("a", amount=promised), kind="promised"),
        replace(limit("b", amount=statutory), kind="statutory"),
    ]
    assert codes(limits) == ({("promise-too-long", "a")} if wrong else set())
    apart = [limits[0], replace(limits[1], stops_on=("matter.delivered",))]
    assert codes(apart) == set()


def test_what_is_to_be_looked_at_stops_nothing() -> None:
    found = replace(
        PLAIN, warnings=("5wd", "1wd", "25%"), source="not verified", on_expiry=Expiry("consent", "not verified")
    )
    assert codes([found]) == set()
    told = {(each.code, each.clock) for each in remarks([found])}
    assert told == {("warns-at-once", "a"), ("source-not-verified", "a"), ("basis-not-verified", "a")}
    assert list(remarks([PLAIN])) == []
