"""`duban case`: the steps of a case from the command line."""

from collections.abc import Mapping
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.asking import CannotAsk
from services.cli.main import app

ID = "aaaaaaaa-0000-5000-8000-000000000001"
LIMIT = {"clock": "filing", "within": "10wd", "since": "2026-03-05", "source": "[D] preliminary review"}
NEXT = [
    {"step": "dismissal", "by": "office", "two_people": True, "limit": LIMIT},
    {"step": "filing", "by": "office", "two_people": False, "limit": None},
]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any], Mapping[str, str]]]:
    """What was sent to a service that has one case at preliminary review."""
    found: list[tuple[str, dict[str, Any], Mapping[str, str]]] = []

    def ask(url: str, **_: str) -> dict[str, Any]:
        proceeding = {"state": "preliminary-review", "next": NEXT, "proposed": {"step": "dismissal", "by": "chen"}}
        return {"case_id": ID, "revision": 4, "proceeding": proceeding}

    def send(url: str, content: dict[str, Any], *, headers: Mapping[str, str], by: str) -> dict[str, Any]:
        assert by == content["by"]
        found.append((url.removeprefix("http://x/v1/cases/"), content, headers))
        if content["by"] == "wu":
            raise CannotAsk("Whoever was recused acts no more in this case (R28)", 2)
        return {"proposed": "dismissal" in url, "state": "filed", "happened": ["filed"], "revision": 5}

    monkeypatch.setattr("services.cli.asking.ask", ask)
    monkeypatch.setattr("services.cli.asking.send", send)
    monkeypatch.setattr("services.cli.asking.url_of", lambda service, settings: "http://x")
    return found


def run(*arguments: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, ["case", *arguments])
    return found.exit_code, found.stdout, found.stderr


Sent = list[tuple[str, dict[str, Any], Mapping[str, str]]]


def test_a_case_says_what_may_be_done_next(sent: Sent) -> None:
    code, out, _ = run("steps", ID)
    assert code == 0
    assert "dismissal was proposed by chen and waits for a second person" in out
    assert "dismissal: office, takes two people, within 10wd of 2026-03-05" in out
    assert "filing: office" in out
    assert sent == []


def test_a_step_names_the_revision_that_was_read(sent: Sent) -> None:
    code, out, _ = run("file", ID, "--by", "chen", "--reason", "so it is")
    assert (code, out) == (0, "filed: state filed, revision 5\n")
    said = {"by": "chen", "reason": "so it is", "violation": "delay"}
    assert sent == [(f"{ID}/steps/filing", said, {"if-match": '"4"'})]


def test_a_party_pleads_on_a_route_of_its_own(sent: Sent) -> None:
    assert run("defend", ID, "--by", "zhang")[0] == 0
    assert run("take", ID, "appeal", "--by", "zhang", "--body", '{"request": "hear me"}')[0] == 0
    assert [(path, body) for path, body, _ in sent] == [
        (f"{ID}/pleas/defence", {"by": "zhang", "waived": True}),
        (f"{ID}/pleas/appeal", {"by": "zhang", "request": "hear me"}),
    ]


def test_a_sensitive_step_waits_and_a_forbidden_one_says_why(sent: Sent) -> None:
    assert "waits for a second person" in run("dismiss", ID, "--by", "chen", "--reason", "nothing in it")[1]
    code, _, err = run("decide", ID, "--by", "wu", "--reason", "so", "--measure", "zhang=admonition")
    assert (code, err) == (2, "duban case: Whoever was recused acts no more in this case (R28)\n")
    assert sent[-1][1]["measures"] == [{"person": "zhang", "measure": "admonition"}]
    assert run("take", ID, "filing", "--by", "chen", "--body", "[]")[0] == 2
