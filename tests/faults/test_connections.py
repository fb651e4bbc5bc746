"""Postgres has no connection left for us: whoever starts waits, whoever runs waits, both say so, and both recover."""

import contextlib
from collections.abc import AsyncIterator

import asyncpg
import httpx2
import pytest

from services.cli.providers.apache import SETTINGS, ApacheKafka
from tests.faults.database import Database, open_database
from tests.faults.fleet import Fleet, Process, open_fleet
from tests.faults.scenes import play, receive, staff
from tests.support.waiting import until

CONNECTIONS = 24


@pytest.fixture
async def postgres() -> AsyncIterator[Database]:
    async with open_database(max_connections=str(CONNECTIONS)) as opened:
        yield opened


@pytest.fixture
async def fleet(apache: ApacheKafka, postgres: Database) -> AsyncIterator[Fleet]:
    async with open_fleet(postgres.run, apache.address, postgres.dsn(), SETTINGS) as opened:
        yield opened


async def occupy(dsn: str) -> list["asyncpg.Connection[asyncpg.Record]"]:
    """Every connection that is left."""
    taken: list[asyncpg.Connection[asyncpg.Record]] = []
    with contextlib.suppress(asyncpg.TooManyConnectionsError):
        while True:
            taken.append(await asyncpg.connect(dsn, timeout=10))
    return taken


async def test_exhausted_connections_are_waited_for(fleet: Fleet, postgres: Database) -> None:
    for service in ("intake", "deadline"):
        fleet.start(service)
        await fleet.ready(service)
    taken = await occupy(fleet.dsn)
    starting = fleet.start("accountability")
    await until(lambda: starting.said("waiting_for_postgres", error="TooManyConnectionsError"), within_s=40)
    again = fleet.start("notification")
    await until(lambda: again.said("waiting_for_postgres"), within_s=40)
    assert await fleet.drain("notification") == 0, "who waits can be told to stop"

    intake = fleet.processes["intake"]
    ours = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'duban-intake'"
    await fleet.submit("matter.submitted", "L-x", "2026-01-05T09:00:00+08:00", item="general-licence", unit="planning")

    async def told() -> bool:
        await fleet.conn.execute(ours)  # as a proxy's restart does; then it is a race for what is free
        taken.extend(await occupy(fleet.dsn))
        status, text = await intake.ask("/readyz")
        return status == 503 and "TooManyConnectionsError" in text

    await until(told, within_s=40)

    async def refused() -> bool:
        taken.extend(await occupy(fleet.dsn))  # what others' attempts to connect gave back since
        return await status_of_a_publication(intake) == 503

    await until(refused, within_s=40)
    assert starting.child.running and intake.child.running
    for connection in taken:
        connection.terminate()
    await fleet.ready("accountability")
    await fleet.ready("intake")
    await fleet.ready(fleet.start("notification").service)
    await play(fleet, staff, receive)
    assert await fleet.conn.fetchval("select count(*) from deadline.matters where matter = 'L-x'") == 1


async def status_of_a_publication(process: Process) -> int:
    """What intake answers to one; 422 when it can record the rejection."""
    async with httpx2.AsyncClient(timeout=60, trust_env=False) as client:
        event = {"specversion": "1.0", "id": "x", "source": "/x", "type": "matter.submitted", "subject": "a/b"}
        answer = await client.post(f"http://127.0.0.1:{process.port}/v1/events", json=event)
    return answer.status_code
