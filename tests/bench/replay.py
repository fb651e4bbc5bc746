"""replay: the boston311 log through `duban replay` into services that run on Kafka and a Postgres that syncs.

On the simulated clock, as the command itself would do it on services of its own: all facts first, then what is due by
the as-of instant. Events a second are the events sent over the seconds that the command reports for it, until nothing
is in flight in any service.
"""

import asyncio
import os
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from services.cli.replay.items import catalogue_files
from tests.bench.figures import Figure
from tests.bench.floor import HANDOUT
from tests.bench.ground import Field, Ground, WrongCount
from tests.bench.report import Lap, Options, Report

ROOT = Path(__file__).resolve().parents[2]
MAPPING = ROOT / "deploy" / "mappings" / "boston311.yaml"
LOG = HANDOUT / "data" / "boston311" / "events.jsonl.gz"
AS_OF = "2016-01-13T00:00:00-05:00"
LATE = 5154
"""As of that instant, by the log's own recorded dues (README.md of the data)."""


async def replay(ground: Ground, options: Options) -> Report:
    """Nothing where the log is not there."""
    if not LOG.exists():
        ground.say(f"no replay: {LOG} is not there")
        return Report()
    with tempfile.TemporaryDirectory(prefix="duban-bench-") as directory:
        files = catalogue_files(MAPPING, Path(directory))
        begins = datetime.fromisoformat(AS_OF)
        async with (
            ground.database("replay") as dsn,
            ground.services("replay", dsn, clock="simulated", start=begins, catalogues=files) as field,
        ):
            lap = Lap.begin(field)
            summary = await _replay(field, Path(directory) / "report.csv")
            cpu = lap.cpu_s()
            await field.no_dead_letters()
            if summary["standing"] != LATE or summary["refused"]["total"]:
                raise WrongCount(f"{summary['standing']} cases stand, {LATE} are late: {summary}")
            n, seconds = summary["sent"], summary["seconds"]["replay"]
            figure = Figure("replay", n, n / seconds, "events/s", "higher", None, f"{seconds:.1f} s, all four services")
            return Report(
                [figure, Lap.each("replay", n, cpu)],
                {"replay": {"cpu_s": cpu, "peak_mb": field.peak_mb(), "command": summary}},
            )


async def _replay(field: Field, report: Path) -> dict[str, Any]:
    """Run the command against the services that run; what it says."""
    environment = {
        **os.environ,
        "DUBAN_KAFKA": field.kafka,
        "DUBAN_POSTGRES": field.dsn,
        "DUBAN_TOPIC_PREFIX": field.prefix,
    }
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("duban")), "replay", str(LOG), "--mapping", str(MAPPING), "--as-of", AS_OF,
        "--origin", "live", "--report", str(report), "--json",
        env=environment, cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    if process.returncode:
        raise WrongCount(f"duban replay ended with {process.returncode}")
    found: dict[str, Any] = orjson.loads(out)
    return found
