"""SIGTERM drains: what is in hand is committed or taken back, the exit is clean, and nothing is lost or done twice."""

import asyncio
import time

from shared.runtime import DRAIN_S
from tests.faults.fleet import Fleet
from tests.faults.scenes import climb, decide, fall_due, receive, report_late, staff, state_of, warn
from tests.faults.state import State, difference


async def test_each_service_drains_under_load_and_the_outcome_is_that_of_an_undisturbed_run(
    fleet: Fleet, calm: State
) -> None:
    await fleet.start_all()
    await staff(fleet)
    for step, service in (
        (receive, "intake"),
        (decide, "deadline"),
        (fall_due, "accountability"),
        (report_late, "notification"),
    ):
        before = fleet.sent
        doing = asyncio.create_task(step(fleet))
        while fleet.sent == before and not doing.done():  # noqa: ASYNC110 - a counter has no event
            await asyncio.sleep(0.005)
        process, began = fleet.processes[service], time.monotonic()
        assert await fleet.drain(service) == 0, process.child.log_tail()
        assert time.monotonic() - began < DRAIN_S
        assert process.said("draining") and process.said("stopped")
        await fleet.ready(fleet.start(service).service)
        await doing
        if step is decide:
            await warn(fleet)
    await climb(fleet)
    assert (found := difference(calm, await state_of(fleet))) == "", found
