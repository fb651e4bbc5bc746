"""A topic with other partitions than declared is refused at the start: its events would not be where their keys are."""

import asyncio

import pytest

from tests.faults.broker import lose
from tests.faults.fleet import Fleet


@pytest.mark.parametrize("partitions", [4, 8])
async def test_a_topic_with_other_partitions_than_declared_ends_the_start(fleet: Fleet, partitions: int) -> None:
    await lose(fleet, ["matter-events"], partitions)
    process = fleet.start("deadline")
    async with asyncio.timeout(40):
        assert await process.ended(fleet.run) == 1
    (last,) = [line for line in process.lines() if line.get("level") == "critical"]
    assert f"matter-events has {partitions} partitions, 6 are declared" in last["reason"]
