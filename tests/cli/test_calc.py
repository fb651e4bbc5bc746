"""`duban calc` as a user types it: what it prints, and how it refuses."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.main import app

BASE = {"--calendar": "CN", "--start": "2026-01-28", "--limit": "20wd"}


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["calc", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


def options(**changes: str | None) -> list[str]:
    given = BASE | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return [part for name, value in given.items() if value is not None for part in (name, value)]


def vector_file(tmp_path: Path, content: object) -> str:
    path = tmp_path / "vectors.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def a_case(**changes: Any) -> dict[str, Any]:
    return {"start": "2026-01-28", "amount": 20, "unit": "wd", "due": "2026-03-03"} | changes


def test_the_due_date_comes_first_then_each_day() -> None:
    code, out, _ = run(*options())
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "Due 2026-03-03 Tue"
    assert "  2026-02-14 Sat: day 13, make-up workday 班 for 2026-02-20" in lines
    assert "  2026-03-02 Mon to 2026-03-03 Tue: days 19 to 20" in lines


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        ({"limit": "15d", "start": "2025-09-22"}, "2025-10-09"),
        ({"limit": "15d", "start": "2025-09-22", "roll": "none"}, "2025-10-07"),
        ({"limit": "15d", "start": "2025-09-22", "roll": "previous"}, "2025-09-30"),
        ({"limit": "3m", "start": "2025-11-30"}, "2026-02-28"),
        ({"limit": "1wd", "start": "2026-02-21", "start_rule": "roll"}, "2026-02-25"),
        ({"limit": "1wd", "start_rule": "inclusive"}, "2026-01-28"),
        ({"limit": "2026-02-21"}, "2026-02-21"),
        ({"limit": "2026-02-21", "roll": "next"}, "2026-02-24"),
        ({"limit": "24h", "start": "2026-02-21T10:00:00+08:00"}, "2026-02-22T10:00:00+08:00"),
        ({"limit": "24h", "start": "2026-02-21T02:00:00Z"}, "2026-02-22T10:00:00+08:00"),
        ({"limit": "2026-02-21T10:00:00+08:00"}, "2026-02-21T10:00:00+08:00"),
        ({"calendar": "US", "limit": "20wd", "start": "2016-11-08"}, "2016-12-08"),
        ({"calendar": "GB", "limit": "20wd", "start": "2021-05-01"}, "2021-06-01"),
    ],
)
def test_json_carries_the_due_of_what_was_asked(changes: dict[str, str], due: str) -> None:
    code, out, _ = run(*options(**changes), "--json")
    found = json.loads(out)
    assert (code, found["due"]) == (0, due)
    assert found["texts"]["en"].startswith(f"Due {due[:10]}")
    assert found["texts"]["zh"].startswith(f"到期：{due[:10]}")


@pytest.mark.parametrize(("limit", "roll"), [("20wd", "none"), ("20d", "next"), ("2m", "next"), ("24h", "none")])
def test_only_natural_days_and_months_roll_unless_told(limit: str, roll: str) -> None:
    assert json.loads(run(*options(limit=limit), "--json")[1])["limit"]["roll"] == roll


def test_the_day_ends_at_the_close_of_business_given() -> None:
    assert json.loads(run(*options(), "--day-ends", "17:00", "--json")[1])["late_from"] == "2026-03-03T17:00:00+08:00"
    assert json.loads(run(*options(), "--day-ends", "24:00", "--json")[1])["late_from"] == "2026-03-04T00:00:00+08:00"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"calendar": "XX"}, "no calendar 'XX'; known are CN, GB"),
        ({"calendar": None}, "--calendar must be given"),
        ({"start": None, "limit": None}, "--start, --limit must be given (or --vectors FILE)"),
        ({"start": "yesterday"}, "--start: 'yesterday' is not a day such as"),
        ({"start": "2026-02-30"}, "--start: '2026-02-30' is not a day such as"),
        ({"start": "2026-02-03T10:00"}, "--start: '2026-02-03T10:00' has no offset from UTC"),
        ({"start": "1999-02-03"}, "calendar CN covers 2004 to 2040, the count needs the year 1999"),
        ({"limit": "20x"}, "--limit: '20x' is not an amount such as 20wd"),
        ({"limit": "0wd"}, "--limit: '0wd' is not an amount"),
        ({"limit": "2026-13-01"}, "--limit: '2026-13-01' is not a day such as"),
        ({"limit": "99999m"}, "the count leaves the years 1 to 9999"),
        ({"limit": "99999wd"}, "calendar CN covers 2004 to 2040"),
        ({"day_ends": "25:00"}, "--day-ends: '25:00' is not a time of day"),
    ],
)
def test_bad_input_is_refused_in_one_line(changes: dict[str, str | None], message: str) -> None:
    code, out, err = run(*options(**changes))
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "extra", [("--roll", "sideways"), ("--start-rule", "day1"), ("--paused", "2026-01-29/2026-02-01")]
)
def test_an_unknown_choice_or_option_is_a_usage_error(extra: tuple[str, str]) -> None:
    code, out, err = run(*options(), *extra)
    assert (code, out) == (2, "")
    assert extra[0] in err


@pytest.mark.parametrize(("name", "cases"), [("cn", 13), ("gb", 5)])
def test_the_published_vectors_pass(handout: Path, name: str, cases: int) -> None:
    code, out, _ = run("--vectors", str(handout / f"deadline-vectors-{name}.json"))
    assert (code, out) == (0, f"{cases} passed, 0 failed\n")


def test_a_difference_is_printed_and_the_count_comes_last(tmp_path: Path) -> None:
    cases = [a_case(), a_case(name="wrong [bold]", due="2026-03-04")]
    path = vector_file(tmp_path, {"calendar": "CN", "cases": cases})
    code, out, _ = run("--vectors", path)
    assert code == 1
    assert out.splitlines() == [
        "case 2 (wrong [bold]): due 2026-03-04 expected, 2026-03-03 counted",
        "1 passed, 1 failed",
    ]
    code, out, _ = run("--vectors", path, "--json")
    assert code == 1
    assert json.loads(out)["failed"] == 1


@pytest.mark.parametrize(
    ("head", "case"),
    [
        ({"roll": "next_working_day for d and m"}, a_case(start="2025-09-22", amount=15, unit="d", due="2025-10-09")),
        ({"roll": "next_working_day for m"}, a_case(start="2025-09-22", amount=15, unit="d", due="2025-10-07")),
        ({"roll": "previous_working_day for d"}, a_case(start="2025-09-22", amount=15, unit="d", due="2025-09-30")),
        ({"roll": "none"}, a_case(start="2025-09-22", amount=15, unit="d", due="2025-10-07")),
        ({}, a_case(start="2025-09-22", amount=15, unit="d", due="2025-10-07")),
        ({"day0": "inclusive"}, a_case(due="2026-03-02")),
        ({"day0": "roll"}, a_case(start="2026-02-21", amount=1, due="2026-02-25")),
        ({"calendar": "GB-SCT, Scotland"}, a_case(start="2026-11-27", amount=1, due="2026-12-01")),
        ({"calendar": "CN(mainland)"}, a_case()),
        ({"holidays": ["2026-03-03"]}, a_case(due="2026-03-04")),
        ({}, a_case(start="2026-01-28T10:00:00+08:00", unit="h", amount=24, due="2026-01-29T02:00:00Z")),
        ({}, a_case(pause=[], extend=0)),
    ],
)
def test_a_vector_file_is_read_as_it_is_written(tmp_path: Path, head: dict[str, Any], case: dict[str, Any]) -> None:
    path = vector_file(tmp_path, {"calendar": "CN", "cases": [case]} | head)
    assert run("--vectors", path)[:2] == (0, "1 passed, 0 failed\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ([], "must hold a JSON object"),
        ({"cases": [a_case()]}, "`calendar` must begin with a calendar's code"),
        ({"calendar": "ZZ", "cases": [a_case()]}, "no calendar 'ZZ'"),
        ({"calendar": "CN"}, "`cases` must be a list with at least one case"),
        ({"calendar": "CN", "cases": []}, "`cases` must be a list with at least one case"),
        ({"calendar": "CN", "cases": [1]}, "case 1 must be an object"),
        ({"calendar": "CN", "day0": "someday", "cases": [a_case()]}, "`day0`: 'someday' is not receipt"),
        ({"calendar": "CN", "roll": "sideways", "cases": [a_case()]}, "`roll`: 'sideways' is not none"),
        ({"calendar": "CN", "roll": "next_working_day for y", "cases": [a_case()]}, "`roll`: 'y' is not a valid Unit"),
        ({"calendar": "CN", "holidays": "2026-01-01", "cases": [a_case()]}, "`holidays` must be a list"),
        ({"calendar": "CN", "holidays": [20260101], "cases": [a_case()]}, "holidays: 20260101 is not a day"),
        ({"calendar": "CN", "cases": [a_case(), a_case(pause=["2026-02-01"])]}, "case 2: pause: '2026-02-01' is not"),
        ({"calendar": "CN", "cases": [a_case(name="x", extend="10y")]}, "case 1 (x): '10y' is not an amount"),
        ({"calendar": "CN", "cases": [a_case(amount="20")]}, "case 1: `amount` is missing or not a number"),
        ({"calendar": "CN", "cases": [a_case(amount=True)]}, "case 1: `amount` is missing or not a number"),
        ({"calendar": "CN", "cases": [a_case(amount=-1)]}, "case 1: '-1wd' is not an amount"),
        ({"calendar": "CN", "cases": [a_case(unit="fortnight")]}, "case 1: '20fortnight' is not an amount"),
        ({"calendar": "CN", "cases": [a_case(start="today")]}, "case 1: start: 'today' is not a day"),
        ({"calendar": "CN", "cases": [a_case(due="soon")]}, "case 1: due: 'soon' is not a day"),
        ({"calendar": "CN", "cases": [a_case(unit="h")]}, "case 1: `due` must be an instant"),
        ({"calendar": "CN", "cases": [a_case(start="1999-01-01")]}, "case 1: calendar CN covers 2004 to 2040"),
    ],
)
def test_a_bad_vector_file_is_refused_in_one_line(tmp_path: Path, content: object, message: str) -> None:
    code, out, err = run("--vectors", vector_file(tmp_path, content))
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert run("--vectors", str(tmp_path / "none.json"))[0] == 2
    assert "Is a directory" in run("--vectors", str(tmp_path))[2]
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe{")
    assert "is not JSON" in run("--vectors", str(tmp_path / "bytes.json"))[2]


def test_vectors_and_a_single_calculation_do_not_mix(tmp_path: Path) -> None:
    code, _, err = run("--vectors", vector_file(tmp_path, {}), "--calendar", "CN", "--start-rule", "roll")
    assert code == 2
    assert "leave out --calendar, --start-rule" in err


def test_the_command_starts_without_loading_what_only_a_calculation_needs() -> None:
    check = "import sys, services.cli.main; print(*{'holidays', 'pydantic', 'yaml', 'asyncpg'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""


def test_a_terminal_without_chinese_gets_escapes_and_no_traceback() -> None:
    command = [sys.executable, "-m", "typer", "services.cli.main", "run", "calc", *options()]
    found = subprocess.run(command, capture_output=True, text=True, env={"PYTHONIOENCODING": "ascii"})
    assert (found.returncode, found.stderr) == (0, "")
    assert "day 13, make-up workday \\u73ed for 2026-02-20" in found.stdout
