"""A limit that cannot be counted: it says so, is taken back where it was announced, and hinders nothing else."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.deadline.calendars import load
from services.deadline.rules.calendar import Calendar
from services.deadline.rules.clock import Clock, State
from services.deadline.rules.decide import Decision, decide
from services.deadline.rules.facts import Fact
from services.deadline.rules.fold import fold
from services.deadline.rules.limits import Amount, Limit, Roll, StartRule
from tests.support.deadline_facts import DECIDE, FIRST, NEVER, SOON, calendar_of, fact_of
from tests.support.deadline_life import Life
from tests.support.deadline_oracle import Entry, Rule

DAY = timedelta(days=1)
LATE = FIRST + 3 * DAY
"""Where DECIDE, two working days from a Monday, is late."""


def a_limit(amount: str | None = "2wd", clock: str = "decide", **changes: Any) -> Limit:
    fields: dict[str, Any] = {
        "clock": clock, "amount": Amount.parse(amount) if amount else None, "at": None,
        "start_rule": StartRule.DAY0, "roll": Roll.NONE, "zone": "Asia/Shanghai", "day_ends": None, "calendar": "CN",
        "starts_on": ("matter.registered",), "stops_on": ("matter.closed",), "warnings": (), "source": "not verified",
    }  # fmt: skip
    return Limit(**(fields | changes))


def registration(*limits: Limit) -> Fact:
    return Fact("matter.registered", FIRST, None, ("/a", "r"), FIRST, "event-r", unit="u1", limits=limits)


def clocks_of(*limits: Limit) -> dict[str, Clock]:
    folded = fold([registration(*limits)], load, FIRST, FIRST)
    return {clock.name: clock for clock in folded.clocks}


def entry(name: str, type_: str, **more: Any) -> Entry:
    return Entry(("/a", name), type_, FIRST, FIRST, **more)


def registered(*rules: Rule) -> Entry:
    return entry("r", "matter.registered", unit="u1", item="licence", rules=rules)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (a_limit(calendar="MOON"), "no calendar 'MOON'; known are CN"),
        (a_limit("9999wd"), "calendar CN covers 2004 to 2040, the count needs the year 2041"),
        (a_limit("99999wh"), "calendar CN covers 2004 to 2040, the count needs the year 2041"),
        (a_limit("99999m"), "the count leaves the years 1 to 9999"),
        (a_limit("9999m"), "limit decide ends after the year 2199"),
        (a_limit("99999d"), "limit decide ends after the year 2199"),
        (a_limit(None, at=date(2199, 12, 31), roll=Roll.NEXT), "calendar CN covers 2004 to 2040"),
        (a_limit(warnings=("500%",)), "'500%' is not a warning"),
        (a_limit(zone="Asia/Quanzhou"), "'Asia/Quanzhou' is not a time zone"),
    ],
)
def test_an_uncountable_limit_says_why_and_the_others_are_counted(wrong: Limit, problem: str) -> None:
    found = clocks_of(wrong, a_limit(clock="other"))
    clock = found["decide"]
    assert (clock.state, clock.due, clock.alarms, clock.warned) == (State.NOT_STARTED, None, (), None)
    assert clock.problem is not None
    assert clock.problem.startswith(problem)
    assert (found["other"].state, found["other"].problem) == (State.RUNNING, None)


def test_the_last_due_that_an_event_can_say_is_counted() -> None:
    (clock,) = clocks_of(a_limit(None, at=date(2199, 12, 31))).values()
    assert (clock.state, clock.problem) == (State.RUNNING, None)


def test_an_unknown_calendar_is_told_before_the_clock_starts() -> None:
    (clock,) = clocks_of(a_limit(calendar="MOON", starts_on=("matter.accepted",))).values()
    assert clock.problem is not None
    assert (clock.state, clock.calendar) == (State.NOT_STARTED, None)


def test_a_decision_never_fails_and_counts_what_became_uncountable_once() -> None:
    facts = [registration(a_limit(calendar="MOON"), a_limit("9999wd", "second"), a_limit(clock="third"))]

    def decided(stored: Decision | None) -> Decision:
        rows = [row for row, _ in stored.clocks] if stored else []
        return decide("A", "1", facts, rows, load, FIRST, FIRST)

    first = decided(None)
    assert first.uncountable == 2
    assert {row.name: [c.type for c in changes] for row, changes in first.clocks} == {
        "decide": [], "second": [], "third": ["deadline.scheduled"]
    }  # fmt: skip
    assert {row.name: row.problem is not None for row, _ in first.clocks} == {
        "decide": True, "second": True, "third": False
    }  # fmt: skip
    again = decided(first)
    assert (again.clocks, again.uncountable) == ((), 0)


def live(*steps: list[Entry]) -> Life:
    life = Life()
    for step in steps:
        life.receive([fact_of(each) for each in step], LATE, LATE)
    return life


def test_a_due_that_can_be_counted_no_more_is_taken_back_with_its_miss() -> None:
    never = Rule("decide", DECIDE.zone, DECIDE.starts, DECIDE.stops, 1000, "wd")
    life = live([registered(DECIDE)], [entry("m", "limits.changed", rules=(never,))])
    assert [(c.type, c.says.get("reason"), c.cause) for _, c in life.published[1:]] == [
        ("deadline.missed", None, "event-/a-r"),
        ("deadline.withdrawn", "due-moved", "event-/a-m"),
        ("deadline.voided", "limit-removed", "event-/a-m"),
    ]
    row = life.rows["decide", ""]
    assert (row.state, row.late_from, row.miss, row.alarms) == (State.NOT_STARTED, None, None, ())


def test_a_limit_that_is_mended_is_scheduled() -> None:
    life = live([registered(NEVER)], [entry("m", "limits.changed", rules=(SOON,))])
    assert [c.type for _, c in life.published] == ["deadline.scheduled", "deadline.missed"]
    assert life.rows["archive", ""].problem is None


def test_a_future_fact_that_brings_an_uncountable_limit_harms_nothing_before_or_after() -> None:
    ahead = Entry(("/a", "m"), "limits.changed", FIRST + DAY, FIRST, rules=(NEVER,))
    life = Life()
    life.receive([fact_of(each) for each in (registered(DECIDE), ahead)], FIRST, FIRST)
    assert life.refold_at == FIRST + DAY
    life.sweep(LATE, LATE)
    assert [c.type for _, c in life.published] == ["deadline.scheduled", "deadline.missed"]
    assert life.rows["archive", ""].problem is not None


def test_a_calendar_without_working_hours_is_a_problem_too() -> None:
    def without_hours(code: str) -> Calendar:
        calendar = calendar_of(code)
        return Calendar(
            calendar.code, calendar.version, calendar.zone, calendar.weekend, {}, {}, calendar.covers,
            calendar.published, (),
        )  # fmt: skip

    (clock,) = fold([registration(a_limit("3wh"))], without_hours, FIRST, FIRST).clocks
    assert clock.problem == "calendar X has no working hours"
