"""Second-order clocks and rectification 整改: who runs a case is held to limits as those are whom it is about. 5 days
that are worked from Wednesday 4 March 2026 end on the 11th; 15 from the 12th on 2 April."""

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.world import World

RECEIVED = "2026-01-28T10:00:00+08:00"
LATE = "2026-03-04T00:00:00+08:00"


@pytest.fixture
async def office(staffed: World) -> AsyncIterator[World]:
    """A missed limit, whose case its handler has answered on 4 March."""
    await staffed.holder("office-head", "principal", "p-office-head", "2025-01-01", unit="efficiency-office")
    await staffed.fast_forward(RECEIVED)
    await staffed.submit("matter.submitted", "L-1", RECEIVED, item="general-licence", unit="planning")
    await staffed.fast_forward(LATE)
    (case,) = await staffed.cases("L-1")
    answer = {"person": "p-clerk", "text": "The applicant's plans were with the fire service."}
    await staffed.fast_forward("2026-03-04T10:00:00+08:00")
    await staffed.post("accountability", f"/v1/cases/{case['case_id']}/answers", answer, 201)
    await staffed.settled()
    yield staffed


async def step(world: World, path: str, seen: str, body: dict[str, Any]) -> Any:
    """A step on what stands at `seen`, as it stands now."""
    tag = (await world.client.get(world.url("accountability") + seen)).headers["etag"]
    answer = await world.client.post(world.url("accountability") + path, json=body, headers={"if-match": tag})
    assert answer.status_code == 201, answer.text
    await world.settled()
    return answer.json()


async def kinds(world: World, person: str) -> list[str]:
    return [notice["kind"] for notice in await world.inbox(person)]


async def test_a_case_that_nobody_takes_up_in_time_escalates_against_the_overseer_once(office: World) -> None:
    assert (await office.clock("L-1", "preliminary-review", await subject(office)))["due"] == "2026-03-11"
    await office.fast_forward("2026-03-11T23:59:59+08:00")
    assert await kinds(office, "p-office-head") == []
    await office.fast_forward("2026-03-12T00:00:00+08:00")
    assert await kinds(office, "p-office-head") == ["case.overseer_late"]
    (notice,) = await office.inbox("p-office-head")
    assert "taking the case up was due Wednesday, 11 March 2026" in notice["en"]["body"]
    assert "2026年3月11日" in notice["zh"]["body"]
    await office.fast_forward("2026-06-01T00:00:00+08:00")
    (case,) = await office.cases("L-1")
    assert [event["type"] for event in case["history"]].count("case.overseer_late") == 1
    assert await kinds(office, "p-office-head") == ["case.overseer_late"]


async def subject(world: World) -> str:
    return f"case:{(await world.cases('L-1'))[0]['case_id']}"


async def test_who_takes_the_case_up_in_time_is_not_told_off_but_must_file_or_dismiss_it(office: World) -> None:
    (case,) = await office.cases("L-1")
    path = f"/v1/cases/{case['case_id']}"
    await office.fast_forward("2026-03-06T09:00:00+08:00")
    await step(office, f"{path}/steps/review", path, {"by": "p-chen"})
    assert (await office.clock("L-1", "preliminary-review", await subject(office)))["state"] == "met"
    await office.fast_forward("2026-03-20T23:59:59+08:00")
    assert await kinds(office, "p-office-head") == []
    await office.fast_forward("2026-03-21T00:00:00+08:00")
    (notice,) = await office.inbox("p-office-head")
    assert "filing or dismissing it" in notice["en"]["body"]


async def test_a_withdrawn_case_leaves_nobody_on_the_clock(office: World) -> None:
    await office.submit("matter.decided", "L-1", "2026-03-02T16:00:00+08:00")
    assert (await office.clock("L-1", "preliminary-review", await subject(office)))["state"] == "void"
    await office.fast_forward("2026-06-01T00:00:00+08:00")
    assert await kinds(office, "p-office-head") == []


async def test_a_rectification_is_ordered_falls_overdue_is_reported_and_verified_by_another(office: World) -> None:
    (case,) = await office.cases("L-1")
    path = f"/v1/cases/{case['case_id']}"
    await office.fast_forward("2026-03-11T09:00:00+08:00")
    await step(office, f"{path}/steps/review", path, {"by": "p-chen"})
    await office.fast_forward("2026-03-12T09:00:00+08:00")
    demand = {"by": "p-chen", "unit": "planning", "demand": "Plans are handed on the day they come."}
    made = await step(office, f"{path}/rectifications", path, demand)
    assert (await office.inbox("p-clerk"))[-1]["kind"] == "rectification.ordered"
    assert (await office.clock("L-1", made["clock"], await subject(office)))["due"] == "2026-04-02"
    await office.fast_forward("2026-04-02T23:59:59+08:00")
    assert "rectification.overdue" not in await kinds(office, "p-deputy")
    await office.fast_forward("2026-04-03T00:00:00+08:00")
    assert (await office.inbox("p-deputy"))[-1]["kind"] == "rectification.overdue"
    mine = f"/v1/rectifications/{made['rectification_id']}"
    await step(
        office, f"{mine}/reports", mine, {"by": "p-clerk", "report": "Done.", "evidence": [await hand_in(office, mine)]}
    )
    await step(office, f"{mine}/verifications", mine, {"by": "p-chen", "finding": "Seen at the window."})
    found = await office.get("accountability", mine)
    assert [taken["kind"] for taken in found["steps"]] == ["ordered", "overdue", "reported", "verified"]
    await office.fast_forward("2026-06-01T00:00:00+08:00")
    assert (await kinds(office, "p-deputy")).count("rectification.overdue") == 1
    assert len(await office.cases("L-1")) == 1


async def hand_in(world: World, path: str) -> str:
    content = b"%PDF-1.7 a list of plans, each with the day it came"
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    answer = await world.client.post(
        f"{world.url('accountability')}{path}/evidence?by=p-clerk",
        content=content,
        headers={"content-type": "application/pdf", "content-digest": f"sha-256=:{digest}:"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["evidence_id"])
