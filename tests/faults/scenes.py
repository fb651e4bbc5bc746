"""One small history, the same for every fault: a run in which something breaks between its steps, or in the middle of
one, must come to the same state as the one run to which nothing happened.
"""

from collections.abc import Awaitable, Callable

from tests.faults.database import connected
from tests.faults.fleet import Fleet
from tests.faults.state import State, business_state

RECEIVED = "2026-01-28T10:00:00+08:00"
IN_TIME = "2026-02-20T16:00:00+08:00"
WARNED = "2026-03-03T08:00:00+08:00"
LATE = "2026-03-04T00:00:00+08:00"
"""20 working days from 28 January 2026 end on 3 March: ../shared/deadline-vectors-cn.json."""
LATER = "2026-04-10T09:00:00+08:00"
MATTERS = 60
DECIDED, WITHDRAWN, DONE_LATE = range(20), range(20, 30), range(30, 40)
"""Decided in time; decided in time but reported when the cases were open; decided too late. The others never are."""


async def staff(fleet: Fleet) -> None:
    """The planning office has a clerk and a deputy, the authority a director."""
    for post, role, person, unit in (
        ("clerk", "direct", "p-clerk", "planning"),
        ("deputy", "leading", "p-deputy", "planning"),
        ("director", "principal", "p-director", None),
    ):
        served = {"unit": unit} if unit else {}
        zone = "Asia/Shanghai"
        await fleet.submit("holder.assigned", post, "2025-01-01", zone=zone, person=person, role=role, **served)
    await fleet.settled()


async def receive(fleet: Fleet) -> None:
    """Matters that ask for a general licence."""
    await fleet.fast_forward(RECEIVED)
    for n in range(MATTERS):
        await fleet.submit("matter.submitted", f"L-{n}", RECEIVED, item="general-licence", unit="planning")


async def decide(fleet: Fleet) -> None:
    """Some decisions in time."""
    await fleet.fast_forward(IN_TIME)
    for n in DECIDED:
        await fleet.submit("matter.decided", f"L-{n}", IN_TIME)


async def warn(fleet: Fleet) -> None:
    """The clock passes both warnings."""
    await fleet.fast_forward(WARNED)


async def fall_due(fleet: Fleet) -> None:
    """All that is open falls due in the same second."""
    await fleet.fast_forward("2026-03-03T23:00:00+08:00")
    await fleet.jump(LATE)


async def report_late(fleet: Fleet) -> None:
    """Decisions that were in time, and decisions that were not."""
    await fleet.fast_forward("2026-03-04T15:00:00+08:00")
    for n in WITHDRAWN:
        await fleet.submit("matter.decided", f"L-{n}", "2026-03-02T16:00:00+08:00")
    for n in DONE_LATE:
        await fleet.submit("matter.decided", f"L-{n}", "2026-03-04T14:00:00+08:00")


async def climb(fleet: Fleet) -> None:
    """The cases' own limits pass, up to the last rung."""
    await fleet.fast_forward(LATER)


STEPS: tuple[Callable[[Fleet], Awaitable[None]], ...] = (staff, receive, decide, warn, fall_due, report_late, climb)


async def play(fleet: Fleet, *steps: Callable[[Fleet], Awaitable[None]]) -> None:
    """These steps, each until nothing is in flight."""
    for step in steps:
        await step(fleet)
        await fleet.settled()


async def state_of(fleet: Fleet) -> State:
    async with connected(fleet.dsn) as conn:
        return await business_state(conn)
