"""Which card for what (R21), by the edition in force on the day of the due."""

from datetime import date

import pytest

from services.accountability.rules.card_rules import (
    CardEdition,
    CardRule,
    first_day_of,
    in_force,
    level_of_warning,
    levels_of_miss,
    quarter_of,
)

OLD = CardEdition("ours/cards-1", date(2020, 1, 1), (CardRule("promised-passed", "yellow"),))
NEW = CardEdition(
    "ours/cards-2",
    date(2026, 1, 1),
    (
        CardRule("warned", "warning", left=("2wd",)),
        CardRule("promised-passed", "red"),
        CardRule("overdue", "red", after="5wd"),
    ),
)


@pytest.mark.parametrize(
    ("due", "name"),
    [("2019-12-31", "none"), ("2020-01-01", "ours/cards-1"), ("2025-12-31T17:00:00+08:00", "ours/cards-1"),
     ("2026-01-01", "ours/cards-2")],
)  # fmt: skip
def test_the_edition_is_that_of_the_day_of_the_due(due: str, name: str) -> None:
    assert in_force((OLD, NEW), due).name == name


def test_where_no_rule_fits_there_is_no_card() -> None:
    assert level_of_warning(OLD, "1wd") is None
    assert level_of_warning(NEW, "3wd") is None
    assert level_of_warning(NEW, "2wd") == "warning"
    assert not levels_of_miss(OLD, statutory=True, overdue=frozenset({"5wd"}), deemed=True)


@pytest.mark.parametrize(("amount", "fits"), [("4wd", False), ("5wd", True), ("10wd", True), ("5d", False)])
def test_an_amount_is_compared_with_those_of_its_unit(amount: str, fits: bool) -> None:
    levels = levels_of_miss(NEW, statutory=False, overdue=frozenset({amount}), deemed=False)
    assert levels == {"red": ("promised-passed", "overdue") if fits else ("promised-passed",)}


def test_quarters_are_those_of_the_calendar() -> None:
    assert [quarter_of(f"2026-{month:02}-15")[-2:] for month in range(1, 13)] == [
        f"Q{n}" for n in (1, 2, 3, 4) for _ in "abc"
    ]
    assert [first_day_of(f"2026-Q{n}") for n in (1, 2, 3, 4)] == [
        "2026-01-01",
        "2026-04-01",
        "2026-07-01",
        "2026-10-01",
    ]
