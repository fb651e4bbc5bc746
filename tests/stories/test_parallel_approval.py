"""One application, three offices at once: each has a clock of its own, and who is late answers for its own lateness."""

from typing import Any

from tests.support.world import World

RECEIVED = "2026-03-02T09:00:00+08:00"
ASKED = "2026-03-03T09:00:00+08:00"
LATE = "2026-03-11T00:00:00+08:00"
"""Five working days after Tuesday 3 March end with Tuesday the 10th."""


async def ask_all(world: World) -> None:
    """The window takes the application in and asks planning, the fire service and the water office."""
    for unit in ("fire", "water"):
        await world.holder(f"{unit}-clerk", "direct", f"p-{unit}", "2025-01-01", unit=unit)
    await world.fast_forward(RECEIVED)
    await world.submit("matter.submitted", "J-1", RECEIVED, item="joint-consent", unit="planning")
    await world.fast_forward(ASKED)
    for unit in ("planning", "fire", "water"):
        await world.submit("stage.started", "J-1", ASKED, stage=f"{unit}-consent", unit=unit)


async def states(world: World) -> dict[str, str]:
    found = await world.get("deadline", "/v1/matters/quanzhou/J-1/deadlines")
    return {row["subject"]: row["state"] for row in found["deadlines"] if row["clock"] == "consent"}


def named(case: Any) -> Any:
    return next(held["person"] for held in case["responsible"] if held["role"] == "direct")


async def test_only_the_office_that_was_late_is_named_for_it(staffed: World) -> None:
    await ask_all(staffed)
    await staffed.fast_forward("2026-03-09T15:00:00+08:00")
    for unit in ("planning", "water"):
        at = "2026-03-09T15:00:00+08:00"
        await staffed.submit("stage.finished", "J-1", at, stage=f"{unit}-consent", unit=unit)
    await staffed.fast_forward(LATE)
    assert await states(staffed) == {"planning-consent": "met", "water-consent": "met", "fire-consent": "missed"}
    (case,) = await staffed.cases("J-1")
    assert (case["unit"], named(case), case["due"]) == ("fire", "p-fire", "2026-03-10")
    assert "p-clerk" not in str(case["responsible"]), "the window that leads the procedure was in time"
    assert (await staffed.clock("J-1", "decision"))["state"] == "running"


async def test_two_that_are_late_are_two_cases_each_with_its_own_office(staffed: World) -> None:
    await ask_all(staffed)
    await staffed.fast_forward("2026-03-09T15:00:00+08:00")
    await staffed.submit("stage.finished", "J-1", "2026-03-09T15:00:00+08:00", stage="planning-consent")
    await staffed.fast_forward(LATE)
    assert {named(case) for case in await staffed.cases("J-1")} == {"p-fire", "p-water"}
    told = await staffed.told("J-1", "consent")
    deemed = {event["subject"] for event in told if event["type"] == "deadline.deemed"}
    assert deemed == {"fire-consent", "water-consent"}, "their silence is consent, and still a case"


async def test_each_office_is_warned_of_its_own_clock(staffed: World) -> None:
    await ask_all(staffed)
    await staffed.fast_forward("2026-03-10T09:00:00+08:00")
    for person in ("p-fire", "p-water", "p-clerk"):
        assert [notice["kind"] for notice in await staffed.inbox(person)] == ["deadline.warned"], person


async def test_a_consent_that_was_told_late_withdraws_that_case_only(staffed: World) -> None:
    await ask_all(staffed)
    await staffed.fast_forward("2026-03-11T09:00:00+08:00")
    await staffed.submit("stage.finished", "J-1", "2026-03-10T16:00:00+08:00", stage="fire-consent", unit="fire")
    by_unit = {case["unit"]: case["state"] for case in await staffed.cases("J-1")}
    assert by_unit == {"fire": "withdrawn", "water": "standing", "planning": "standing"}
