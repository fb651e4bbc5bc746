"""million: 10,000 matters folded and 10,000 clocks swept beside 10,000 open clocks, then beside 1,000,000.

The first 10,000 open clocks come through the services, the others are copies of their rows (cloning.py). Nothing but
what lies in the tables differs between the two rounds. Then the services start again with auto_explain in their
sessions, for the plans.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from tests.bench.cloning import clone
from tests.bench.figures import Figure
from tests.bench.ground import Field, Ground, WrongCount
from tests.bench.matters import holders, matter, wire
from tests.bench.plans import SETTINGS, written
from tests.bench.report import Lap, Options, Report
from tests.bench.storm import REST_S, warm_up
from tests.bench.watching import watching

N = 1_000_000
ROUND = 10_000
"""Folded and swept in each round; fewer where `--n` is small."""
NAME = "million"
PREFIX = "bench-million-"
_SIZES = """
select c.relname, pg_relation_size(c.oid) as size from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'deadline' and c.relkind in ('r', 'i') and pg_relation_size(c.oid) > 65536 order by 2 desc
"""


async def million(ground: Ground, options: Options) -> Report:
    """Value: beside many open clocks; in the place of the floor: beside few."""
    n = options.n or N
    few_n = min(ROUND, n // 5)
    report = Report()
    prefix = f"{PREFIX}{ground.used}-"
    async with ground.database(NAME) as dsn:
        async with ground.services(NAME, dsn, prefix=prefix) as field:
            now = datetime.now(UTC)
            await field.send(map(wire, holders(now.isoformat())))
            spread = (now + timedelta(days=10, seconds=i * 259) for i in range(few_n))
            await field.send(wire(matter("open", i, now.isoformat(), due=due)) for i, due in enumerate(spread))
            await field.quiet()
            lead_s = few_n * await warm_up(field) * 1.5 + 3 * REST_S
            few = await _round(field, "few", lead_s, few_n)
            ground.say(f"beside {few_n:,} open clocks: folded in {few[0]:.2f} s, swept in {few[1]:.2f} s")
            await clone(field, "open", few_n, n)
            many = await _round(field, "many", lead_s, few_n)
            sizes = {row["relname"]: int(row["size"]) for row in await field.conn.fetch(_SIZES)}
            peak = field.peak_mb()
            for name, value in SETTINGS.items():
                database = await field.conn.fetchval("select quote_ident(current_database())")
                await field.conn.execute(f"alter database {database} set {name} = '{value}'")
        note = f"{few_n:,} beside {n:,} open clocks; in place of the floor beside {few_n:,}"
        report.figures = [
            Figure("million-fold", n, many[0], "s", "lower", few[0], f"{note}; first fact sent → last scheduled"),
            Figure("million-sweep", n, many[1], "s", "lower", few[1], f"{note}; due → last deadline.missed"),
            Figure("million-fold-cpu", n, many[2], "CPU s", "lower", few[2], "deadline and Postgres"),
            Figure("million-sweep-cpu", n, many[3], "CPU s", "lower", few[3], "deadline and Postgres"),
        ]
        report.details = {NAME: {"sizes": sizes, "peak_mb": peak}}
        log = ground.infrastructure.directory / "logs" / "postgres.log"
        read = log.stat().st_size
        async with ground.services(NAME, dsn, prefix=prefix) as field:
            await _round(field, "explained", lead_s + 3 * REST_S, few_n)
        with log.open() as file:
            file.seek(read)
            report.plans = written(file.read(), sizes, f"{few_n:,} matters folded and swept beside {n:,} open clocks")
    return report


async def _round(field: Field, series: str, lead_s: float, n: int) -> tuple[float, float, float, float]:
    """Seconds to fold n matters and to sweep n clocks; CPU seconds of deadline and Postgres for each."""
    while True:
        now = datetime.now(UTC)
        due = (now + timedelta(seconds=lead_s)).replace(microsecond=0)
        messages = [wire(matter(series, i, now.isoformat(), due=due)) for i in range(n)]
        async with watching(field, "deadline-events", "deadline.scheduled", series, n) as watcher:
            lap = Lap.begin(field)
            _, last = await asyncio.gather(field.send(messages), watcher.until(n))
            fold_s, fold_cpu = last - lap.began, _cpu(lap)
        await field.quiet()
        await field.conn.execute("vacuum (analyze)")
        if due.timestamp() - time.time() > REST_S:
            break
        series, lead_s = f"{series}x", lead_s * 2
        field.ground.say(f"loading took longer than foreseen: once more, with {lead_s:.0f} s")
    await asyncio.sleep(max(due.timestamp() - time.time() - 1, 0))
    async with watching(field, "deadline-events", "deadline.missed", series, n) as watcher:
        lap = Lap.begin(field)
        last = await watcher.until(n)
        sweep_s, sweep_cpu = last - due.timestamp(), _cpu(lap)
    await field.quiet()
    await field.no_dead_letters()
    missed = "select count(*) from deadline.clocks where state = 'missed' and matter like $1"
    if (found := await field.count(missed, f"{series}-%")) != n or watcher.again:
        raise WrongCount(f"{found} of {n} clocks missed, {watcher.again} twice")
    return fold_s, sweep_s, fold_cpu, sweep_cpu


def _cpu(lap: Lap) -> float:
    used = lap.cpu_s()
    return used["deadline"] + used["postgres"]
