"""首问负责制 first-contact responsibility, 项目经理制 project manager, 责任追究制 accountability: who answers for a
matter that went through several hands, on which others decided, and which somebody follows. 20 working days from
5 January 2026 end on 2 February."""

from typing import Any

from tests.support.world import World

RECEIVED = "2026-01-05T08:30:00+08:00"
OVER = "2026-02-03T00:00:00+08:00"
LICENCE: dict[str, Any] = {"item": "general-licence", "unit": "planning", "person": "p-clerk"}


async def people(world: World, matter: str = "L-1") -> dict[str, Any]:
    (case,) = await world.cases(matter)
    found: dict[str, Any] = {}
    for each in case["responsible"]:
        found.setdefault(each["role"], each["person"])
    return found


async def test_the_last_holder_does_not_carry_what_another_sat_on(staffed: World) -> None:
    await staffed.submit("matter.submitted", "L-1", RECEIVED, **LICENCE)
    await staffed.fast_forward("2026-01-30T10:00:00+08:00")
    await staffed.submit("matter.transferred", "L-1", "2026-01-30T09:00:00+08:00", unit="archive", person="p-last")
    await staffed.fast_forward(OVER)
    (case,) = await staffed.cases("L-1")
    assert case["responsible"][0]["person"] == "p-last"
    shares = {share["person"]: share["percent"] for share in case["shares"]}
    assert shares == {"p-clerk": 90, "p-last": 10}
    assert case["external"]["units"] == [{"unit": "planning", "net_minutes": 18 * 390}]


async def test_a_reviewer_who_sends_back_what_was_ready_answers_for_it(staffed: World) -> None:
    await staffed.submit("matter.submitted", "L-1", RECEIVED, **LICENCE)
    await staffed.fast_forward("2026-01-20T18:00:00+08:00")
    ready = await staffed.submit(
        "opinion.given", "L-1", "2026-01-15T10:00:00+08:00", person="p-clerk", role="handler", stance="grant"
    )
    await staffed.submit(
        "opinion.given", "L-1", "2026-01-20T10:00:00+08:00", person="p-reviewer", role="reviewer", stance="hold",
        overrides={"source": "/quanzhou/approvals", "id": ready},
    )  # fmt: skip
    await staffed.fast_forward(OVER)
    assert await people(staffed) == {"direct": "p-reviewer", "leading": "p-deputy", "principal": "p-director"}


async def test_an_order_that_comes_to_light_later_moves_the_responsibility_to_whoever_gave_it(staffed: World) -> None:
    await staffed.submit("matter.submitted", "L-1", RECEIVED, **LICENCE)
    await staffed.fast_forward(OVER)
    assert (await people(staffed))["direct"] == "p-clerk"
    await staffed.submit("order.given", "L-1", "2026-01-20T10:00:00+08:00", person="p-chief", stance="hold")
    assert (await people(staffed))["direct"] == "p-chief"
    notices = [notice["kind"] for notice in await staffed.inbox("p-clerk")]
    assert notices[-1] == "case.revised"


async def test_who_voted_against_waiting_does_not_answer_for_it(staffed: World) -> None:
    await staffed.submit("matter.submitted", "L-1", RECEIVED, **LICENCE)
    await staffed.fast_forward("2026-01-20T18:00:00+08:00")
    await staffed.submit(
        "decision.taken", "L-1", "2026-01-20T15:00:00+08:00", stance="hold", members=["p-chief", "p-reviewer"],
        dissented=["p-deputy"],
    )  # fmt: skip
    await staffed.fast_forward(OVER)
    (case,) = await staffed.cases("L-1")
    assert [(each["role"], each["person"]) for each in case["responsible"]] == [
        ("direct", "p-chief"), ("leading", None), ("principal", "p-director"), ("direct", "p-reviewer"),
    ]  # fmt: skip


async def test_whoever_the_matter_came_to_first_and_its_project_manager_get_every_alert_on_it(staffed: World) -> None:
    await staffed.submit("matter.submitted", "L-1", RECEIVED, first_contact="p-window", **LICENCE)
    await staffed.submit("team.named", "L-1", RECEIVED, project_manager="p-manager")
    await staffed.fast_forward("2026-02-05T00:00:00+08:00")
    for person in ("p-window", "p-manager"):
        kinds = [notice["kind"] for notice in await staffed.inbox(person)]
        assert kinds[:3] == ["deadline.warned", "deadline.warned", "case.opened"]
        assert "case.escalated" in kinds
    (case,) = await staffed.cases("L-1")
    assert case["team"] == {"project_manager": "p-manager", "first_contact": "p-window"}


async def test_what_the_efficiency_office_has_confirmed_is_not_changed_by_what_is_learned_later(staffed: World) -> None:
    await staffed.submit("matter.submitted", "L-1", RECEIVED, **LICENCE)
    await staffed.fast_forward(OVER)
    (case,) = await staffed.cases("L-1")
    path = f"/v1/cases/{case['case_id']}/attributions/1/confirmations"
    answer = await staffed.client.post(
        staffed.url("accountability") + path, json={"by": "p-office"}, headers={"if-match": f'"{case["revision"]}"'}
    )
    assert answer.status_code == 201, answer.text
    await staffed.holder("planning-deputy", "leading", "p-newcomer", "2026-01-20")
    assert (await people(staffed))["leading"] == "p-deputy"
    (waiting,) = (await staffed.get("accountability", "/v1/revisions"))["revisions"]
    assert [each["person"] for each in waiting["proposed"]] == ["p-clerk", "p-newcomer", "p-director"]
