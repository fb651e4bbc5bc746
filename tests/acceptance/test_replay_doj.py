"""The doj_foia log through four real processes: whatever the order, the clock or the crashes, the same bytes; and true.

The kill test kills each service once while it works: it waits until the service has done a part, and not all, of what
it has to do.
"""

import asyncio
import csv
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.cli.config import Settings
from services.cli.replay.load import Outcome
from services.cli.replay.run import Summary, Wanted, replay
from services.cli.replay.target import Target
from services.cli.supervisor import Restart
from shared.postgres import Connection
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
MAPPING = ROOT / "deploy" / "mappings" / "doj_foia.yaml"
AS_OF = "2017-09-01T00:00:00-04:00"
OUR_OWN = Settings(kafka=None, postgres=None)


class Silent:
    """A listener that only counts restarts."""

    def __init__(self) -> None:
        self.restarts: list[str] = []

    def stage(self, name: str, total: int | None) -> None: ...

    @asynccontextmanager
    async def watching(self, services: Target) -> AsyncIterator[None]:
        yield

    def advance(self, count: int) -> None: ...

    def line(self, outcome: Outcome) -> None:
        assert outcome.unmapped is None

    def restarted(self, restart: Restart) -> None:
        self.restarts.append(restart.service)

    async def instant(self, at: datetime) -> None: ...


DONE_IN_PART = {
    "intake": "select count(*) from intake.facts",
    "deadline": "select count(*) from deadline.clocks",
    "accountability": "select count(*) from accountability.cases",
    "notification": "select count(*) from notification.notices",
}


class Killer(Silent):
    """Kills each service as soon as it has done something."""

    @asynccontextmanager
    async def watching(self, services: Target) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as killing:
            for service, done in DONE_IN_PART.items():
                killing.create_task(self._kill(services, service, done))
            yield

    async def _kill(self, services: Target, service: str, done: str) -> None:
        assert services.stack is not None
        conn: Connection = await asyncpg.connect(services.postgres)
        try:

            async def begun() -> bool:
                count: int = await conn.fetchval(done)
                return count > 0

            await until(begun, 120)
            await services.stack.supervisor.kill(service)
        finally:
            await conn.close()


@pytest.fixture(scope="module")
def wanted(handout: Path, tmp_path_factory: pytest.TempPathFactory) -> Wanted:
    log = handout / "data" / "doj_foia" / "events.jsonl"
    return Wanted([log], MAPPING, datetime.fromisoformat(AS_OF), tmp_path_factory.mktemp("doj") / "report.csv")


@pytest.fixture(scope="module")
def backfilled(wanted: Wanted) -> bytes:
    """The report of the command as a user types it."""
    duban = Path(sys.executable).with_name("duban")
    command: list[str | Path] = [
        duban,
        "replay",
        wanted.files[0],
        "--mapping",
        MAPPING,
        "--as-of",
        AS_OF,
        "--report",
        wanted.report,
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert "244 clocks: 86 met, 158 late; 158 cases stand" in run.stderr
    assert run.stdout == ""
    return wanted.report.read_bytes()


def test_every_due_and_every_verdict_is_that_of_the_truth(handout: Path, wanted: Wanted, backfilled: bytes) -> None:
    with (handout / "data" / "doj_foia" / "truth.csv").open() as file:
        truth = {row["case_id"]: row for row in csv.DictReader(file)}
    rows = list(csv.DictReader(backfilled.decode().splitlines()))
    assert [row["matter"] for row in rows] == sorted(truth)
    for row in rows:
        true = truth[row["matter"]]
        late = true["late"] == "1"
        assert (row["due_at"], row["done_at"]) == (true["due"], true["completed"])
        assert row["outcome"] == ("late" if late else "met")
        assert (bool(row["case_id"]), row["case_state"]) == (late, "standing" if late else "")
        unit = true["unit"]
        named = f"direct=duty officer of {unit};leading=deputy head of {unit};principal=head of {unit}"
        assert row["responsible"] == (named if late else "")


@pytest.mark.parametrize(
    "change",
    [
        {"shuffle": 7, "duplicate": 0.2},
        {"clock": "follow"},
        {"clock": "follow", "shuffle": 7, "duplicate": 0.2},
    ],
    ids=["shuffled and duplicated", "follow", "follow, shuffled and duplicated"],
)
async def test_order_duplicates_and_clock_do_not_show_in_the_report(
    change: dict[str, Any], wanted: Wanted, backfilled: bytes, tmp_path: Path
) -> None:
    again: Wanted = replace(wanted, report=tmp_path / "report.csv", **change)
    summary = await replay(again, OUR_OWN, Silent())
    assert again.report.read_bytes() == backfilled
    check(summary)


async def test_a_kill_of_each_service_does_not_show_in_the_report(
    wanted: Wanted, backfilled: bytes, tmp_path: Path
) -> None:
    listener = Killer()
    again = replace(wanted, report=tmp_path / "report.csv")
    summary = await replay(again, OUR_OWN, listener)
    assert again.report.read_bytes() == backfilled
    assert sorted(listener.restarts) == sorted(DONE_IN_PART)
    assert all(times == 1 for times in summary.restarts.values())
    check(summary)


def check(summary: Summary) -> None:
    assert summary.refused.total == summary.dead_letters == summary.loaded.unmapped == summary.after_as_of == 0
    assert (summary.totals.clocks, summary.totals.cases, summary.standing) == (244, 158, 158)
