"""The raw floor of the handout, run on the same broker and the same Postgres as what it is compared with."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.bench.ground import Ground
from tests.bench.processes import usage

HANDOUT = Path(os.environ.get("DUBAN_HANDOUT") or Path(__file__).resolve().parents[3] / "shared")
PROGRAM = HANDOUT / "bench" / "floor.py"


@dataclass(frozen=True, slots=True)
class Floor:
    """What the floor reports: due instant → last case on Kafka in seconds; spread, also percentiles in milliseconds."""

    last_s: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None
    cpu_s: float | None = None
    """Of its processes, Postgres and Kafka, its start and the loading of its clocks included."""


async def run_floor(ground: Ground, n: int, *, spread_s: float = 0) -> Floor | None:
    """Run it on a fresh database; None where the handout is not there."""
    if not PROGRAM.exists():
        return None
    before = _cpu_s(ground)
    async with ground.database("floor") as dsn:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROGRAM),
            str(n),
            env={**os.environ, "PG_DSN": dsn, "KAFKA": ground.infrastructure.kafka, "SPREAD": str(spread_s)},
            stdout=asyncio.subprocess.PIPE,
            cwd=ground.infrastructure.directory,
        )
        out, _ = await process.communicate()
    cpu_s = _cpu_s(ground) - before
    if process.returncode:
        raise RuntimeError(f"{PROGRAM} ended with {process.returncode}")
    said: dict[str, float] = {}
    for line in out.splitlines():
        found = orjson.loads(line)
        said |= {f"{name}_ms": value for name, value in found.pop("due_to_kafka_ms", {}).items()} | found
    if not said["cases"] == said["distinct"] == n:
        raise RuntimeError(f"the floor made {said['cases']} cases of {n}")
    return Floor(said["last_on_kafka_s"], said.get("p50_ms"), said.get("p99_ms"), said.get("max_ms"), cpu_s)


def _cpu_s(ground: Ground) -> float:
    """CPU seconds so far of Kafka, Postgres and of our children that have ended."""
    ended = os.times()
    return sum(usage(ground.pids).of_others().values()) + ended.children_user + ended.children_system
