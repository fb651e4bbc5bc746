"""`duban calc` with what moves a limit: pauses, extensions, a cut-off, warnings."""

import json

import pytest
from typer.testing import CliRunner

from services.cli.main import app

BASE = ("--calendar", "CN", "--start", "2026-03-02", "--limit", "5wd")


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["calc", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("more", "due"),
    [
        ((), "2026-03-09"),
        (("--pause", "2026-03-03/2026-03-10"), "2026-03-16"),
        (("--pause", "2026-03-07/2026-03-08"), "2026-03-09"),
        (("--pause", "2026-03-09/2026-03-12"), "2026-03-12"),
        (("--pause", "2026-03-10/2026-03-20"), "2026-03-09"),
        (("--pause", "2026-03-03/2026-03-05", "--pause", "2026-03-04/2026-03-06"), "2026-03-12"),
        (("--pause", "2026-03-03T09:00:00+08:00/2026-03-05T09:00:00+08:00"), "2026-03-11"),
        (("--extend", "5wd"), "2026-03-16"),
        (("--extend", "5wd", "--extend", "1wd"), "2026-03-17"),
        (("--extend", "5d"), "2026-03-14"),
        (("--extend", "1m"), "2026-04-09"),
        (("--pause", "2026-03-03/2026-03-05", "--extend", "5wd"), "2026-03-18"),
        (("--cut-off", "17:30"), "2026-03-09"),
    ],
)
def test_what_moves_a_limit(more: tuple[str, ...], due: str) -> None:
    code, out, err = run(*BASE, *more, "--json")
    assert code == 0, err
    assert json.loads(out)["due"] == due


@pytest.mark.parametrize(("hour", "due"), [("17:29:59", "2026-03-09"), ("17:30:00", "2026-03-10")])
def test_what_comes_at_the_cut_off_has_come_on_the_next_working_day_and_the_text_says_so(hour: str, due: str) -> None:
    arguments = ("--calendar", "CN", "--start", f"2026-03-02T{hour}+08:00", "--limit", "5wd", "--cut-off", "17:30")
    code, out, _ = run(*arguments)
    assert (code, out.splitlines()[0][:14]) == (0, f"Due {due}")
    assert f"2026-03-02 {hour.removesuffix(':00')}+08:00 (Mon)" in out, "the weekday is that of the day beside it"
    assert ("At or after 17:30 is received on the next working day, 2026-03-03 Tue." in out) == (due == "2026-03-10")
    text = json.loads(run(*arguments, "--json")[1])["texts"]["zh"]
    assert ("17:30 及以后收件的，视为次一工作日 2026-03-03（周二）收件" in text) == (due == "2026-03-10")


def test_warnings_pass_over_pauses() -> None:
    _, out, _ = run(*BASE, "--warn", "2wd", "--warn", "50%", "--json")
    assert [each["at"][:10] for each in json.loads(out)["warnings"]] == ["2026-03-05", "2026-03-06"]
    _, out, _ = run(*BASE, "--warn", "2wd", "--pause", "2026-03-05/2026-03-10", "--json")
    assert [(each["at"][:10], each["left"]) for each in json.loads(out)["warnings"]] == [("2026-03-10", "2wd")]


def test_the_text_shows_what_was_left_out_and_what_was_added() -> None:
    _, out, _ = run(*BASE, "--pause", "2026-03-03/2026-03-05", "--extend", "5wd")
    assert "  2026-03-04 Wed to 2026-03-05 Thu: not counted, paused: pause" in out
    assert "the first day counts, the last does not; 2 days are added." in out
    assert "Extended by 5wd on 2026-03-02 00:00+08:00: from 2026-03-09 Mon to 2026-03-16 Mon." in out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--pause", "2026-03-03"), "--pause: '2026-03-03' is not FROM/TO"),
        (("--pause", "2026-03-03/soon"), "--pause: 'soon' is not a day"),
        (("--pause", "/"), "--pause: '' is not a day"),
        (("--pause", "2026-03-10/2026-03-03"), "a pause ends before it begins"),
        (("--pause", "2026-03-03T09:00:00/2026-03-04"), "has no offset from UTC"),
        (("--extend", "5"), "--extend: '5' is not an amount"),
        (("--extend", "0wd"), "--extend: '0wd' is not an amount"),
        (("--cut-off", "5pm"), "--cut-off: '5pm' is not a time of day"),
        (("--warn", "soon"), "'soon' is not a warning"),
    ],
)
def test_bad_input_is_refused_in_one_line(more: tuple[str, ...], message: str) -> None:
    code, out, err = run(*BASE, *more)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_an_extension_in_hours_of_a_limit_in_days_is_refused_and_the_text_says_so() -> None:
    code, out, _ = run(*BASE, "--extend", "5h")
    assert (code, out.splitlines()[0]) == (0, "Due 2026-03-09 Mon")
    assert "Refused: a limit in days cannot be extended by 5h" in out
