"""Postgres is put back to an older backup while Kafka is ahead (D13): the services read on from what the database says,
and the end is as if nothing had happened; nobody is told anything twice.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.cli.migrate import SERVICES
from services.cli.providers.apache import SETTINGS, ApacheKafka
from tests.faults.database import Database, open_database
from tests.faults.fleet import Fleet, open_fleet
from tests.faults.scenes import climb, decide, fall_due, play, receive, report_late, staff, state_of, warn
from tests.faults.state import State, difference
from tests.support.waiting import until


@pytest.fixture
async def postgres() -> AsyncIterator[Database]:
    """A cluster that this test alone may put back."""
    async with open_database() as opened:
        yield opened


@pytest.fixture
async def fleet(apache: ApacheKafka, postgres: Database) -> AsyncIterator[Fleet]:
    async with open_fleet(postgres.run, apache.address, postgres.dsn(), SETTINGS) as opened:
        yield opened


@pytest.mark.parametrize("under_running_services", [False, True])
async def test_a_database_put_back_to_a_backup_catches_up_with_kafka(
    fleet: Fleet, postgres: Database, calm: State, under_running_services: bool
) -> None:
    """Restored with the services stopped; or under their feet, as a standby is that lagged when it was promoted."""
    backup = postgres.home / "backup"
    await fleet.start_all()
    await play(fleet, staff, receive)
    await postgres.back_up(backup)
    await fleet.reconnect()
    await play(fleet, decide, warn, fall_due, report_late)
    before, now = await state_of(fleet), fleet.now
    if not under_running_services:
        await fleet.kill_all()
    await postgres.restore(backup)
    await fleet.reconnect()
    if not under_running_services:
        assert len((await state_of(fleet))["cases"]) == 0, "the backup is of before"
    await fleet.jump(now)  # the simulated clock was put back too; a real one is not
    if under_running_services:
        deadline = fleet.processes["deadline"]
        await until(lambda: deadline.said("database_put_back"), within_s=30)
    else:
        await fleet.start_all()
    await fleet.settled()
    assert (found := difference(before, await state_of(fleet))) == "", found
    await play(fleet, climb)
    assert (found := difference(calm, await state_of(fleet))) == "", found


async def test_one_services_schema_put_back_alone_catches_up(
    fleet: Fleet, postgres: Database, calm: State, tmp_path: Path
) -> None:
    await fleet.start_all()
    await play(fleet, staff, receive)
    for service in SERVICES:
        postgres.program("pg_dump", "-n", service, "-Fc", "-f", tmp_path / service)
    await play(fleet, decide, warn, fall_due, report_late)
    before = await state_of(fleet)
    for service in SERVICES:
        await fleet.kill(service)
        postgres.program("pg_restore", "--clean", tmp_path / service)
        await fleet.ready(fleet.start(service).service)
        await fleet.settled()
        assert (found := difference(before, await state_of(fleet))) == "", f"{service}: {found}"
    await play(fleet, climb)
    assert (found := difference(calm, await state_of(fleet))) == "", found
