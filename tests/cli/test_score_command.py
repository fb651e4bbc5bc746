"""`duban score`: what a unit is told of its month."""

from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.asking import CannotAsk
from services.cli.main import app

LIMIT = {"matter": "2026-0117", "clock": "promised", "subject": "", "due": "2026-10-20"}
ANSWER: dict[str, Any] = {
    "authority": "licheng", "unit": "planning", "month": "2026-10", "rulebook": "default/scores-1", "points": 95,
    "begins_at": 100, "least": 0, "most": 100, "sum": 95, "volume": 40,
    "lines": [
        {"code": "yellow", "points": -5, "times": 1, "count": 1, "limits": [LIMIT | {"card_id": "c"}]},
        {"code": "early", "points": 1, "times": 1, "count": 7, "of": 40, "limits": [LIMIT] * 7},
        {"code": "missing", "points": -1, "times": 1, "count": 1, "of": 40, "limits": [LIMIT | {"missing": ["item"]}]},
    ],
}  # fmt: skip
TOLD = """\
licheng/planning in 2026-10: 95 of 100 by default/scores-1
  40 limits were due and ended, or were missed; it begins at 100
    -5  yellow cards 黄牌: 1
        2026-0117 promised due 2026-10-20
    +1  ended early 提前办结: 7 of 40
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    questions: list[dict[str, str]] = []

    def ask(url: str, **parameters: str) -> dict[str, Any]:
        questions.append(parameters)
        if parameters["unit"] == "zero":
            return ANSWER | {"unit": "zero", "points": None, "sum": 100, "volume": 0, "lines": []}
        if parameters["unit"] != "planning":
            raise CannotAsk("Nothing of a unit of this id was due in that month", 2)
        return ANSWER

    monkeypatch.setattr("services.cli.asking.ask", ask)
    monkeypatch.setattr("services.cli.asking.url_of", lambda service, settings: "http://x")
    return questions


def run(*arguments: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, ["score", *arguments])
    return found.exit_code, found.stdout, found.stderr


def test_a_score_is_told_line_by_line(asked: list[dict[str, str]]) -> None:
    code, out, _ = run("planning", "--month", "2026-10")
    assert code == 0 and out.startswith(TOLD)
    assert "and 2 more: --json" in out and "due 2026-10-20, no item" in out
    assert asked == [{"unit": "planning", "month": "2026-10"}]


def test_without_anything_due_there_is_no_score(asked: list[dict[str, str]]) -> None:
    assert "licheng/zero in 2026-10: — of 100" in run("zero", "--month", "2026-10", "--authority", "licheng")[1]
    assert asked[0]["authority"] == "licheng"


def test_a_unit_that_is_not_there(asked: list[dict[str, str]]) -> None:
    assert run("roads", "--month", "2026-10")[::2] == (
        2, "duban score: Nothing of a unit of this id was due in that month\n",
    )  # fmt: skip
