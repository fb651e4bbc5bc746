"""What the benchmark of the calculus times is what it says it is."""

from datetime import date, timedelta

from services.deadline.calendars import load
from services.deadline.rules.fold import fold
from tests.bench.calculus import BEGUN, LATER, facts, figures, limits_of, walked


def test_the_naive_walk_ends_where_the_calendar_says() -> None:
    calendar = load("CN")
    for n in range(0, 300, 7):
        day = date(2025, 12, 20) + timedelta(days=n)
        assert walked(calendar, day, 20) == calendar.add_working_days(day, 20)


def test_its_matters_have_twenty_facts_and_five_clocks_that_run() -> None:
    calendar = load("CN")
    for moved in (True, False):
        told, now = facts(limits_of(), moved=moved), BEGUN + LATER
        clocks = fold(told, lambda code: calendar, now, now).clocks
        assert len(told) == 20
        assert [clock.name for clock in clocks if clock.start is not None and clock.problem is None] == [
            "acceptance", "decision", "examination", "quality", "statute",
        ]  # fmt: skip
        assert any(clock.course is not None and clock.course.granted for clock in clocks) == moved


def test_each_figure_has_its_naive_loop() -> None:
    assert all(figure.ratio is not None for figure in figures(20))
