"""Who may import whom. The contracts stand in pyproject.toml; here is what import-linter cannot say."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ROOT / "services"
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in SETTINGS["contracts"]}


def test_the_import_contracts_are_kept() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_the_arrows_are_checked_inside_every_service() -> None:
    there = {f"services.{path.parent.name}" for path in SERVICES.glob("*/__init__.py")} - {"services.cli"}
    assert there == set(CONTRACTS["inside"]["containers"])


def test_rules_import_the_standard_library_only() -> None:
    strangers = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in [*SERVICES.glob("*/rules.py"), *SERVICES.glob("*/rules/**/*.py")]
        for name in imported(path)
        if not is_standard(name) and not name.startswith(f"services.{path.relative_to(SERVICES).parts[0]}.rules")
    }
    assert strangers == set()


def test_the_guard_needs_nothing_but_python() -> None:
    assert [name for name in imported(SERVICES / "cli/providers/guard.py") if not is_standard(name)] == []


def test_the_product_never_imports_the_tests() -> None:
    product = [*SERVICES.rglob("*.py"), *(ROOT / "shared").rglob("*.py")]
    assert [path for path in product for name in imported(path) if name.split(".")[0] in ("tests", "pytest")] == []


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def is_standard(name: str) -> bool:
    return name.split(".")[0] in sys.stdlib_module_names
