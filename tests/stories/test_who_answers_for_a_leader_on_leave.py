"""领导请假、代理: whom a missed limit names when the leader in charge was away, and when that is learned afterwards. 20
working days from 28 January 2026 end on 3 March."""

from typing import Any

from tests.support.world import World

RECEIVED, LATE = "2026-01-28T10:00:00+08:00", "2026-03-04T00:00:00+08:00"


async def receive(world: World, matter: str = "L-1", unit: str = "planning") -> None:
    await world.fast_forward(RECEIVED)
    await world.submit("matter.submitted", matter, RECEIVED, item="general-licence", unit=unit)


async def responsible(world: World, matter: str = "L-1") -> dict[str, Any]:
    (case,) = await world.cases(matter)
    return {each["role"]: each for each in case["responsible"]}


async def test_the_deputy_of_a_leader_on_leave_answers_and_both_are_named(staffed: World) -> None:
    await staffed.submit("leave.taken", "p-deputy", "2026-02-24", until="2026-03-10", deputy="p-stand-in")
    await receive(staffed)
    await staffed.fast_forward(LATE)
    leading = (await responsible(staffed))["leading"]
    assert leading["person"] == "p-stand-in"
    assert "p-deputy" in leading["because"] and "on leave since 2026-02-24" in leading["because"]
    await staffed.fast_forward("2026-03-06T00:00:00+08:00")
    assert [notice["kind"] for notice in await staffed.inbox("p-stand-in")] == ["case.escalated"]
    assert await staffed.inbox("p-deputy") == []


async def test_leave_that_is_reported_late_revises_the_case_and_is_known_apart_from_when_it_was(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward(LATE)
    assert (await responsible(staffed))["leading"]["person"] == "p-deputy"
    await staffed.fast_forward("2026-03-05T09:00:00+08:00")
    await staffed.submit("leave.taken", "p-deputy", "2026-02-24", until="2026-03-10", deputy="p-stand-in")
    (case,) = await staffed.cases("L-1")
    assert [each["reason"] for each in case["attributions"]] == ["opened", "directory-fact"]
    assert (await responsible(staffed))["leading"]["person"] == "p-stand-in"
    post = "/v1/posts/planning-deputy/holders?at=2026-03-03T00:00:00Z"
    assert (await staffed.get("accountability", post))["answers"] == "p-stand-in"
    before = await staffed.get("accountability", f"{post}&known_at=2026-03-04T00:00:00Z")
    assert before["answers"] == "p-deputy"


async def test_a_section_without_a_head_is_answered_for_by_the_bureau_above_it(staffed: World) -> None:
    await staffed.submit("unit.placed", "surveying", "2025-01-01", parent="planning")
    await receive(staffed, "L-2", unit="surveying")
    await staffed.fast_forward(LATE)
    named = await responsible(staffed, "L-2")
    assert named["direct"]["person"] is None
    assert named["leading"]["person"] == "p-deputy"
    assert "surveying" in named["leading"]["because"]


async def test_an_appointment_that_never_was_is_taken_back_and_the_case_revised(staffed: World) -> None:
    await staffed.holder("planning-deputy", "leading", "p-mistaken", "2026-02-01")
    mistaken = f"e{staffed.count}"
    await receive(staffed)
    await staffed.fast_forward(LATE)
    assert (await responsible(staffed))["leading"]["person"] == "p-mistaken"
    replaces = {"source": "/quanzhou/approvals", "id": mistaken}
    await staffed.publish("fact.retracted", "planning-deputy", {"replaces": replaces, "of": "directory"}, id="taken-back")
    assert (await responsible(staffed))["leading"]["person"] == "p-deputy"
