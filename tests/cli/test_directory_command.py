"""`duban directory` as an office types it: a file checked line by line, imported whole or not at all, and names."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli import directory as command
from services.cli.directory_file import BadFile, Line, read
from services.cli.main import app
from shared.clock import wall
from shared.events.base import aggregate_key
from tests.architecture.test_docs import ROOT

HEAD = "fact,about,occurred_at,person,role,unit,parent,acting,until,deputy,replaces,id"
WHO = ("--source", "/licheng/personnel", "--authority", "licheng")


def a_file(tmp_path: Path, *lines: str, head: str = HEAD) -> str:
    path = tmp_path / "directory.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return str(path)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["directory", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def row(fact: str, about: str, at: str, **more: str) -> str:
    given = {"fact": fact, "about": about, "occurred_at": at, **more}
    return ",".join(given.get(name, "") for name in HEAD.split(","))


UNITS = row("unit.placed", "bureau", "2025-01-01"), row("unit.placed", "roads", "2025-01-01", parent="bureau")
POST = row("post.established", "head", "2025-01-01", role="leading", unit="roads")
LI = row("holder.assigned", "head", "2025-01-01", person="p-li", role="leading", unit="roads", until="2026-01-01")


def test_a_file_without_faults_is_right(tmp_path: Path) -> None:
    file = a_file(
        tmp_path, *UNITS, POST, LI, row("leave.taken", "p-li", "2025-05-01", until="2025-06-01", deputy="p-he")
    )
    assert run("check", file, *WHO, "--offline") == (0, "5 lines would be imported; 0 lines are wrong\n", "")


@pytest.mark.parametrize(
    ("line", "code", "detail"),
    [
        (row("unit.placed", "bureau", "2025-06-01", parent="roads"), "cycle", "bureau is below roads is below bureau"),
        (row("holder.assigned", "head", "2025-06-01", person="p-he", role="leading", unit="roads"),
         "overlapping-holders", "p-li was to hold the post until 2025-12-31T16:00:00+00:00"),
        (row("holder.assigned", "tail", "2025-06-01", person="p-he", role="leading", unit="roads"),
         "unknown-post", "there is no post tail"),
        (row("holder.assigned", "head", "2026-01-01", person="p-he", role="leading", unit="lanes"),
         "unknown-unit", "there is no unit lanes"),
        (row("unit.placed", "lanes", "2026-01-01", parent="nowhere"), "unknown-parent", "there is no unit nowhere"),
        (row("holder.ended", "head", "2025-06-01", person="p-he"), "ends-nothing", "nothing of the kind holds"),
        (row("leave.taken", "p-li", "2025-06-01", until="2025-05-01"), "ends-before-it-begins", "does not lie after"),
        (row("holder.assigned", "head", "2026-02-30", person="p-he", role="leading"), "value-error", "occurred_at"),
        (row("holder.assigned", "head", "2026-02-03", person="p-he", role="boss"), "literal-error", "role"),
        (row("holder.assigned", "head", "2026-02-03", person="p-he"), "missing", "role"),
        (row("holder.assigned", "head", "2026-02-03", person="p-he", role="leading", acting="maybe"),
         "value-error", "yes or no"),
        (row("unit.placed", "lanes", "2026-01-01", person="p-he"), "extra-forbidden", "unit.placed has no person"),
        (row("unit.moved", "lanes", "2026-01-01"), "unknown-type", "the fact is one of"),
        (row("unit.placed", "", "2026-01-01"), "missing", "`about` names"),
        (row("retracted", "head", ""), "missing", "`replaces`"),
        (row("unit.placed", "lanes", "2099-01-01", id="x"), "issued-at-required", "lies ahead"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, line: str, code: str, detail: str) -> None:
    exit_code, out, err = run("check", a_file(tmp_path, *UNITS, POST, LI, line), *WHO, "--offline")
    assert exit_code == 1
    assert err.startswith(f"line 6: {code}: ") and detail in err
    assert out.endswith("1 lines are wrong\n")


@pytest.mark.parametrize(
    ("head", "line", "reason"),
    [
        ("fact,about,colour", "unit.placed,a,red", "columns that nobody knows: colour"),
        ("fact,occurred_at", "unit.placed,2026-01-01", "lacks the columns about"),
        (HEAD, "unit.placed,a", "not as many fields as the header"),
        (HEAD, "", "no lines below its header"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(tmp_path: Path, head: str, line: str, reason: str) -> None:
    code, out, err = run("check", a_file(tmp_path, *filter(None, [line]), head=head), *WHO, "--offline")
    assert (code, out) == (2, "")
    assert reason in err
    with pytest.raises(BadFile):
        read(tmp_path / "none.csv", "UTC", wall().date())


class Services:
    """Answers as the services do: of a check what it is told to find, of facts that they are accepted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *bad: str) -> None:
        self.bad, self.sent, self.named = set(bad), list[dict[str, Any]](), 0
        monkeypatch.setattr(command, "_asked", self.asked)

    def asked(self, _: str, service: str, path: str, content: Any, kind: str = "") -> Any:
        match service, path:
            case "accountability", "/v1/directory/checks":
                found = [each for each in content["facts"] if each["about"] in self.bad]
                return {"findings": [{"line": each["line"], "code": "bad", "detail": "so it is"} for each in found]}
            case "accountability", "/v1/people":
                self.named += len(content["people"])
                return {"written": len(content["people"])}
            case "intake", "/v1/events":
                self.sent += content
                return {"results": [{"status": "accepted"} for _ in content]}
        raise AssertionError((service, path))


