"""The harness's own arithmetic: percentiles, ratios, tables, the JSON that others read."""

import json

import pytest

from tests.bench.figures import (
    BEGIN,
    COLUMNS,
    END,
    Figure,
    cpu_rows,
    markdown,
    percentile,
    replaced,
    rounded,
    rows,
    shown,
)


def test_a_percentile_is_a_value_that_was_measured() -> None:
    ascending = [float(n) for n in range(1, 101)]
    assert [percentile(ascending, share) for share in (0.5, 0.99, 1.0, 0.0)] == [50.0, 99.0, 100.0, 1.0]
    assert percentile([7.0], 0.99) == 7.0


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 0.5)


def test_the_ratio_is_the_share_of_the_floors_speed() -> None:
    assert Figure("storm", 1, 10.0, "s", "lower", 5.0).ratio == 0.5
    assert Figure("intake", 1, 4000.0, "matters/s", "higher", 8000.0).ratio == 0.5
    assert Figure("http", 1, 4000.0, "events/s", "higher").ratio is None


def test_the_json_has_the_members_that_were_promised() -> None:
    made = Figure("storm", 100_000, 12.3456, "s", "lower", 4.9, "a note").to_json()
    assert made == {"name": "storm", "n": 100_000, "value": 12.35, "unit": "s", "floor": 4.9, "ratio": 0.397}
    alone = json.loads(json.dumps(Figure("http", 1, 5.0, "events/s", "higher").to_json()))
    assert alone["floor"] is None
    assert alone["ratio"] is None


@pytest.mark.parametrize(
    ("value", "digits"), [(0.0, 0.0), (0.012345, 0.01234), (12.3456, 12.35), (123_456.0, 123_500.0)]
)
def test_four_digits_are_given(value: float, digits: float) -> None:
    assert rounded(value) == pytest.approx(digits, rel=1e-3)


def test_what_is_not_known_is_shown_as_a_dash_and_never_as_zero() -> None:
    assert shown(None) == "—"
    (row,) = rows([Figure("http", 1000, 5123.4, "events/s", "higher", None, "note")])
    assert row == ("http", "1,000", "5,123", "events/s", "—", "—", "note")
    assert len(row) == len(COLUMNS)


def test_the_table_takes_the_place_between_the_markers_only() -> None:
    document = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    block = markdown([Figure("a|b", 1, 2.0, "s", "lower")], {"cpu": "x"})
    made = replaced(document, block)
    assert made.startswith(f"before\n{BEGIN}\n")
    assert made.endswith(f"\n{END}\nafter\n")
    assert "old" not in made
    assert r"a\|b" in made
    assert replaced(made, block) == made


def test_cpu_seconds_stand_in_a_row_for_each_stretch() -> None:
    details = {"storm-10": {"cpu_s_to_quiet": {"deadline": 2.5, "kafka": 1.0}, "peak_mb": {"deadline": 99}}}
    assert cpu_rows(details) == [("CPU seconds", "deadline", "kafka"), ("storm-10: to quiet", "2.5", "1")]
    assert cpu_rows({"million": {"sizes": {"clocks": 1}}}) == []
    assert "| storm-10: to quiet | 2.5 | 1 |" in markdown([], {}, details)


def test_a_document_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the lines"):
        replaced("no markers", "block")
