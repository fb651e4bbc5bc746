"""Facts arrive late, twice, before their time or wrong: what stands in the end is what was true."""

from tests.support.world import World

RECEIVED = "2026-01-28T10:00:00+08:00"


async def test_a_completion_that_arrives_before_its_registration_is_kept_and_applied(staffed: World) -> None:
    await staffed.fast_forward("2026-05-01T00:00:00+08:00")
    await staffed.submit("matter.decided", "L-2", "2026-02-03T10:00:00+08:00")
    await staffed.submit("matter.submitted", "L-2", RECEIVED, item="general-licence", unit="planning")
    assert (await staffed.clock("L-2", "decision"))["state"] == "met"
    assert await staffed.cases("L-2") == []


async def test_the_same_event_sent_three_times_counts_once(staffed: World) -> None:
    await staffed.fast_forward(RECEIVED)
    for _ in range(3):
        await staffed.submit("matter.submitted", "L-2", RECEIVED, item="general-licence", unit="planning", id="once")
    assert (await staffed.clock("L-2", "decision"))["revision"] == 1
    assert await staffed.conn.fetchval("select count(*) from intake.facts where matter = 'L-2'") == 1


async def test_two_authorities_may_use_the_same_matter_id(staffed: World) -> None:
    await staffed.fast_forward(RECEIVED)
    for authority in ("quanzhou", "xiamen"):
        await staffed.submit(
            "matter.submitted", "2026-0001", RECEIVED, authority=authority, item="general-licence", unit="planning"
        )
    await staffed.submit("matter.decided", "2026-0001", RECEIVED)
    await staffed.fast_forward("2026-03-04T00:00:00+08:00")
    assert await staffed.cases("2026-0001") == []
    assert len(await staffed.cases("2026-0001", authority="xiamen")) == 1
    problem = await staffed.get("deadline", "/v1/matters/2026-0001/deadlines", 409)
    assert sorted(problem["candidates"]) == ["quanzhou/2026-0001", "xiamen/2026-0001"]


async def test_a_corrected_receipt_moves_the_due_and_withdraws_the_case(staffed: World) -> None:
    await staffed.fast_forward(RECEIVED)
    await staffed.submit("matter.submitted", "L-3", RECEIVED, item="general-licence", unit="planning", id="receipt")
    await staffed.fast_forward("2026-03-04T09:00:00+08:00")
    right = {"occurred_at": "2026-02-27T10:00:00+08:00", "item": "general-licence", "unit": "planning"}
    correction = {
        "replaces": {"source": "/quanzhou/approvals", "id": "receipt"},
        "fact": {"type": "matter.submitted", "data": right},
    }
    await staffed.publish("fact.corrected", "L-3", correction, id="correction")
    clock = await staffed.clock("L-3", "decision")
    assert (clock["state"], clock["due"]) == ("running", "2026-03-26")
    (case,) = await staffed.cases("L-3")
    assert (case["state"], case["history"][-1]["says"]["reason"]) == ("withdrawn", "due-moved")


async def test_a_retracted_completion_makes_the_miss_true_again_and_reinstates_the_case(staffed: World) -> None:
    await staffed.fast_forward(RECEIVED)
    await staffed.submit("matter.submitted", "L-4", RECEIVED, item="general-licence", unit="planning")
    await staffed.fast_forward("2026-03-04T09:00:00+08:00")
    await staffed.submit("matter.decided", "L-4", "2026-03-02T10:00:00+08:00", id="mistaken")
    retraction = {"replaces": {"source": "/quanzhou/approvals", "id": "mistaken"}}
    await staffed.publish("fact.retracted", "L-4", retraction, id="retraction")
    (case,) = await staffed.cases("L-4")
    assert case["state"] == "standing"
    assert [event["type"] for event in case["history"]] == ["case.opened", "case.withdrawn", "case.reinstated"]


async def test_a_withdrawn_application_ends_its_clock_without_a_verdict(staffed: World) -> None:
    await staffed.fast_forward(RECEIVED)
    await staffed.submit("matter.submitted", "L-5", RECEIVED, item="general-licence", unit="planning")
    await staffed.submit("matter.withdrawn", "L-5", RECEIVED)
    await staffed.fast_forward("2026-06-01T00:00:00+08:00")
    assert (await staffed.clock("L-5", "decision"))["state"] == "void"
    assert await staffed.cases("L-5") == []


async def test_a_closure_that_is_reopened_after_the_limit_is_overdue(staffed: World) -> None:
    await staffed.fast_forward(RECEIVED)
    await staffed.submit("matter.submitted", "L-6", RECEIVED, item="general-licence", unit="planning")
    await staffed.submit("matter.closed", "L-6", RECEIVED)
    await staffed.fast_forward("2026-04-01T09:00:00+08:00")
    await staffed.submit("matter.reopened", "L-6", "2026-04-01T09:00:00+08:00")
    assert (await staffed.clock("L-6", "decision"))["state"] == "missed"
    assert len(await staffed.cases("L-6")) == 1


async def test_a_recorded_due_date_is_a_limit_of_its_own(staffed: World) -> None:
    await staffed.fast_forward(RECEIVED)
    due = "2026-02-02T08:30:00-05:00"
    await staffed.submit("matter.submitted", "L-7", RECEIVED, item="street-light", unit="planning", due=due)
    assert (await staffed.clock("L-7", "recorded"))["due"] == due
    await staffed.fast_forward("2026-02-02T13:30:00+00:00")
    assert await staffed.cases("L-7") == []
    await staffed.fast_forward("2026-02-02T13:30:01+00:00")
    assert len(await staffed.cases("L-7")) == 1


async def test_imported_history_opens_cases_but_tells_nobody_and_climbs_no_ladder(staffed: World) -> None:
    await staffed.fast_forward("2026-05-01T00:00:00+08:00")
    await staffed.submit("matter.submitted", "L-8", RECEIVED, item="general-licence", unit="planning", origin="import")
    await staffed.fast_forward("2026-07-01T00:00:00+08:00")
    (case,) = await staffed.cases("L-8")
    assert [event["type"] for event in case["history"]] == ["case.opened"]
    assert await staffed.inbox("p-clerk") == []
