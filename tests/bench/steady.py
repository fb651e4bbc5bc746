"""steady: clocks that fall due one after another, at a rate; how long each takes from its due to its case on Kafka."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tests.bench.figures import Figure, percentile
from tests.bench.floor import Floor, run_floor
from tests.bench.ground import Field, Ground, WrongCount
from tests.bench.matters import Wire, decision, holders, matter, wire
from tests.bench.report import Lap, Options, Report
from tests.bench.storm import REST_S, warm_up
from tests.bench.watching import Watcher, watching

SERIES = "steady"
TICK_S = 0.05
"""How often the facts of `steady-2` are sent."""


async def steady_1(ground: Ground, options: Options) -> Report:
    """200 misses each second for 30 s, and the floor at the same rate."""
    rate, n = 200, options.n or 6000
    floor = await run_floor(ground, n, spread_s=n / rate)
    return await _steady(ground, "steady-1", n, rate, 0, floor)


async def steady_2(ground: Ground, options: Options) -> Report:
    """500 misses each second for 60 s, while 2,000 facts come in each second."""
    return await _steady(ground, "steady-2", options.n or 30_000, 500, 2000, None)


async def _steady(ground: Ground, name: str, n: int, rate: int, facts: int, floor: Floor | None) -> Report:
    slack = 1.3
    while True:
        async with ground.database(name) as dsn, ground.services(name, dsn) as field:
            await field.send(map(wire, holders(datetime.now(UTC).isoformat())))
            lead_s = n * await warm_up(field) * slack + 3 * REST_S
            begins = (datetime.now(UTC) + timedelta(seconds=lead_s)).replace(microsecond=0)
            await _load(field, n, rate, begins)
            if begins.timestamp() - time.time() > REST_S:
                async with watching(field, "case-events", "case.opened", SERIES, n) as watcher:
                    return await _measure(field, watcher, name, begins.timestamp(), n, rate, facts, floor)
        ground.say(f"{n:,} clocks took more than {lead_s:.0f} s to load: once more")
        slack *= 2


async def _load(field: Field, n: int, rate: int, begins: datetime) -> None:
    now = datetime.now(UTC).isoformat()
    spread = (matter(SERIES, i, now, due=begins + timedelta(seconds=i / rate)) for i in range(n))
    await field.send(map(wire, spread))
    await field.quiet()
    await field.conn.execute("vacuum (analyze)")


async def _measure(
    field: Field, watcher: Watcher, name: str, begins: float, n: int, rate: int, facts: int, floor: Floor | None
) -> Report:
    await asyncio.sleep(max(begins - time.time() - 1, 0))
    lap = Lap.begin(field)
    if facts:
        feeding = asyncio.create_task(_feed(field, begins, n / rate, facts))
        await watcher.until(n)
        sent, sending_s = await feeding
    else:
        await watcher.until(n)
        sent, sending_s = 0, 0.0
    cpu = lap.cpu_s()
    await field.quiet()
    quiet_s = time.time() - begins - n / rate
    await _check(field, watcher, n, sent)
    ms = sorted(1e3 * (at - begins - i / rate) for i, at in enumerate(watcher.at))
    if ms[0] < 0:
        raise WrongCount(f"a case was there {-ms[0]:.0f} ms before its due")
    shares = [("p50", 0.5, floor.p50_ms if floor else None), ("p99", 0.99, floor.p99_ms if floor else None)]
    note = f"{rate} misses/s" + (f" while {sent / sending_s:,.0f} facts/s came in" if facts else "")
    found = [
        Figure(f"{name}-{label}", n, percentile(ms, at), "ms", "lower", under, note) for label, at, under in shares
    ]
    found.append(Figure(f"{name}-max", n, ms[-1], "ms", "lower", floor.max_ms if floor else None, note))
    found.append(
        Figure(f"{name}-quiet", n, max(quiet_s, 0), "s", "lower", None, "lag 0 everywhere, after the last due")
    )
    found.append(Lap.each(name, n + sent, cpu))
    return Report(found, {name: {"cpu_s": cpu, "peak_mb": field.peak_mb(), "facts": sent}})


async def _feed(field: Field, begins: float, duration_s: float, rate: int) -> tuple[int, float]:
    """Other matters' facts at a rate, half registrations and half the decisions on them: how many, in how long."""
    facts, sent = feed_of(), 0
    await asyncio.sleep(max(begins - time.time(), 0))
    while (passed := time.time() - begins) < duration_s:
        owed = int(passed * rate) - sent
        sent += await field.send(next(facts) for _ in range(owed))
        await asyncio.sleep(TICK_S)
    return sent, time.time() - begins


def feed_of() -> Iterator[Wire]:
    index = 0
    while True:
        now = datetime.now(UTC).isoformat()
        yield wire(matter("other", index, now))
        yield wire(decision("other", index, now))
        index += 1


async def _check(field: Field, watcher: Watcher, n: int, sent: int) -> None:
    await field.no_dead_letters()
    cases = await field.count("select count(*) from accountability.cases")
    facts = await field.count("select count(*) from deadline.facts where matter like 'other-%'")
    if not (cases == watcher.seen == n and watcher.again == 0 and facts == sent):
        counted = f"{cases} cases, {watcher.seen} published, {watcher.again} twice; {facts} of {sent} facts"
        raise WrongCount(f"{n} misses: {counted}")
