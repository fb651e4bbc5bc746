"""What happens to a matter whose limit passes, told as the people concerned would tell it. 20 working days from
28 January 2026 end on 3 March: Spring Festival lies between (../shared/deadline-vectors-cn.json)."""

from tests.support.world import World

RECEIVED = "2026-01-28T10:00:00+08:00"
LAST_MOMENT = "2026-03-03T23:59:59+08:00"
LATE = "2026-03-04T00:00:00+08:00"


async def receive(world: World, matter: str = "L-1") -> None:
    await world.fast_forward(RECEIVED)
    await world.submit("matter.submitted", matter, RECEIVED, item="general-licence", unit="planning")


async def test_a_missed_limit_opens_a_case_that_names_who_was_responsible(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward(LAST_MOMENT)
    assert (await staffed.clock("L-1", "decision"))["due"] == "2026-03-03"
    assert await staffed.cases("L-1") == []
    await staffed.fast_forward(LATE)
    (case,) = await staffed.cases("L-1")
    named = {held["role"]: held.get("person") for held in case["responsible"]}
    assert named == {"direct": "p-clerk", "leading": "p-deputy", "principal": "p-director"}
    assert (await staffed.clock("L-1", "decision"))["state"] == "missed"


async def test_the_handler_is_warned_before_the_limit_and_told_of_the_case_after_it(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward(LATE)
    kinds = [notice["kind"] for notice in await staffed.inbox("p-clerk")]
    assert kinds == ["deadline.warned", "deadline.warned", "case.opened"]
    last = (await staffed.inbox("p-clerk"))[-1]
    assert "L-1" in last["en"]["subject"] + last["en"]["body"]
    assert "2026年3月3日" in last["zh"]["body"]


async def test_a_matter_decided_on_its_last_day_opens_no_case(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward(LAST_MOMENT)
    await staffed.submit("matter.decided", "L-1", LAST_MOMENT)
    await staffed.fast_forward("2026-06-01T00:00:00+08:00")
    assert await staffed.cases("L-1") == []
    assert (await staffed.clock("L-1", "decision"))["state"] == "met"


async def test_a_decision_that_was_in_time_but_reported_late_withdraws_the_case_with_its_cause(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward("2026-03-04T08:00:00+08:00")
    await staffed.submit("matter.decided", "L-1", "2026-03-02T16:00:00+08:00", id="decided-late-reported")
    (case,) = await staffed.cases("L-1")
    assert case["state"] == "withdrawn"
    assert case["history"][-1]["type"] == "case.withdrawn"
    assert case["history"][-1]["says"]["reason"] == "met"
    assert (await staffed.inbox("p-clerk"))[-1]["kind"] == "case.withdrawn"
    await staffed.fast_forward("2026-04-01T00:00:00+08:00")
    assert [e["type"] for e in (await staffed.cases("L-1"))[0]["history"]].count("case.escalated") == 0


async def test_the_person_named_is_who_held_the_post_when_it_was_due_not_who_holds_it_now(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward(LATE)
    await staffed.holder("planning-clerk", "direct", "p-successor", LATE)
    await receive_again_after(staffed)
    (case,) = await staffed.cases("L-1")
    assert case["responsible"][0]["person"] == "p-clerk"


async def receive_again_after(world: World) -> None:
    """Another fact of the matter, so that whatever would be recomputed is."""
    await world.submit("matter.transferred", "L-1", "2026-03-04T00:00:00+08:00", unit="archive", person="p-archivist")


async def test_a_handover_learned_later_revises_the_proposal_and_keeps_the_former(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward(LATE)
    await staffed.submit("matter.assigned", "L-1", "2026-02-10T09:00:00+08:00", person="p-expert", unit="planning")
    (case,) = await staffed.cases("L-1")
    assert case["responsible"][0]["person"] == "p-expert"
    assert [made["responsible"][0]["person"] for made in case["attributions"]] == ["p-clerk", "p-expert"]
    assert (await staffed.inbox("p-expert"))[-1]["kind"] == "case.revised"


async def test_a_vacant_post_goes_up_and_says_so(world: World) -> None:
    await world.holder("planning-deputy", "leading", "p-deputy", "2025-01-01")
    await receive(world)
    await world.fast_forward(LATE)
    (case,) = await world.cases("L-1")
    named = {held["role"]: held.get("person") for held in case["responsible"]}
    assert named == {"direct": None, "leading": "p-deputy", "principal": None}
    (*_, notice) = await world.inbox("p-deputy")
    assert notice["kind"] == "case.opened"
    assert "vacant" in notice["en"]["body"]


async def test_an_unanswered_case_climbs_one_rung_after_one_working_day(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward("2026-03-05T23:59:59+08:00")
    assert "case.escalated" not in [notice["kind"] for notice in await staffed.inbox("p-deputy")]
    await staffed.fast_forward("2026-03-06T00:00:00+08:00")
    assert [notice["kind"] for notice in await staffed.inbox("p-deputy")] == ["case.escalated"]


async def test_an_answered_case_does_not_climb(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward("2026-03-04T10:00:00+08:00")
    (case,) = await staffed.cases("L-1")
    answer = {"person": "p-clerk", "text": "The applicant's plans were with the fire service."}
    await staffed.post("accountability", f"/v1/cases/{case['case_id']}/answers", answer, 201)
    await staffed.fast_forward("2026-06-01T00:00:00+08:00")
    assert await staffed.inbox("p-deputy") == []


async def test_the_ladder_ends_at_its_last_rung(staffed: World) -> None:
    await receive(staffed)
    await staffed.fast_forward("2027-01-01T00:00:00+08:00")
    (case,) = await staffed.cases("L-1")
    climbed = [event for event in case["history"] if event["type"] == "case.escalated"]
    assert [event["says"]["last"] for event in climbed] == [False, True]
    assert len(await staffed.cases("L-1")) == 1
    assert await staffed.conn.fetchval("select count(*) from accountability.report") == 1


async def test_the_chain_of_causes_leads_from_the_case_to_the_submission(staffed: World) -> None:
    await staffed.fast_forward(RECEIVED)
    await staffed.submit(
        "matter.submitted", "L-1", RECEIVED, item="general-licence", unit="planning", id="window-3/000117"
    )
    await staffed.fast_forward(LATE)
    (case,) = await staffed.cases("L-1")
    types = [link["type"] for link in case["chain"]]
    assert types[:2] == ["case.opened", "deadline.missed"]
    assert "window-3/000117" in str(case["chain"][-1])
    facts = await staffed.get("intake", "/v1/matters/quanzhou/L-1")
    assert "window-3/000117" in str(facts)


async def test_after_an_outage_nobody_is_named_for_what_was_done_in_time(staffed: World) -> None:
    await receive(staffed)
    await staffed.stop("deadline")
    await staffed.submit("matter.decided", "L-1", RECEIVED, wait=False)
    await staffed.jump("2026-03-09T09:00:00+08:00")
    await staffed.start("deadline")
    await staffed.settled()
    assert await staffed.cases("L-1") == []
    assert [notice["kind"] for notice in await staffed.inbox("p-clerk")] == []


async def test_after_an_outage_what_was_missed_is_missed_as_of_when_it_was_due(staffed: World) -> None:
    await receive(staffed)
    await staffed.stop("deadline")
    await staffed.jump("2026-03-09T09:00:00+08:00")
    await staffed.start("deadline")
    await staffed.settled()
    (case,) = await staffed.cases("L-1")
    assert (case["due"], case["responsible"][0]["person"]) == ("2026-03-03", "p-clerk")
