"""From 6 to 12 partitions between two halves of a log, as docs/operations/scaling.md says: the counts are the log's.

Two builds of the whole tree run one after the other on the same Kafka and Postgres; the second declares twice as many
partitions. The embedded broker cannot add partitions to a topic.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from services.cli.providers import Infrastructure
from services.cli.replay.items import catalogue_files
from shared.events.catalog import PARTITIONS
from shared.outbox import bucket_of

ROOT = Path(__file__).resolve().parents[2]
LOG = ROOT / "deploy" / "demo" / "doj_foia.jsonl"
MAPPING = ROOT / "deploy" / "demo" / "doj_foia.yaml"
AS_OF = "2017-09-01T00:00:00-04:00"
GROWN = 2 * PARTITIONS
LIMIT_S = 240


@dataclass(frozen=True)
class Build:
    """A copy of the tree, and the environment that its commands get."""

    tree: Path
    environment: Mapping[str, str]

    async def run(self, *arguments: str | Path) -> tuple[int, str, str]:
        """`duban …` of this build: exit code, output, errors."""
        process = await self._start(*arguments)
        async with asyncio.timeout(LIMIT_S):
            out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    @contextlib.asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        """The four services of this build, ready; drained at the end."""
        process = await self._start("up", "--provider", "external", "--json")
        assert process.stdout is not None
        async with asyncio.timeout(LIMIT_S):
            line = await process.stdout.readline()
        if not line:
            pytest.fail((await process.communicate())[1].decode())
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(LIMIT_S):
                await process.communicate()

    async def _start(self, *arguments: str | Path) -> asyncio.subprocess.Process:
        program = "from services.cli.main import app; app()"
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, *arguments, cwd=self.tree, env=dict(self.environment),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip


def build(tree: Path, partitions: int, environment: Mapping[str, str]) -> Build:
    """The tree as it stands, with this many partitions declared wherever they are."""
    for name in ("services", "shared", "deploy"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "secrets"))
    changes = {tree / "shared/events/catalog.py": (f"PARTITIONS = {PARTITIONS}\n", f"PARTITIONS = {partitions}\n")}
    for file in (tree / "shared/events/topics").glob("*.yaml"):
        changes[file] = (f"\npartitions: {PARTITIONS}\n", f"\npartitions: {partitions}\n")
    for file, (before, after) in changes.items():
        text = file.read_text()
        assert before in text or file.stem.endswith("-dlq"), file
        file.write_text(text.replace(before, after))
    return Build(tree, {**environment, "PYTHONPATH": str(tree)})


@pytest.fixture
def environment(infrastructure: Infrastructure, database: str, tmp_path: Path) -> dict[str, str]:
    if infrastructure.name == "embedded":
        pytest.skip("the embedded broker cannot add partitions to a topic (PROVIDER=apache)")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DUBAN_")}
    return {
        **inherited,
        **infrastructure.settings,
        "DUBAN_KAFKA": infrastructure.kafka,
        "DUBAN_POSTGRES": database,
        "DUBAN_TOPIC_PREFIX": f"{urlsplit(database).path[1:]}-",
        "DUBAN_INTAKE_CATALOGUES": os.pathsep.join(map(str, catalogue_files(MAPPING, tmp_path))),
    }


async def test_partitions_grow_between_two_halves_of_a_log(
    environment: dict[str, str], database: str, tmp_path: Path
) -> None:
    lines = LOG.read_text().splitlines(keepends=True)
    first, report = tmp_path / "first.jsonl", tmp_path / "report.csv"
    first.write_text("".join(lines[: len(lines) // 2]))
    replay = ("--mapping", MAPPING, "--as-of", AS_OF, "--report", report, "--json")
    old = build(tmp_path / "old", PARTITIONS, environment)
    new = build(tmp_path / "new", GROWN, environment)
    async with old.up():
        code, out, err = await old.run("replay", first, *replay)
        assert code == 0, err
        before = json.loads(out)
        code, _, err = await new.run("grow")
        assert (code, err.split(":")[1]) == (1, " stop these first")
    code, out, err = await new.run("grow", "--json")
    assert code == 0, err
    grown = json.loads(out)
    assert set(map(tuple, grown["topics"].values())) == {(PARTITIONS, GROWN)}
    assert grown["clocks"] > 0 and grown["outbox"] > 0
    code, out, err = await new.run("grow", "--json")
    assert (code, json.loads(out)) == (0, {"topics": {}, "clocks": 0, "outbox": 0}), "again, and nothing is left to do"
    async with new.up():
        code, out, err = await new.run("replay", LOG, *replay)
        assert code == 0, err
        after = json.loads(out)
    assert 0 < before["outcomes"]["late"] < after["outcomes"]["late"] == 158
    assert (after["outcomes"]["met"], after["cases"], after["standing"]) == (86, 158, 158)
    assert after["dead_letters"] == after["refused"]["total"] == 0
    await check_the_places(database)


async def check_the_places(database: str) -> None:
    """Every clock waits for the partition of its matter, every new partition was read, and no case was opened twice."""
    conn = await asyncpg.connect(database)
    try:
        lanes = await conn.fetch("select authority, matter, lane from deadline.clocks")
        assert {row["lane"] // 2 for row in lanes} == set(range(GROWN))
        for row in lanes:
            assert row["lane"] // 2 == bucket_of(f"{row['authority']}/{row['matter']}", GROWN)
        read = await conn.fetch("select distinct partition from accountability.consumed_offsets order by 1")
        assert [row["partition"] for row in read] == list(range(GROWN))
        assert await conn.fetchval("select count(*) from accountability.cases") == 158
    finally:
        await conn.close()
