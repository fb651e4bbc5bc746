"""`duban catalogue check`: everything that is wrong at once, with its place, and an exit code."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.intake.config import DEFAULT

GOOD = (
    "items: [{code: foia, zone: America/New_York, calendar: US-federal, limits: [{amount: 20wd, source: Law Art. 1}]}]"
)
BAD = """
zone: Asia/Shanghai
calendar: XX
items:
  - code: permit
    limits:
      - {clock: one, amount: 5wd, starts_on: ["ended:two"], pauses: [lunch]}
      - {clock: two, amount: 5wd, starts_on: ["expired:one"]}
  - code: promise
    calendar: CN
    limits:
      - {clock: promised, kind: promised, amount: 30wd}
      - {clock: statutory, kind: statutory, amount: 20wd}
"""


def check(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["catalogue", "check", *arguments])
    return result.exit_code, result.output


def written(directory: Path, text: str, name: str = "own.yaml") -> str:
    (directory / name).write_text(text, encoding="utf-8")
    return str(directory / name)


def test_the_shipped_catalogue_can_be_used() -> None:
    code, told = check(str(DEFAULT))
    assert code == 0
    assert "0 wrong" in told.splitlines()[-1]
    assert "look at:" in told and "look at:" not in check("--quiet", str(DEFAULT))[1]


def test_a_good_file_has_nothing_to_say(tmp_path: Path) -> None:
    assert check(written(tmp_path, GOOD)) == (0, "1 items, 1 limits: 0 wrong, 0 to look at\n")


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    code, told = check("--json", written(tmp_path, BAD))
    found = json.loads(told)["findings"]
    assert code == 1
    assert {(each["item"], each["clock"], each["code"]) for each in found} == {
        ("permit", "one", "cycle"), ("permit", "two", "cycle"), ("permit", "one", "unknown-ground"),
        ("permit", "one", "unknown-calendar"), ("permit", "two", "unknown-calendar"),
        ("promise", "promised", "promise-too-long"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("items: [{code: a, zone: Asia/Shanghai, calendar: CN, limits: [{amount: 5x}]}]", "item a: limits/0/amount"),
        ("items: [{code: a, calendar: CN}]", "item a: zone"),
        ("items: {", "while parsing"),
    ],
)
def test_a_form_that_cannot_be_read_is_wrong_and_names_its_place(tmp_path: Path, text: str, place: str) -> None:
    code, told = check(written(tmp_path, text))
    assert code == 1 and place in told


def test_files_are_checked_together(tmp_path: Path) -> None:
    ground = written(tmp_path, "grounds: {lunch: {en: Lunch}}\nitems: []\n", "grounds.yaml")
    user = written(tmp_path, GOOD.replace("amount: 20wd", "amount: 20wd, pauses: [lunch]"))
    assert check(user)[0] == 1
    assert check(ground, user)[0] == 0
    twice = written(tmp_path, GOOD, "again.yaml")
    code, told = check(user, ground, twice)
    assert code == 1 and "[item-twice]" in told


def test_a_file_that_is_not_there_is_a_question_wrongly_put(tmp_path: Path) -> None:
    assert check(str(tmp_path / "none.yaml"))[0] == 2
    assert check()[0] == 2
