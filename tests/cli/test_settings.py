"""An address that cannot be meant is said in one line, exit 2; one that does not answer, exit 1. Never a traceback."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.config import Settings
from services.cli.main import app
from services.cli.providers import free_port

DEMO = Path(__file__).resolve().parents[2] / "deploy" / "demo"
REPLAY = (
    "replay", str(DEMO / "doj_foia.jsonl"), "--mapping", str(DEMO / "doj_foia.yaml"),
    "--as-of", "2017-09-01T00:00:00-04:00", "--report", "report.csv",
)  # fmt: skip
COMMANDS = {"migrate": ("migrate",), "up": ("up", "--provider", "external"), "topics": ("topics",), "replay": REPLAY}


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUBAN_KAFKA", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("DUBAN_POSTGRES", f"postgresql://duban:s3cret@127.0.0.1:{free_port()}/duban")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("DUBAN_POSTGRES", "nonsense"),
        ("DUBAN_POSTGRES", "mysql://u:s3cret@h/d"),
        ("DUBAN_POSTGRES", "postgresql://u:s3cret@h:port/d"),
        ("DUBAN_KAFKA", "nonsense"),
        ("DUBAN_KAFKA", "s3cret:port"),
    ],
)
def test_nonsense_is_said_in_one_line(command: str, setting: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(setting, value)
    found = CliRunner().invoke(app, COMMANDS[command])
    assert (found.exit_code, found.stdout) == (2, "")
    (line,) = found.stderr.splitlines()
    assert line.startswith(f"duban {command}: {setting} is not ")
    assert "s3cret" not in line


def test_what_only_the_driver_refuses_is_nonsense_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_POSTGRES", "postgresql://u:s3cret@h/d?sslmode=perhaps")
    found = CliRunner().invoke(app, ["migrate"])
    assert (found.exit_code, len(found.stderr.splitlines())) == (2, 1)
    assert found.stderr.startswith("duban migrate: DUBAN_POSTGRES: ")
    assert "s3cret" not in found.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_what_does_not_answer_is_a_failure(command: str) -> None:
    found = CliRunner().invoke(app, COMMANDS[command])
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr.splitlines()[-1].startswith(f"duban {command}: ")
    assert isinstance(found.exception, SystemExit)


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://duban:p%40ss@127.0.0.1:5432/duban?sslmode=disable",
        "postgres://duban@db/duban",
        "postgresql://db1:5432,db2:5432/duban?target_session_attrs=primary",
        "postgresql://[::1]:5432/duban",
        "postgresql:///duban?host=/run/postgresql",
    ],
)
def test_what_the_driver_takes_is_taken(dsn: str) -> None:
    assert Settings(postgres=dsn).postgres == dsn


@pytest.mark.parametrize("bootstrap", ["127.0.0.1:9092", "b1:9092,b2:9092", "[::1]:9092"])
def test_every_form_of_a_bootstrap_is_taken(bootstrap: str) -> None:
    assert Settings(kafka=bootstrap).kafka == bootstrap
