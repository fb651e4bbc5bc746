"""intake: fresh matters from Kafka → registered → scheduled on `deadline-events`. http: batches on POST /v1/events."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx2
import orjson

from services.intake.body import BATCH
from shared.identity.roles import Role
from tests.bench.figures import Figure
from tests.bench.ground import Field, Ground, WrongCount
from tests.bench.matters import holders, matter, wire
from tests.bench.report import Lap, Options, Report
from tests.bench.storm import warm_up
from tests.bench.watching import watching

N = 100_000
SERIES = "fresh"
EVENTS, CONNECTIONS = 500, 4
"""Events in a request, and requests under way at once."""


async def intake(ground: Ground, options: Options) -> Report:
    """From the first message sent to the last clock scheduled. The item is one with working days and warnings."""
    n = options.n or N
    async with ground.database("intake") as dsn, ground.services("intake", dsn) as field:
        await _prepare(field)
        now = datetime.now(UTC).isoformat()
        messages = [wire(matter(SERIES, i, now)) for i in range(n)]
        async with watching(field, "deadline-events", "deadline.scheduled", SERIES, n) as watcher:
            lap = Lap.begin(field)
            _, last = await asyncio.gather(field.send(messages), watcher.until(n))
            cpu = lap.cpu_s()
            again = watcher.again
        await field.quiet()
        quiet, cpu_all = time.time(), lap.cpu_s()
        await _check(field, n, "deadline.clocks", again)
        return Report(
            [
                Figure("intake", n, n / (last - lap.began), "matters/s", "higher", None, "until scheduled"),
                Figure("intake-quiet", n, n / (quiet - lap.began), "matters/s", "higher", None, "until every lag is 0"),
                Lap.each("intake", n, cpu_all),
            ],
            {f"intake-{n}": {"cpu_s_to_last": cpu, "cpu_s_to_quiet": cpu_all, "peak_mb": field.peak_mb()}},
        )


async def http(ground: Ground, options: Options) -> Report:
    """From the first request to the last answer; every event's own answer is looked at."""
    n = options.n or N
    async with ground.database("http") as dsn, ground.services("http", dsn) as field:
        await _prepare(field)
        bodies = list(_bodies(n))
        lap = Lap.begin(field)
        async with httpx2.AsyncClient(timeout=120, trust_env=False) as client:
            remaining = iter(bodies)
            await asyncio.gather(*(_post(client, field, remaining) for _ in range(CONNECTIONS)))
        answered, cpu = time.time(), lap.cpu_s()
        await field.quiet()
        quiet, cpu_all = time.time(), lap.cpu_s()
        await _check(field, n, "deadline.clocks", 0)
        note = f"batches of {EVENTS}, {CONNECTIONS} connections; until answered"
        return Report(
            [
                Figure("http", n, n / (answered - lap.began), "events/s", "higher", None, note),
                Figure("http-quiet", n, n / (quiet - lap.began), "events/s", "higher", None, "until every lag is 0"),
                Lap.each("http", n, cpu_all),
            ],
            {f"http-{n}": {"cpu_s_to_answer": cpu, "cpu_s_to_quiet": cpu_all, "peak_mb": field.peak_mb()}},
        )


async def _prepare(field: Field) -> None:
    await field.send(map(wire, holders(datetime.now(UTC).isoformat())))
    await warm_up(field)


def _bodies(n: int) -> Iterator[bytes]:
    now = datetime.now(UTC).isoformat()
    for begin in range(0, n, EVENTS):
        yield orjson.dumps([matter(SERIES, i, now) for i in range(begin, min(begin + EVENTS, n))])


async def _post(client: httpx2.AsyncClient, field: Field, bodies: Iterator[bytes]) -> None:
    headers = {"content-type": BATCH, "authorization": f"Bearer {field.stack.token('bench', Role.PUBLISHER)}"}
    for body in bodies:
        answer = await client.post(field.stack.urls["intake"] + "/v1/events", content=body, headers=headers)
        results = answer.json()["results"] if answer.status_code == 202 else []
        if not results or any(each["status"] != "accepted" for each in results):
            raise WrongCount(f"POST /v1/events: {answer.status_code} {answer.text[:300]}")


async def _check(field: Field, n: int, table: str, again: int) -> None:
    await field.no_dead_letters()
    stored = await field.count(f"select count(*) from {table} where matter like $1", f"{SERIES}-%")
    if stored != n or again:
        raise WrongCount(f"{n} matters: {stored} in {table}, {again} published twice")
