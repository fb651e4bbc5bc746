"""`duban case` by the beginning of an id, and `duban explain` of a clock that is not there."""

from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.asking import CannotAsk
from services.cli.main import app

IDS = ["aaaaaaaa-0000-5000-8000-000000000001", "bbbbbbbb-0000-5000-8000-000000000002"]
IDS += ["bbbbbbbb-1111-5000-8000-000000000003"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths asked of a service that has three cases, one a page, and one matter with one clock."""
    paths: list[str] = []

    def ask(url: str, **parameters: str) -> dict[str, Any]:
        path = url.removeprefix("http://x")
        paths.append(path)
        if path == "/v1/cases":
            n = int(parameters.get("cursor", "0"))
            page: dict[str, Any] = {"cases": [{"case_id": IDS[n], "authority": "a", "matter": str(n)}]}
            return page | ({"next": str(n + 1)} if n + 1 < len(IDS) else {})
        if path.removeprefix("/v1/cases/") in IDS:
            return {"case_id": path}
        if path == "/v1/matters/a/1/deadlines":
            clocks = [{"clock": "reply", "subject": ""}, {"clock": "answer", "subject": "case:7"}]
            return {"matter": "a/1", "deadlines": clocks}
        if path == "/v1/matters/a/2/deadlines":
            return {"matter": "a/2", "deadlines": []}
        raise CannotAsk("Nothing of that name", 2)

    monkeypatch.setattr("services.cli.asking.ask", ask)
    monkeypatch.setattr("services.cli.asking.url_of", lambda service, settings: "http://x")
    return paths


def run(*arguments: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, arguments)
    return found.exit_code, found.stdout, found.stderr


@pytest.mark.parametrize("begin", ["aaaaaaaa", "AAAAAAAA-0000", "bbbbbbbb-1", "bbbbbbbb1"])
def test_a_case_by_the_beginning_of_its_id(begin: str, asked: list[str]) -> None:
    assert run("case", begin, "--json")[0] == 0
    (found,) = [path for path in asked if path != "/v1/cases"]
    assert found.removeprefix("/v1/cases/").startswith(begin[:8].lower())


def test_a_whole_id_is_asked_for_at_once(asked: list[str]) -> None:
    assert run("case", IDS[0], "--json")[0] == 0
    assert asked == [f"/v1/cases/{IDS[0]}"]


@pytest.mark.parametrize(
    ("begin", "said"),
    [
        ("bbbbbbbb", f"several cases' ids begin with 'bbbbbbbb':\n  {IDS[1]} a/1\n  {IDS[2]} a/2\n"),
        ("cccccccc", "no case's id begins with 'cccccccc'"),
        ("aaaaaaa", "give 8 characters of the case's id or more"),
        ("no-such-id", "Nothing of that name"),
    ],
)
def test_no_case_or_several(begin: str, said: str, asked: list[str]) -> None:
    code, out, err = run("case", begin)
    assert (code, out) == (2, "")
    assert said in err


@pytest.mark.parametrize(
    ("matter", "said"),
    [
        ("a/1", "a/1 has no clock 'wrong'; it has: reply, answer --subject case:7"),
        ("a/2", "a/2 has no clock: it was never submitted, or its item has no limit"),
        ("a/3", "Nothing of that name"),
    ],
)
def test_a_clock_that_is_not_there(matter: str, said: str, asked: list[str]) -> None:
    code, out, err = run("explain", matter, "wrong")
    assert (code, out) == (2, "")
    assert said in err
