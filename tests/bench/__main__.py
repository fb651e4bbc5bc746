"""The command: run benchmarks one after the other, print a table, write JSON and, when asked, docs/performance.md."""

import argparse
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import uvloop
from rich.console import Console
from rich.table import Table

from services.cli.providers import ProcessError, provide
from services.cli.providers.apache import JARS
from services.cli.replay.watch import Stuck
from tests.bench.calculus import calculus
from tests.bench.figures import COLUMNS, NUMBERS, markdown, replaced, rows
from tests.bench.floor import PROGRAM
from tests.bench.ground import Ground
from tests.bench.intake import http, intake
from tests.bench.million import million
from tests.bench.processes import load, machine
from tests.bench.recalculation import recalculation
from tests.bench.replay import replay
from tests.bench.report import Options, Report
from tests.bench.steady import steady_1, steady_2
from tests.bench.storm import storm

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "performance.md"
PLANS = ROOT / "docs" / "query-plans.md"
PRODUCTION = {"DUBAN_KAFKA_IDEMPOTENCE": "true"}
"""All else is the default: the provider's own settings are for tests, which cannot wait until a session expires."""
Benchmark = Callable[[Ground, Options], Awaitable[Report]]
BENCHMARKS: Mapping[str, Benchmark] = {
    "storm": storm,
    "intake": intake,
    "http": http,
    "steady-1": steady_1,
    "steady-2": steady_2,
    "million": million,
    "recalculation": recalculation,
    "calculus": calculus,
    "replay": replay,
}


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones: {', '.join(BENCHMARKS)} (all)")
    parser.add_argument("--n", type=int, help="how many, instead of the benchmark's own number")
    parser.add_argument("--full", action="store_true", help="also the sizes that take long")
    parser.add_argument("--cpu", action="store_true", help="print CPU seconds by process")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench.json", help="where the figures go")
    parser.add_argument("--profile", metavar="SERVICE", help="record this service's stacks with py-spy (storm)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="DUBAN_…=VALUE", help="a setting of every service"
    )
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/performance.md")
    found = parser.parse_args(given)
    if unknown := set(found.names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}: there are {', '.join(BENCHMARKS)}")
    if wrong := [each for each in found.set if not each.startswith("DUBAN_") or "=" not in each]:
        parser.error(f"--set {wrong[0]}: write DUBAN_NAME=VALUE")
    return found


async def run(wanted: argparse.Namespace) -> None:
    console = Console(stderr=True, highlight=False)
    settings = dict(each.split("=", 1) for each in wanted.set)
    options = Options(wanted.n, wanted.full, wanted.profile)
    whole, facts = Report(), {**machine(), "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"}
    async with provide("apache", durable=True) as provided:
        infrastructure = replace(provided, settings=PRODUCTION)
        facts |= await versions(infrastructure.postgres)
        facts["settings"] = ", ".join(
            f"{name}={value}" for name, value in {**infrastructure.settings, **settings}.items()
        )
        facts["load before"] = load()
        ground = Ground(infrastructure, settings, lambda text: console.print(text, markup=False))
        for name in wanted.names or BENCHMARKS:
            console.rule(f"{name} (load {load()})")
            found = await BENCHMARKS[name](ground, options)
            found.details = {key: {"load_after": load(), **value} for key, value in found.details.items()}
            whole.figures += found.figures
            whole.details |= found.details
            whole.plans = found.plans or whole.plans
            for row in rows(found.figures):
                console.print("  ".join(row), markup=False)
            if wanted.cpu:
                console.print_json(json.dumps(found.details))
            write(wanted.json, whole, facts)
    print_table(whole, facts)
    if wanted.write_docs:
        DOCUMENT.write_text(replaced(DOCUMENT.read_text(), markdown(whole.figures, facts, whole.details)))
        if whole.plans:
            PLANS.write_text(whole.plans)
    if not PROGRAM.exists():
        print(f"No floor: {PROGRAM} is not there (DUBAN_HANDOUT says where the handout is), so no ratio is known.")


async def versions(dsn: str) -> dict[str, str]:
    """Of what the services run on, and how durable it is."""
    conn: Any = await asyncpg.connect(dsn)
    try:
        shown = {
            name: await conn.fetchval(f"show {name}") for name in ("server_version", "fsync", "synchronous_commit")
        }
    finally:
        await conn.close()
    kafka = next((jar.stem.rpartition("-")[2] for jar in JARS.glob("kafka_2.13-*.jar")), "unknown")
    durable = f"fsync {shown['fsync']}, synchronous_commit {shown['synchronous_commit']}"
    return {"kafka": kafka, "postgres": f"{shown['server_version']} ({durable})"}


def write(path: Path, report: Report, facts: Mapping[str, str]) -> None:
    """The figures as a list; beside it, in <name>.run.json, the machine and the details."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([figure.to_json() for figure in report.figures], indent=1) + "\n")
    beside = {"machine": facts, "details": report.details}
    if report.plans:
        path.with_suffix(".plans.md").write_text(report.plans)
    path.with_suffix(".run.json").write_text(json.dumps(beside, indent=1, ensure_ascii=False) + "\n")


def print_table(report: Report, facts: Mapping[str, str]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 180
    table = Table()
    for column in COLUMNS:
        table.add_column(column, no_wrap=column != "note", justify="right" if column in NUMBERS else "left")
    for row in rows(report.figures):
        table.add_row(*row)
    console.print(table)
    for name, value in facts.items():
        console.print(f"{name:12} {value}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    try:
        uvloop.run(run(arguments()))
    except (AssertionError, ProcessError, Stuck) as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
