"""`duban explain --verify FILE`: who kept an explanation can have it counted again, without any service."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.deadline.rules.explain import digest_of

Told = dict[str, Any]
BASE = ("--calendar", "CN", "--start", "2026-01-28", "--limit", "20wd", "--json")
COUNTS: dict[str, tuple[str, ...]] = {
    "plain": BASE,
    "paused and extended": (*BASE, "--pause", "2026-02-05/2026-02-09", "--extend", "10wd", "--warn", "5wd"),
    "cut off": ("--calendar", "CN", "--start", "2026-03-02T17:45:00+08:00", "--limit", "5wd", "--cut-off", "17:30",
                "--json"),
    "rolled": ("--calendar", "CN", "--start", "2025-09-22", "--limit", "15d", "--json"),
    "working hours": ("--calendar", "CN", "--start", "2026-03-02T10:00:00+08:00", "--limit", "16wh", "--pause",
                      "2026-03-02T11:00:00+08:00/2026-03-02T15:00:00+08:00", "--json"),
    "provisional": ("--calendar", "CN", "--start", "2026-12-15", "--limit", "20wd", "--json"),
}  # fmt: skip


def counted(name: str) -> Told:
    result = CliRunner().invoke(app, ["calc", *COUNTS[name]])
    assert result.exit_code == 0, result.stderr
    told: Told = json.loads(result.stdout)
    return told


def verify(tmp_path: Path, content: object, *more: str) -> tuple[int, str, str]:
    path = tmp_path / "explanation.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    result = CliRunner().invoke(app, ["explain", "--verify", str(path), *more])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("name", COUNTS)
def test_what_was_counted_is_as_it_says(tmp_path: Path, name: str) -> None:
    told = counted(name)
    assert verify(tmp_path, told) == (0, f"calc, due {told['due']}: as it says\n", "")


def test_it_can_be_read_from_the_input() -> None:
    result = CliRunner().invoke(app, ["explain", "--verify", "-"], input=json.dumps(counted("plain")))
    assert (result.exit_code, result.stdout) == (0, "calc, due 2026-03-03: as it says\n")


def later(told: Told) -> None:
    told["due"] = "2026-03-20"


def shorter_pause(told: Told) -> None:
    told["pauses"][0]["until"] = "2026-02-06"


def pause_left_out(told: Told) -> None:
    del told["pauses"][0]


def other_limit(told: Told) -> None:
    told["terms"]["amount"] = "45wd"


def other_start(told: Told) -> None:
    told["start"]["at"] = "2026-02-28T00:00:00+08:00"


@pytest.mark.parametrize("edit", [later, pause_left_out, other_limit])
def test_what_was_edited_shows_although_it_is_still_well_formed(tmp_path: Path, edit: Callable[[Told], None]) -> None:
    told = counted("paused and extended")
    edit(told)
    code, out, _ = verify(tmp_path, told)
    assert (code, "NOT TRUE" in out, "hash: the object was changed" in out) == (1, True, True)


def test_a_false_date_is_found_although_its_hash_was_made_anew(tmp_path: Path) -> None:
    told = {name: value for name, value in counted("plain").items() if name != "texts"}
    told["due"] = "2026-03-20"
    told["hash"] = digest_of(told)
    code, out, _ = verify(tmp_path, told)
    assert code == 1
    assert out.splitlines() == [
        "calc, due 2026-03-20: NOT TRUE",
        "  due: 2026-03-20 is said, 2026-03-03 is counted",
    ]


def other_text(told: Told) -> None:
    told["limit"]["text"] = "45wd"


def other_source(told: Told) -> None:
    told["limit"]["source"] = "a law that says so"


def added(told: Told) -> None:
    told["pauses"][0]["added"] = 9


def extended_further(told: Told) -> None:
    told["extensions"][0]["by"] = "20wd"


EDITS = [shorter_pause, pause_left_out, other_limit, other_start, other_text, other_source, added, extended_further]


@pytest.mark.parametrize("edit", EDITS)
def test_a_false_ground_is_found_although_its_hash_was_made_anew(tmp_path: Path, edit: Callable[[Told], None]) -> None:
    told = {name: value for name, value in counted("paused and extended").items() if name != "texts"}
    edit(told)
    told["hash"] = digest_of(told)
    code, out, _ = verify(tmp_path, told)
    assert (code, "NOT TRUE" in out, "hash" in out) == (1, True, False)


def test_of_several_each_is_judged_and_one_that_is_false_is_enough(tmp_path: Path) -> None:
    """As `duban explain MATTER --json` writes them: within an object, in a list."""
    false = counted("plain")
    later(false)
    content = {"deadlines": None, "explanations": [{"explanation": counted("rolled")}, {"explanation": false}]}
    code, out, _ = verify(tmp_path, content)
    assert code == 1
    assert [line for line in out.splitlines() if not line.startswith(" ")] == [
        "calc, due 2025-10-09: as it says", "calc, due 2026-03-20: NOT TRUE",
    ]  # fmt: skip
    code, out, _ = verify(tmp_path, content, "--json")
    assert (code, [bool(each["differences"]) for each in json.loads(out)]) == (1, [False, True])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "Expecting"),
        ("[" * 100_000, "recursion"),
        ([], "holds no explanation with its hash"),
        ({"due": "2026-03-03"}, "holds no explanation with its hash"),
        ({"explanation": None}, "holds no explanation with its hash"),
    ],
)
def test_what_is_no_explanation_is_refused_in_one_line(tmp_path: Path, content: object, message: str) -> None:
    code, out, err = verify(tmp_path, content)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["explain", "--verify", str(tmp_path / "none.json")])
    assert (result.exit_code, "No such file" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    "broken",
    [
        {"terms": {}}, {"terms": None}, {"start": {}}, {"calendar": None}, {"pauses": [{}]}, {"extensions": [1]},
        {"calendar": {"version": "x", "days": {}}}, {"pauses": None},
        {"start": {"at": "soon", "on": None, "fact": "x"}},
    ],
)  # fmt: skip
def test_half_an_explanation_is_not_true_and_no_failure(tmp_path: Path, broken: Told) -> None:
    code, out, _ = verify(tmp_path, counted("plain") | broken)
    assert (code, "NOT TRUE" in out) == (1, True)


def test_a_matter_and_a_file_at_once_are_too_much() -> None:
    for arguments in ([], ["M-1", "--verify", "x.json"]):
        result = CliRunner().invoke(app, ["explain", *arguments])
        assert (result.exit_code, "either a MATTER or --verify FILE" in result.stderr) == (2, True)
