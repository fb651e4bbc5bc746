"""The building permits (bpic15): what the mapping says of all of them, and what the services make of the hard ones.

Truth was computed from the raw tables by others (the handout's data/README.md); `accept/replay.py` compares all of it.
"""

import csv
import gzip
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from services.cli.replay.load import learn, outcomes
from services.cli.replay.mapping import Mapped, Mapper
from services.cli.replay.mapping_model import load_mapping

ROOT = Path(__file__).resolve().parents[2]
MAPPING = ROOT / "deploy" / "mappings" / "bpic15.yaml"
AS_OF = "2016-01-01T00:00:00+01:00"
HARD = 120
"""So many matters that were suspended or extended: a replay of half a minute."""
Task = tuple[str, str, float, bool]


@pytest.fixture(scope="module")
def data(handout: Path) -> Path:
    return handout / "data" / "bpic15_m1"


def true_tasks(data: Path) -> Counter[Task]:
    """(matter, activity, due, late) of every task, as the truth has it."""
    with gzip.open(data / "truth.csv.gz", "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["due"]]
    return Counter((r["case_id"], r["activity"], _seconds(r["due"]), r["late"] == "1") for r in rows)


def true_verdicts(data: Path) -> dict[str, bool]:
    """Whether the decision came late, of each matter that has one."""
    with (data / "truth_cases.csv").open() as file:
        return {row["case_id"]: row["stat_late"] == "1" for row in csv.DictReader(file) if row["decision"]}


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


def mapped(log: Path) -> Iterator[Mapped]:
    mapper = Mapper(load_mapping(MAPPING), MAPPING, "import")
    learn([log], mapper)
    for outcome in outcomes(log, mapper):
        assert outcome.unmapped is None, (outcome.line.number, outcome.unmapped)
        yield from outcome.mapped


def test_every_line_is_mapped_or_left_out_and_the_tasks_are_those_of_the_truth(data: Path) -> None:
    found = list(mapped(data / "events.jsonl.gz"))
    done = {m.data["task"]: m.data["occurred_at"] for m in found if m.type == "task.finished"}
    tasks = Counter(
        (
            m.matter or "",
            m.data["activity"],
            _seconds(m.data["due"]),
            _seconds(done[m.data["task"]]) > _seconds(m.data["due"]),
        )
        for m in found
        if m.type == "task.assigned"
    )
    assert tasks == true_tasks(data)
    assert sum(count for task, count in tasks.items() if task[3]) == 144
    kinds = Counter(m.type for m in found)
    assert {type_: kinds[type_] for type_ in ("matter.suspended", "matter.resumed", "matter.extended")} == {
        "matter.suspended": 288, "matter.resumed": 247, "matter.extended": 145,
    }  # fmt: skip
    assert all("expected" in m.data for m in found if m.type == "matter.suspended")


def hard_ones(data: Path) -> list[dict[str, Any]]:
    """The lines of the first matters, by id, of which the log says that they were suspended, resumed or extended."""
    with gzip.open(data / "events.jsonl.gz", "rt") as file:
        lines = [json.loads(line) for line in file]
    hard = {line["matter"] for line in lines if line["type"] in ("suspended", "resumed", "extended")}
    chosen = set(sorted(hard)[:HARD])
    return [line for line in lines if line["matter"] in chosen]


def test_suspended_and_extended_permits_are_late_exactly_where_the_truth_says(data: Path, tmp_path: Path) -> None:
    lines = hard_ones(data)
    log, report = tmp_path / "hard.jsonl", tmp_path / "report.csv"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    command: list[str | Path] = ["replay", log, "--mapping", MAPPING, "--as-of", AS_OF, "--report", report, "--json"]
    duban = Path(sys.executable).with_name("duban")
    told = json.loads(subprocess.run([duban, *command], check=True, capture_output=True, text=True).stdout)
    assert (told["dead_letters"], told["refused"]["total"], told["unmapped"]["total"]) == (0, 0, 0)
    with report.open() as file:
        rows = list(csv.DictReader(file))
    matters = {line["matter"] for line in lines}
    late = ("late", "overdue")
    tasks = Counter(
        (r["matter"], r["subject"], _seconds(r["due_at"]), r["outcome"] in late) for r in rows if r["subject"]
    )
    assert tasks == Counter({task: n for task, n in true_tasks(data).items() if task[0] in matters})
    verdicts = {
        r["matter"]: r["outcome"] == "late" for r in rows if not r["subject"] and r["outcome"] in ("met", "late")
    }
    assert verdicts == {matter: wrong for matter, wrong in true_verdicts(data).items() if matter in matters}
    assert all(bool(r["case_id"]) == (r["outcome"] in late) for r in rows)
