"""What the documents name must exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = {
    name for file in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())
}


def test_every_invariant_names_a_test_that_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    stated = text.split("**Invariant:**")[1:]
    named = [re.findall(r"`(test_\w+)`", part.partition("**Invariant:**")[0]) for part in stated]
    assert len(stated) >= 10
    assert all(named), "an invariant without a test is a wish"
    assert {name for names in named for name in names} <= TESTS


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "docs/catalogue.md", "docs/mapping.md"])
def test_every_path_that_a_document_names_exists(document: str) -> None:
    text = (ROOT / document).read_text()
    named = set(re.findall(r"\b(?:services|shared|deploy|tests|docs)/[\w./-]*\w", text))
    outside = set(re.findall(r"\.\./shared/[\w./-]*\w", text))
    missing = {path for path in named if not (ROOT / path).exists()} - {path.removeprefix("../") for path in outside}
    assert not missing
