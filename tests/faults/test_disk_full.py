"""The disk of Postgres is full: writes are refused and rolled back, everybody says so, and all is done when there is
room again. The disk is a small tmpfs, which only root may mount.
"""

import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.cli.providers.apache import SETTINGS, ApacheKafka
from tests.faults.database import Database, open_database
from tests.faults.fleet import Fleet, open_fleet
from tests.faults.scenes import STEPS, play, receive, staff, state_of
from tests.faults.state import State, difference
from tests.faults.test_connections import status_of_a_publication
from tests.support.waiting import until

MIB = 1024 * 1024


@pytest.fixture
async def postgres(enterable: Path) -> AsyncIterator[Database]:
    """On a disk of 220 MiB of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = enterable / "disk"
    disk.mkdir()
    if not mounted(disk):
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        home = disk / "postgres"
        async with open_database(home, max_wal_size="64MB", min_wal_size="32MB", shared_buffers="32MB") as opened:
            yield opened
    finally:
        unmount(disk)


def mounted(disk: Path) -> bool:
    """Whether it could be."""
    command = ["mount", "-t", "tmpfs", "-o", "size=220m", "tmpfs", str(disk)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def unmount(disk: Path) -> None:
    subprocess.run(["umount", disk], check=True)


@pytest.fixture
async def fleet(apache: ApacheKafka, postgres: Database) -> AsyncIterator[Fleet]:
    async with open_fleet(postgres.run, apache.address, postgres.dsn(), SETTINGS) as opened:
        yield opened


async def test_a_full_disk_refuses_and_what_was_refused_is_done_when_there_is_room(
    fleet: Fleet, postgres: Database, calm: State
) -> None:
    await fleet.start_all()
    await play(fleet, staff)
    ballast = postgres.home / "ballast"
    fill(ballast)
    await receive(fleet)
    intake = fleet.processes["intake"]

    async def told() -> bool:
        """An error of a write; or, where the log of writes was what did not fit, the end of the server."""
        fill(ballast)
        status, text = await intake.ask("/readyz")
        return status == 503 and ("DiskFullError" in text or not running(postgres))

    await until(told, within_s=60)
    assert await status_of_a_publication(intake) == 503
    assert all(process.child.running for process in fleet.processes.values())
    ballast.unlink()
    if not running(postgres):
        await postgres.restart()
        await fleet.reconnect()
    await fleet.settled()
    for service in fleet.processes:
        await fleet.ready(service)
    await play(fleet, *STEPS[2:])
    assert (found := difference(calm, await state_of(fleet))) == "", found


def fill(ballast: Path) -> None:
    """Leave nothing."""
    with ballast.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * (MIB // 16))
        except OSError:
            return


def running(postgres: Database) -> bool:
    return postgres.child is not None and postgres.child.running
