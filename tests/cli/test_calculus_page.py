"""docs/calculus.md says what the program does: its examples are run, what it names is there."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "calculus.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^duban calc (.+?) +# (Due .+)$", PAGE, re.MULTILINE)
RULES = ROOT / "services" / "deadline" / "rules"


def test_every_line_that_looks_like_an_example_is_one() -> None:
    assert len(EXAMPLES) == PAGE.count("\nduban calc ") >= 20


@pytest.mark.parametrize(("arguments", "due"), EXAMPLES)
def test_an_example_comes_to_what_the_page_says(arguments: str, due: str) -> None:
    result = CliRunner().invoke(app, ["calc", *shlex.split(arguments)])
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[0] == due


def test_the_findings_are_those_that_there_are() -> None:
    code = r"`?[\"`]((?:extension|pause|repeated|resume)-[a-z-]+)[\"`]"
    made = {name for file in RULES.glob("*.py") for name in re.findall(code, file.read_text(encoding="utf-8"))}
    told = PAGE.partition("## Findings")[2].partition("##")[0]
    assert set(re.findall(code, told)) == made - {"pause-lapsed"}


def test_the_tests_that_it_names_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    there = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    assert named
    assert [name for name in sorted(named) if f"def {name}(" not in there] == []
