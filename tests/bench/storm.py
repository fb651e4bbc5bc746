"""storm: N clocks fall due in the same second → the last `case.opened` on `case-events`, beside the floor's time.

The clocks come the way all clocks come, as submissions through intake and deadline; each states the same due. Only the
million that `--full` adds is copied from the first 100,000 by SQL. When the services are at rest their tables are
vacuumed and analysed, as the floor's are. The watcher runs in this process, as the floor's does.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from tests.bench.cloning import clone
from tests.bench.figures import Figure
from tests.bench.floor import Floor, run_floor
from tests.bench.ground import Field, Ground, WrongCount
from tests.bench.matters import holders, matter, wire
from tests.bench.profile import profiled
from tests.bench.report import Lap, Options, Report
from tests.bench.watching import Watcher, watching

N = 100_000
SMALL, LARGE = 10_000, 1_000_000
WARM_UP = 2000
SERIES = "storm"
CLONED_S = 0.0004
"""A guess of what copying a clock takes."""
REST_S = 5.0
"""At rest before the due instant, for at least so long."""


async def storm(ground: Ground, options: Options) -> Report:
    """The given N; else N with a small one and, in full, a large one beside it."""
    report = Report()
    sizes = [options.n] if options.n else [SMALL, N, *([LARGE] if options.full else [])]
    for n in sizes:
        floor = await run_floor(ground, n) if n <= N else None
        await one_storm(ground, options, n, floor, report)
    return report


async def one_storm(ground: Ground, options: Options, n: int, floor: Floor | None, report: Report) -> None:
    """One size, on a database of its own. Should loading take longer than foreseen, again with more time for it."""
    slack = 1.3
    while True:
        async with ground.database("storm") as dsn, ground.services("storm", dsn) as field:
            await field.send(map(wire, holders(datetime.now(UTC).isoformat())))
            each_s = await warm_up(field)
            lead_s = slack * (min(n, N) * each_s + max(n - N, 0) * CLONED_S) + 3 * REST_S
            due = (datetime.now(UTC) + timedelta(seconds=lead_s)).replace(microsecond=0)
            loaded_s = await load(field, n, due)
            left_s = due.timestamp() - time.time()
            if left_s > REST_S:
                ground.say(f"{n:,} clocks loaded in {loaded_s:.1f} s; due in {left_s:.0f} s")
                async with watching(field, "case-events", "case.opened", SERIES, n) as watcher:
                    await measure(field, watcher, due, n, floor, options, report)
                return
        ground.say(f"{n:,} clocks took {loaded_s:.0f} s to load, {lead_s:.0f} s were foreseen: once more")
        slack *= 2


async def warm_up(field: Field) -> float:
    """Register some matters, so that every statement has run and every cache is filled; the seconds each took."""
    now = datetime.now(UTC).isoformat()
    begun = time.monotonic()
    await field.send(wire(matter("warm", i, now)) for i in range(WARM_UP))
    await field.quiet()
    return (time.monotonic() - begun) / WARM_UP


async def load(field: Field, n: int, due: datetime) -> float:
    """All clocks through intake and deadline (beyond N as copies: cloning.py), and rest; the seconds it took."""
    begun = time.monotonic()
    now = datetime.now(UTC).isoformat()
    await field.send(wire(matter(SERIES, i, now, due=due)) for i in range(min(n, N)))
    await field.quiet()
    if n > N:
        await clone(field, SERIES, N, n)
    await field.conn.execute("vacuum (analyze)")
    running = await field.count("select count(*) from deadline.clocks where clock = 'recorded' and state = 'running'")
    if running != n and datetime.now(UTC) < due:
        raise WrongCount(f"{running} clocks run, {n} were to")
    return time.monotonic() - begun


async def measure(
    field: Field, watcher: Watcher, due: datetime, n: int, floor: Floor | None, options: Options, report: Report
) -> None:
    at = due.timestamp()
    await asyncio.sleep(max(at - time.time() - 1, 0))
    lap = Lap.begin(field)
    async with profiled(field, options.profile):
        last = await watcher.until(n)
        cpu_chain = lap.cpu_s()
    await field.quiet()
    quiet = time.time()
    cpu_all = lap.cpu_s()
    await check(field, watcher, n)
    peak = field.peak_mb()
    ascending = sorted(seen - at for seen in watcher.at)
    report.figures += [
        Figure(
            "storm", n, last - at, "s", "lower", floor.last_s if floor else None, f"first case {ascending[0]:.2f} s"
        ),
        Figure("storm-quiet", n, quiet - at, "s", "lower", None, "until every lag is 0 and every outbox sent"),
    ]
    under = f"; the floor {1e6 * floor.cpu_s / n:,.0f} with its start and loading" if floor and floor.cpu_s else ""
    report.figures.append(Lap.each("storm", n, cpu_chain, f"all services, Postgres, Kafka to the last case{under}"))
    report.figures += [Figure(f"storm-peak-{name}", n, size, "MiB", "lower") for name, size in peak.items()]
    report.details[f"storm-{n}"] = {"cpu_s_to_last_case": cpu_chain, "cpu_s_to_quiet": cpu_all, "peak_mb": peak}


async def check(field: Field, watcher: Watcher, n: int) -> None:
    """One case for each clock, none twice, and nothing set aside. Raises WrongCount."""
    await field.no_dead_letters()
    cases = await field.count("select count(*) from accountability.cases")
    answerable = await field.count("select count(distinct (matter, subject)) from deadline.clocks where subject <> ''")
    if not (cases == watcher.seen == n and watcher.again == 0 and answerable == n):
        published = f"{watcher.seen} published, {watcher.again} twice"
        raise WrongCount(f"{n} misses: {cases} cases, {published}, {answerable} with a clock of their own")