def test_nothing_is_imported_unless_all_lines_are_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = Services(monkeypatch, "head")
    code, out, err = run("import", a_file(tmp_path, *UNITS, POST, LI), *WHO)
    assert (code, services.sent) == (1, [])
    assert "line 4: bad: so it is" in err and "nothing is, unless all lines are right" in out


def test_the_lines_that_are_right_are_imported_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = Services(monkeypatch, "head")
    code, out, _ = run("import", a_file(tmp_path, *UNITS, POST, LI), *WHO, "--skip-bad")
    assert (code, out) == (1, "2 lines imported; 2 lines are wrong\n")
    assert [event["subject"] for event in services.sent] == ["licheng/bureau", "licheng/roads"]


def test_the_same_file_is_the_same_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = Services(monkeypatch)
    file = a_file(tmp_path, *UNITS, POST, LI)
    assert run("import", file, *WHO) == (0, "4 lines imported; 0 lines are wrong\n", "")
    first, services.sent = services.sent, []
    assert run("import", file, *WHO)[0] == 0
    assert services.sent == first
    held = first[3]
    assert (held["type"], held["source"], held["subject"]) == (
        "holder.assigned",
        WHO[1],
        aggregate_key("licheng", "head"),
    )
    assert held["data"] == {
        "occurred_at": "2025-01-01", "zone": "Asia/Shanghai", "person": "p-li", "role": "leading", "unit": "roads",
        "until": "2026-01-01",
    }  # fmt: skip


def test_a_line_corrects_or_takes_back_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = Services(monkeypatch)
    right = row("holder.assigned", "head", "2025-02-01", person="p-li", role="leading", replaces="rz-1", id="rz-2")
    assert run("import", a_file(tmp_path, right, row("retracted", "head", "", replaces="rz-3")), *WHO)[0] == 0
    corrected, retracted = services.sent
    assert (corrected["type"], corrected["data"]["replaces"]) == ("fact.corrected", {"source": WHO[1], "id": "rz-1"})
    assert corrected["data"]["fact"]["type"] == "holder.assigned"
    assert (retracted["type"], retracted["data"]["of"]) == ("fact.retracted", "directory")


def test_names_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = Services(monkeypatch)
    file = a_file(tmp_path, "p-li,李明", "p-he,何", head="person,name")
    assert run("people", file) == (0, "2 names written\n", "")
    assert services.named == 2


def test_the_example_of_the_documentation_is_right(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "directory.md").read_text().split("```csv\n")[1].split("```")[0]
    file = tmp_path / "docs.csv"
    file.write_text(text, encoding="utf-8")
    code, out, err = run("check", str(file), *WHO, "--offline", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"lines": len(text.strip().splitlines()) - 1, "wrong": []}
    lines, _ = read(file, "Asia/Shanghai", wall().date())
    assert all(isinstance(line, Line) for line in lines)
