"""The vectors of tests/vectors: figures of statutes and of peers' published tests, counted by the oracle and by the
product. Where a peer's figure is not ours, the file says so and why, and what ours is.
"""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.deadline.rules.limits import Amount
from services.deadline.rules.warnings import warning_instants
from tests.oracle.adapter import calendar_of, clock_of, limit_of, told
from tests.oracle.days import Case
from tests.oracle.judge import expected
from tests.oracle.vectors import DIRECTORY, files, parsed, read

FILES = pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)


def figures(answer: Case, vector: Case) -> dict[str, Any]:
    """The answer in the form of the vector's figures."""
    late_from = answer["late_from"]
    due = late_from - timedelta(microseconds=1) if answer["due"] is None else answer["due"]
    return {"due": due} | ({"late_from": late_from} if "late_from" in vector else {})


def wanted(vector: Case) -> dict[str, date | datetime]:
    return {key: parsed(vector[key]) for key in ("due", "late_from") if key in vector}


@FILES
def test_the_oracle_counts_what_the_vectors_say(path: Path) -> None:
    found = [(vector, expected(case)) for vector, case in read(path)]
    wrong = [vector for vector, mine in found if mine is None or figures(mine, vector) != wanted(vector)]
    assert wrong == []
    warned = [(vector["warnings"], mine["warnings"]) for vector, mine in found if mine and "warnings" in vector]
    assert [{label: at for at, label in mine} for _, mine in warned] == [instants(said) for said, _ in warned]


@FILES
def test_the_product_counts_what_the_vectors_say(path: Path) -> None:
    found = [(vector, told(case)) for vector, case in read(path)]
    assert [theirs["problem"] for _, theirs in found if theirs["problem"]] == []
    assert [vector for vector, theirs in found if figures(theirs, vector) != wanted(vector)] == []


@FILES
def test_the_product_warns_when_the_vectors_say(path: Path) -> None:
    for vector, case in read(path):
        if "warnings" in vector:
            calendar = calendar_of(case["calendar"], case["limit"]["zone"])
            clock = clock_of(case, calendar)
            assert clock.due and clock.start
            warned = warning_instants(limit_of(case["limit"]), clock.due, clock.start, calendar)
            assert {label: at for at, label in warned} == instants(vector["warnings"])


@FILES
def test_where_a_peer_differs_the_file_says_what_is_ours(path: Path) -> None:
    for vector, case in read(path, "differs"):
        assert vector["reason"]
        if vector["ours"] is None:
            with pytest.raises(ValueError, match="is not an amount"):
                Amount.parse(f"{vector['amount']}{vector['unit']}")
            continue
        ours = parsed(vector["ours"])
        for answer in (expected(case), told(case)):
            assert answer is not None
            assert answer["late_from" if isinstance(ours, datetime) else "due"] == ours
            assert figures(answer, vector) != wanted(vector)


def test_the_readme_counts_the_vectors() -> None:
    table = re.findall(r"^\| `([\w-]+)\.json` \|.*\| (\d+) \| (\d+) \|$", (DIRECTORY / "README.md").read_text(), re.M)
    counts = {path.stem: (len(list(read(path))), len(list(read(path, "differs")))) for path in files()}
    assert {stem: (int(cases), int(differs)) for stem, cases, differs in table} == counts
    assert sum(cases for cases, _ in counts.values()) >= 150


def instants(said: dict[str, str]) -> dict[str, datetime]:
    return {label: datetime.fromisoformat(at).astimezone(UTC) for label, at in said.items()}
