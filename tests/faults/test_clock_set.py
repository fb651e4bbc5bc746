"""A machine's clock is set ahead or back while the database's is right (D10): nothing fires early, nothing twice, and a
gauge tells. On the wall clock: what is set wrong is a copy of the one module that reads it.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.cli.providers import Infrastructure
from services.cli.providers.apache import SETTINGS, ApacheKafka
from services.intake.config import DEFAULT
from tests.faults.fleet import ROOT, Fleet, open_fleet
from tests.faults.trees import edited
from tests.support.waiting import until
from tests.support.world import ITEMS

DAYS = 2
CATALOGUES = {"DUBAN_INTAKE_CATALOGUES": f"{DEFAULT},{ITEMS}"}


@pytest.fixture
async def fleet(apache: ApacheKafka, infrastructure: Infrastructure, database: str) -> AsyncIterator[Fleet]:
    async with open_fleet(infrastructure.run, apache.address, database, SETTINGS, clock="wall") as opened:
        yield opened


def set_wrong(directory: Path, days: int) -> Path:
    """The product with a clock that is so many days ahead."""
    shift = f'    return datetime.now(UTC) + __import__("datetime").timedelta(days={days})\n\n\nclass Clock('
    return edited(directory, [("shared/clock.py", "    return datetime.now(UTC)\n\n\nclass Clock(", shift)])


@pytest.mark.parametrize("days", [DAYS, -DAYS])
async def test_a_clock_that_is_set_wrong_fires_nothing_early_and_nothing_twice(
    fleet: Fleet, tmp_path: Path, days: int
) -> None:
    for service in ("intake", "accountability", "notification"):
        fleet.start(service, tree=ROOT, **CATALOGUES)
        await fleet.ready(service)
    wrong = fleet.start("deadline", tree=set_wrong(tmp_path / "wrong", days))
    await fleet.ready("deadline")
    now = datetime.now(UTC)
    fleet.now = now.isoformat()
    received = (now - timedelta(days=10)).isoformat()
    due = {"past": now - timedelta(hours=1), "ahead": now + timedelta(days=1)}
    for matter, at in due.items():
        await fleet.submit(
            "matter.submitted", matter, received, item="street-light", unit="planning", due=at.isoformat()
        )

    async def clocks() -> dict[str, str]:
        rows = await fleet.conn.fetch("select matter, state from deadline.clocks where subject = ''")
        return {row["matter"]: row["state"] for row in rows}

    expected = {"past": "missed" if days > 0 else "running", "ahead": "running"}

    async def as_expected() -> bool:
        return await clocks() == expected

    await until(as_expected, within_s=60)

    async def told() -> bool:
        ahead = await wrong.metric("duban_clock_database_ahead_seconds", service="deadline")
        return abs(ahead + days * 86_400) < 60

    await until(told, within_s=30)
    assert await clocks() == expected, "a gauge's time later still"
    assert await fleet.drain("deadline") == 0
    await fleet.ready(fleet.start("deadline").service)

    async def mended() -> bool:
        return await clocks() == {"past": "missed", "ahead": "running"}

    await until(mended, within_s=60)
    opened = "select count(*) = 1 from accountability.cases where matter = 'past'"
    await until(lambda: fleet.conn.fetchval(opened), within_s=60)
    missed = (
        "select count(*) from deadline.outbox"
        " where convert_from(headers, 'utf8') like '%deadline.missed%' and key like '%past'"
    )
    assert await fleet.conn.fetchval(missed) == 1
