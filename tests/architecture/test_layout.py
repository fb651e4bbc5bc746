"""What the tree looks like: small files, one place that reads clocks, services of one anatomy."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 300
WRITTEN = {".py", ".sql", ".yaml", ".toml", ".md", ".css", ".html", ".j2"}
GENERATED = {
    *ROOT.glob("services/*/sql/schema.sql"),
    *ROOT.glob("shared/events/schemas/**/*"),
    ROOT / "shared/events/asyncapi.json",
}
SERVICES = sorted(file.parent for file in ROOT.glob("services/*/__main__.py") if file.parent.name != "cli")
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
CLOCKS |= {("time", "time_ns"), ("time", "localtime"), ("time", "gmtime")}


def files() -> Iterator[Path]:
    """What people wrote, of the kinds that people read."""
    for top in ("services", "shared", "deploy", "tests"):
        for file in sorted((ROOT / top).rglob("*")):
            if file.suffix in WRITTEN and file not in GENERATED and "vendor" not in file.parts:
                yield file
    yield from (ROOT / name for name in ("README.md", "ARCHITECTURE.md", "Makefile", "pyproject.toml"))


def length(file: Path) -> int:
    return len(file.read_text().splitlines())


def readings(source: str) -> Iterator[int]:
    """The lines that read a clock of the machine."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if (owner, name) in CLOCKS:
                yield node.lineno
            case ast.Attribute(value=ast.Attribute(attr=owner), attr=name) if (owner, name) in CLOCKS:
                yield node.lineno
            case ast.ImportFrom(module="time", names=names) if any(n.name in ("time", "time_ns") for n in names):
                yield node.lineno


def test_no_file_is_too_long_to_read() -> None:
    too_long = {str(file.relative_to(ROOT)): length(file) for file in files() if file.exists() and length(file) > LIMIT}
    assert too_long == {}


def test_one_module_reads_the_clock() -> None:
    found = {
        f"{file.relative_to(ROOT)}:{line}"
        for top in ("services", "shared")
        for file in sorted((ROOT / top).rglob("*.py"))
        for line in readings(file.read_text())
    }
    assert {place.partition(":")[0] for place in found} <= {"shared/clock.py"}, sorted(found)


@pytest.mark.parametrize(
    "source",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "time.time()",
        "from time import time",
        "d = datetime.now",
    ],
)
def test_every_way_to_read_a_clock_is_seen(source: str) -> None:
    assert list(readings(source)) == [1]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_has_the_anatomy_that_every_service_has(service: Path) -> None:
    for name in ("main.py", "config.py", "handlers.py", "store.py", "api.py", "metrics.py", "sql/queries.sql"):
        assert (service / name).is_file(), name
    assert (service / "rules.py").is_file() or (service / "rules").is_dir()
    assert list((service / "migrations").glob("0001_*.sql"))
    assert length(service / "main.py") <= 80


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_python_file_says_what_it_is_for(service: Path) -> None:
    silent = [
        file
        for file in service.rglob("*.py")
        if file.read_text() and not ast.get_docstring(ast.parse(file.read_text()))
    ]
    assert silent == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_only_stores_speak_sql(service: Path) -> None:
    """Handlers, rules and routes ask a store: `conn.fetch` and its kin stand nowhere else."""
    speaking = {
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in service.rglob("*.py")
        if not file.stem.endswith("store")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in {"fetch", "fetchrow", "fetchval", "execute", "executemany", "copy_records_to_table"}
    }
    assert speaking == set()
