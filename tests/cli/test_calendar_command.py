"""`duban calendar` as a user types it: a year on the wall, a notice checked, and the event that it becomes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.calendar_texts import preview_text
from services.cli.main import app

NOTICE = """
authority: state-council
code: CN
effective: 2026-11-10
zone: Asia/Shanghai
calendar:
  years: [2027, 2027]
  source: made up
  rest:
    - {since: 2027-01-01, to: 2027-01-03, name: New Year}
  work: [2027-01-30]
  half_days:
    - {on: 2027-02-04, name: the eve, sessions: [["09:00", "12:00"]]}
"""


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["calendar", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


def a_file(tmp_path: Path, *changes: tuple[str, str]) -> str:
    text = NOTICE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "notice.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_year_hangs_on_the_wall_with_days_off_and_make_up_days() -> None:
    code, out, _ = run("show", "CN", "2026")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("CN 2026: 248 working days")
    assert " 9班" in out
    assert "休 2026-01-01  New Year's Day 元旦" in lines
    assert "班 2026-02-14  make-up workday 班 for 2026-02-20" in lines
    assert "NOT OFFICIAL" in run("show", "CN", "2027")[1]


def test_a_year_is_shown_as_it_was_known() -> None:
    then = run("show", "CN", "2020", "--as-of", "2020-01-26T00:00:00", "--json")
    now = run("show", "CN", "2020", "--json")
    worked = [
        {day["date"]: day["worked"] for day in json.loads(out)["days"]}["2020-01-31"] for _, out, _ in (then, now)
    ]
    assert worked == [True, False]


@pytest.mark.parametrize(
    ("code", "year", "reason"), [("XX", "2026", "no calendar 'XX'"), ("CN", "1990", "covers 2004")]
)
def test_what_is_not_known_is_refused(code: str, year: str, reason: str) -> None:
    exit_code, out, err = run("show", code, year)
    assert (exit_code, out) == (2, "")
    assert reason in err


def test_a_notice_is_checked_and_its_changes_are_told(tmp_path: Path) -> None:
    code, out, _ = run("check", a_file(tmp_path), "--json")
    found = json.loads(out)
    assert (code, found["doubts"]) == (0, [])
    changed = {day["date"]: (day["was"], day["would_be"]) for day in found["changed"]}
    assert changed["2027-01-30"] == ("weekend", "make-up workday 班")
    assert changed["2027-05-03"][1] == "worked"


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        (("authority: state-council", "authority: somebody"), "does not own the code CN"),
        (("work: [2027-01-30]", "work: [2027-01-27]"), "2027-01-27 is worked anyway"),
        (("since: 2027-01-01, to: 2027-01-03", "since: 2027-03-01, to: 2027-06-30"), "days off"),
    ],
)
def test_a_doubtful_notice_fails_the_check(tmp_path: Path, change: tuple[str, str], doubt: str) -> None:
    code, out, _ = run("check", a_file(tmp_path, change))
    assert code == 1
    assert doubt in out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("work: [2027-01-30]", "work: [2029-01-30]"), "lies outside of `years`"),
        (("work: [2027-01-30]", "work: [2027-01-02]"), "both off and worked"),
        (("  source: made up\n", ""), "source"),
        (("zone: Asia/Shanghai\n", ""), "bare day"),
        (("authority:", "authority: ["), "is not YAML"),
    ],
)
def test_a_file_that_says_no_notice_is_refused_with_its_reason(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    code, _, err = run("publish", "--dry-run", a_file(tmp_path, change))
    assert code == 2
    assert message in err


def test_a_notice_is_published_as_one_event_however_often(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    first, again = (json.loads(run("publish", "--dry-run", file)[1]) for _ in range(2))
    assert first == again
    assert (first["subject"], first["data"]["occurred_at"]) == ("state-council/CN", "2026-11-10")
    assert first["data"]["calendar"]["work"] == [{"on": "2027-01-30", "name": "make-up workday 班"}]
    other = json.loads(run("publish", "--dry-run", a_file(tmp_path, ("name: New Year", "name: another")))[1])
    assert other["id"] != first["id"]


def test_a_preview_reads_as_sentences() -> None:
    told = {
        "examined": 3, "complete": True, "totals": {"moved": 2, "adverse": 1, "favourable": 1, "cases_appear": 1},
        "calendars": {"CN": {"former": "CN-2026.a", "version": "CN-2027.b", "from": "2027-01-01", "to": "2027-12-31"}},
        "clocks": [{"matter": "A/1", "clock": "decision", "subject": "", "due": "2027-01-13",
                    "would_be_due": "2027-01-19", "effects": ["moved", "favourable"]}],
    }  # fmt: skip
    text = preview_text(told)
    assert "2 clocks move" in text
    assert "A/1 decision: 2027-01-13 → 2027-01-19" in text
