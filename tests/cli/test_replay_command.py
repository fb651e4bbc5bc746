"""`duban replay` before anything is started: what it prints, what it refuses, and that a refusal sends nothing."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.cli.replay.load import Loaded
from services.cli.replay.run import Summary
from shared.events.base import EventRef
from shared.events.rejections import Problem, SubmissionRejected

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "deploy" / "demo"
LOG, MAPPING = DEMO / "doj_foia.jsonl", DEMO / "doj_foia.yaml"
AS_OF = "2017-09-01T00:00:00-04:00"


@pytest.fixture(autouse=True)
def nothing_may_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DUBAN_KAFKA", raising=False)
    monkeypatch.delenv("DUBAN_POSTGRES", raising=False)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("infrastructure was started")

    monkeypatch.setattr("services.cli.replay.target.provide", refuse)


def run(*arguments: str | Path) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, ["replay", *map(str, arguments)])
    return found.exit_code, found.stdout, found.stderr


def test_the_schema_of_a_mapping_is_published() -> None:
    code, out, _ = run("--mapping-schema")
    assert (code, json.loads(out)["title"]) == (0, "Mapping")


def test_explain_shows_the_first_lines_and_every_line_that_is_not_mapped(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl.gz"
    good = LOG.read_text().splitlines()[:8]
    log.write_bytes(gzip.compress("\n".join([*good, "{}", "nonsense"]).encode()))
    code, out, _ = run(log, "--mapping", MAPPING, "--explain")
    assert code == 0
    assert "log.jsonl.gz line 1:\n    matter.submitted us-doj/DOJ-2012-000023" in out
    assert "line 6" not in out
    assert "log.jsonl.gz line 9: not mapped: " in out
    assert "log.jsonl.gz line 10: not mapped: is not JSON" in out
    assert "10 lines: 8 mapped to 16 events (the first 5 of each type are shown), 0 left out, 2 not mapped" in out


def test_explain_shows_five_lines_of_each_type_and_the_holders(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "authority: a\nsource: /log\ntimezone: UTC\nid: n\nmatter: n\noccurred_at: t\nunit: u\n"
        "item: {constant: permit}\n"
        "events:\n  - {when: {k: open}, type: matter.submitted}\n  - {when: {k: shut}, type: matter.closed}\n"
        'holders:\n  - {role: direct, person: "officer of {unit}"}\n  - {role: principal, person: head}\n'
    )
    log = tmp_path / "log.jsonl"
    rows = [{"n": f"{k}{n}", "t": "2015-01-05", "k": k, "u": f"u{n}"} for k in ("open", "shut") for n in range(7)]
    log.write_text("\n".join(map(json.dumps, rows)))
    code, out, _ = run(log, "--mapping", mapping, "--explain")
    assert code == 0
    assert (out.count("    matter.submitted "), out.count("    matter.closed ")) == (5, 5)
    assert "log.jsonl line 12:" in out and "log.jsonl line 13:" not in out
    assert "holders that the mapping names: 8 (the first 5 of each role are shown)" in out
    assert (out.count("    holder.assigned a/officer"), out.count("    holder.assigned a/head")) == (5, 1)


def test_explain_names_columns_that_no_line_has(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING.read_text().replace("unit: unit", "unit: {first_of: [desk, unit]}"))
    assert "column 'desk' of the mapping is in no line" in run(LOG, "--mapping", mapping, "--explain")[1]


def test_explain_for_machines(tmp_path: Path) -> None:
    code, out, _ = run(LOG, "--mapping", MAPPING, "--explain", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert lines[0]["events"][0]["type"] == "matter.submitted"
    assert [set(line) for line in lines[-2:-1]] == [{"holders"}]
    assert lines[-1] == {"lines": 244, "mapped": 244, "events": 488, "columns_never_found": []}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give FILE… and --mapping"),
        ((LOG,), "give FILE… and --mapping"),
        ((LOG, "--mapping", MAPPING), "give --as-of INSTANT and --report"),
        (
            (LOG, "--mapping", MAPPING, "--as-of", "2017-09-01", "--report", "r.csv"),
            "is not an instant with its offset",
        ),
        ((LOG, "--mapping", MAPPING, "--as-of", AS_OF, "--report", "/nowhere/r.csv"), "no directory /nowhere"),
        ((LOG, "--mapping", "none.yaml", "--as-of", AS_OF, "--report", "r.csv"), "none.yaml: No such file"),
        (("none.jsonl", "--mapping", MAPPING, "--as-of", AS_OF, "--report", "r.csv"), "none.jsonl: No such file"),
        ((MAPPING, "--mapping", MAPPING, "--as-of", AS_OF, "--report", "r.csv"), "is it jsonl or csv?"),
    ],
)
def test_bad_input_is_usage(
    arguments: tuple[str | Path, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_one_identity_with_two_bodies_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    first, second = (json.loads(line) for line in LOG.read_text().splitlines()[:2])
    log = tmp_path / "log.jsonl"
    log.write_text("\n".join(map(json.dumps, (first, second, {**first, "closed": "2017-01-01"}))))
    code, _, err = run(log, "--mapping", MAPPING, "--as-of", AS_OF, "--report", tmp_path / "r.csv")
    assert code == 2
    assert f"{log} line 1 and {log} line 3 say different things" in err
    assert "DOJ-2012-000023/closed" in err


def test_half_of_the_running_services_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_KAFKA", "localhost:9092")
    code, _, err = run(LOG, "--mapping", MAPPING, "--as-of", AS_OF, "--report", tmp_path / "r.csv")
    assert code == 2
    assert "DUBAN_POSTGRES is not set" in err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("amount: 20wd", "amount: 20 days", "catalogue: item foia-request: limits/0/amount"),
        ("code: foia-request", "code: general-licence", "item general-licence is both in"),
        ("calendar: US-federal", "colour: red", "catalogue: colour"),
    ],
)
def test_a_wrong_catalogue_is_refused_before_anything_is_started(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING.read_text().replace(old, new))
    code, _, err = run(LOG, "--mapping", mapping, "--as-of", AS_OF, "--report", tmp_path / "r.csv")
    assert code == 2
    assert message in err


def test_what_was_refused_is_told_and_whom_it_leaves_unnamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusal(id: str) -> SubmissionRejected:
        return SubmissionRejected(
            reasons=(Problem(code="bad-time", pointer="/time", detail="no"),), transport="kafka",
            sha256="0" * 64, size=1, received_at=datetime(2020, 1, 1, tzinfo=UTC), event=EventRef(source="/log", id=id),
        )  # fmt: skip

    async def replay(*_: object) -> Summary:
        summary = Summary(Loaded())
        for n in range(7):
            summary.refused.add(refusal(f"h{n}"), lambda id: f"a/post{id[1:]}")
        summary.refused.add(refusal("m"), lambda id: None)
        return summary

    monkeypatch.setattr("services.cli.replay.run.replay", replay)
    arguments = (LOG, "--mapping", MAPPING, "--as-of", AS_OF, "--report", tmp_path / "r.csv")
    code, out, err = run(*arguments, "--json")
    assert (code, json.loads(out)["refused"]["posts"]) == (0, [f"a/post{n}" for n in range(7)])
    assert "8 events refused: 8 bad-time\n  (run this again with --explain to list them)\n" in err
    assert "WARNING: nobody is named for a/post0, a/post1, a/post2, a/post3, a/post4 and 2 more: " in err
    err = run(*arguments, "--explain")[2]
    assert "  m: /time: no\n" in err and "run this again" not in err
