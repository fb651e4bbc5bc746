"""The offline verifier is one file that stands alone; what it and `duban verify` answer, with their exit codes."""

import ast
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.accountability.record.chain import canonical as sealers
from services.accountability.record.chain import chain_of, follow, root, spelled
from services.accountability.record.heads import signer_of
from services.cli import record_verifier
from services.cli.main import app
from tests.support.record_key import written_key

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "services" / "cli" / "record_verifier.py"
GOLDEN = ROOT / "shared" / "events" / "examples" / "record-heads" / "record.sealed.v1.json"


def made(directory: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The lines of an export of two events, and its head, made by the arithmetic of the services."""
    signer = signer_of(written_key(directory))
    assert signer is not None
    ends = [(0, hashlib.sha256(f"duban record 1, chain {c}".encode()).digest()) for c in range(64)]
    lines: list[dict[str, Any]] = []
    for n in (1, 2):
        row = {"authority": "a", "matter": "m", "case_id": "c", "n": n, "type": "case.opened"}
        chain, told = chain_of("a", "m"), spelled("case-event", row)
        ends[chain] = n, follow(ends[chain][1], told)
        lines.append({"chain": chain, "n": n, "hash": ends[chain][1].hex(), "row": told})
    body = {"format": "duban record 1", "n": 1, "at": "2026-03-04T00:00:00+08:00", "key": signer.key, **root(ends)}
    head = {**body, "signature": signer.private.sign(sealers(body)).hex()}
    begin = {"record": "duban record 1", "exported_at": "2026-03-04", "keys": {signer.key: signer.public.hex()}}
    return [begin, {"head": head}, *lines, {"end": {"rows": 2, "unsealed": 0}}], head


def write(file: Path, lines: list[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    file.write_bytes(gzip.compress(text.encode()) if file.suffix == ".gz" else text.encode())
    return file


def alone(directory: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """The file by itself, far from the repository, without the environment's paths."""
    copy = shutil.copy(FILE, directory / "verifier.py")
    command = [sys.executable, "-I", str(copy), *map(str, arguments)]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, check=False)


def test_it_imports_the_standard_library_and_cryptography_only() -> None:
    names = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(FILE.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert names - set(sys.stdlib_module_names) == {"cryptography"}


def test_it_runs_alone_and_says_what_it_found(tmp_path: Path) -> None:
    lines, _ = made(tmp_path)
    good = alone(tmp_path, write(tmp_path / "export.jsonl", lines))
    assert (good.returncode, good.stderr) == (0, "")
    assert "2 rows in 64 chains: nothing was altered" in good.stdout
    assert "AS THE EXPORT ITSELF SAYS" in good.stdout
    lines[2]["row"]["row"]["type"] = "case.closed"
    bad = alone(tmp_path, write(tmp_path / "export.jsonl.gz", lines), "--key", written_key(tmp_path), "--json")
    assert bad.returncode == 1
    report = json.loads(bad.stdout)
    assert report["keys_given"]
    assert report["problems"][0].startswith(f"chain {chain_of('a', 'm')}, row 1: case-event c 1 (a/m) does not fit")
    half = alone(tmp_path, write(tmp_path / "half.jsonl", lines[:-1]))
    assert (half.returncode, half.stdout) == (2, "")
    assert alone(tmp_path, tmp_path / "nowhere.jsonl").returncode == 2
    assert alone(tmp_path).returncode == 2


def test_a_head_that_was_kept_shows_what_was_cut_off(tmp_path: Path) -> None:
    lines, head = made(tmp_path)
    kept = write(tmp_path / "heads.jsonl", [head])
    cut = [lines[0], lines[2], {"end": {"rows": 1, "unsealed": 0}}]
    assert alone(tmp_path, write(tmp_path / "export.jsonl", cut)).returncode == 0
    found = alone(tmp_path, tmp_path / "export.jsonl", "--heads", kept)
    assert found.returncode == 1
    assert "was cut off: head 1 says 2 rows, there are 1" in found.stdout


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"chain": 99}, "not as an export's"),
        ({"hash": "zz"}, "not as an export's"),
        ({"n": None}, "not as an export's"),
        ({"strange": 1}, ""),
    ],
)
def test_a_line_that_is_none_of_an_exports_is_no_alarm_and_no_crash(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    lines, _ = made(tmp_path)
    lines[2] = {**lines[2], **change}
    file = write(tmp_path / "export.jsonl", lines)
    answer = CliRunner().invoke(app, ["verify", "--export", str(file)])
    assert answer.exit_code == (2 if said else 0)
    assert said in answer.output


def test_duban_verify_answers_as_the_file_does(tmp_path: Path) -> None:
    lines, _ = made(tmp_path)
    file, key = write(tmp_path / "export.jsonl", lines), written_key(tmp_path)
    answer = CliRunner().invoke(app, ["verify", "--export", str(file), "--key", str(key), "--json"])
    assert answer.exit_code == 0
    assert json.loads(answer.stdout)["last_head"]["n"] == 1
    del lines[2]
    write(file, [*lines[:-1], {"end": {"rows": 1, "unsealed": 0}}])
    answer = CliRunner().invoke(app, ["verify", "--export", str(file)])
    assert answer.exit_code == 1
    assert "after row 0 comes row 2" in answer.output
    assert CliRunner().invoke(app, ["verify", "--export", str(tmp_path / "no")]).exit_code == 2
    assert CliRunner().invoke(app, ["verify", "--export", str(file), "--save", str(tmp_path / "x")]).exit_code == 2


def test_the_golden_head_is_signed_as_docs_say() -> None:
    data = json.loads(GOLDEN.read_text())["data"]
    public = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
    body = {name: value for name, value in data.items() if name != "signature"}
    assert hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16] == data["key"]
    assert record_verifier.signed(record_verifier.canonical(body), data["signature"], public)
    assert not record_verifier.signed(record_verifier.canonical(body | {"n": 8}), data["signature"], public)
