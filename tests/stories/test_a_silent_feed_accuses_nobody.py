"""A publisher that says how far it has sent everything is silent for a while: nobody is named meanwhile (D8). 20
working days from 28 January 2026 end on 3 March (../shared/deadline-vectors-cn.json).
"""

from typing import Any

from tests.support.world import World

RECEIVED = "2026-01-28T10:00:00+08:00"
LATE = "2026-03-04T00:00:00+08:00"


async def receive(world: World, matter: str = "L-1") -> None:
    """The licence is applied for; the office's system sends watermarks, the last one in February."""
    await world.fast_forward(RECEIVED)
    await world.submit("matter.submitted", matter, RECEIVED, item="general-licence", unit="planning")
    await world.fast_forward("2026-02-27T18:00:00+08:00")
    await world.watermark("2026-02-27T17:00:00+08:00")


async def unconfirmed(world: World) -> list[Any]:
    found = await world.get("deadline", "/v1/deadlines?unconfirmed=true")
    return [row["matter"] for row in found["deadlines"]]


async def test_while_the_feed_is_silent_nobody_is_named_and_what_waits_is_listed(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward("2026-03-09T09:00:00+08:00")
    clock = await staffed.clock("L-1", "decision")
    assert (clock["state"], clock["due"], clock["unconfirmed"]) == ("warned", "2026-03-03", True)
    assert await unconfirmed(staffed) == ["quanzhou/L-1"]
    assert await staffed.cases("L-1") == []
    kinds = [notice["kind"] for notice in await staffed.inbox("p-clerk")]
    assert kinds == ["deadline.warned", "deadline.warned"], "who could still act was warned by the clock"


async def test_what_was_done_in_time_comes_with_the_backlog_and_accuses_nobody_ever(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward("2026-03-09T09:00:00+08:00")
    await staffed.submit("matter.decided", "L-1", "2026-03-03T16:30:00+08:00")
    await staffed.watermark("2026-03-09T08:00:00+08:00")
    assert (await staffed.clock("L-1", "decision"))["state"] == "met"
    assert await unconfirmed(staffed) == []
    assert await staffed.cases("L-1") == []
    assert "case.opened" not in [notice["kind"] for notice in await staffed.inbox("p-clerk")]


async def test_when_the_feed_says_that_nothing_came_who_was_responsible_at_the_due_is_named(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward("2026-03-09T09:00:00+08:00")
    await staffed.holder("planning-clerk", "direct", "p-successor", "2026-03-05T00:00:00+08:00")
    await staffed.watermark("2026-03-09T08:00:00+08:00")
    await staffed.fast_forward("2026-03-09T09:00:01+08:00")
    (case,) = await staffed.cases("L-1")
    assert (case["due"], case["responsible"][0]["person"]) == ("2026-03-03", "p-clerk")
    assert await unconfirmed(staffed) == []


async def test_a_supervisor_looks_it_up_and_confirms_the_miss(staffed: World) -> None:
    await receive(staffed)
    await receive_another(staffed)
    await staffed.fast_forward("2026-03-09T09:00:00+08:00")
    assert await unconfirmed(staffed) == ["quanzhou/L-1", "quanzhou/L-2"]
    now = "2026-03-09T09:00:00+08:00"
    confirmation = {
        "specversion": "1.0", "id": "look-up-1", "source": "/quanzhou/efficiency-office", "type": "miss.confirmed",
        "version": 1, "subject": "quanzhou/L-1", "time": now,
        "data": {"occurred_at": now, "clock": "decision", "reason": "Looked up: no decision is entered."},
    }  # fmt: skip
    await staffed.hand_in(confirmation)
    assert len(await staffed.cases("L-1")) == 1
    assert await staffed.cases("L-2") == []
    assert await unconfirmed(staffed) == ["quanzhou/L-2"]


async def receive_another(world: World) -> None:
    await world.submit("matter.submitted", "L-2", RECEIVED, item="general-licence", unit="planning")


async def test_the_clock_of_an_open_case_goes_on_while_its_publisher_is_silent(staffed: World) -> None:
    """The case is ours: to answer it, nobody needs the publisher."""
    await receive(staffed)
    await staffed.fast_forward("2026-03-05T09:00:00+08:00")
    await staffed.watermark("2026-03-05T08:00:00+08:00")
    await staffed.fast_forward("2026-03-20T00:00:00+08:00")
    (case,) = await staffed.cases("L-1")
    assert "case.escalated" in [event["type"] for event in case["history"]]


async def test_deadline_is_restarted_while_a_miss_waits(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward(LATE)
    await staffed.stop("deadline")
    await staffed.jump("2026-03-06T09:00:00+08:00")
    await staffed.start("deadline")
    await staffed.settled()
    assert (await unconfirmed(staffed), await staffed.cases("L-1")) == (["quanzhou/L-1"], [])
    await staffed.watermark("2026-03-06T08:00:00+08:00")
    await staffed.fast_forward("2026-03-06T09:00:01+08:00")
    assert len(await staffed.cases("L-1")) == 1
