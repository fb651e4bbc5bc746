"""Leads other than a missed limit, one story for each mechanism (domain, section 1), told as an efficiency office would
tell it. Monday 2 March 2026 is the day on which most of them begin."""

import re
from typing import Any

import orjson

from tests.support.world import SOURCE, World

MONDAY = "2026-03-02T10:00:00+08:00"
SECRET = re.compile("p-clerk|planning|9b74c989|asleep|twice")
"""What says whom an inspection is about, or what it found."""
HASH = "9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de"


def kinds(cases: list[Any]) -> list[str | None]:
    return [case.get("lead") for case in cases]


def named(case: Any) -> list[str | None]:
    return [responsible["person"] for responsible in case["responsible"][:3]]


async def happen(world: World, type_: str, matter: str, at: str, **more: Any) -> None:
    """It happens, and is published at once."""
    await world.fast_forward(at)
    await world.submit(type_, matter, at, **more)


async def begin(world: World, type_: str, matter: str, **more: Any) -> None:
    await world.fast_forward(MONDAY)
    await world.submit(type_, matter, MONDAY, unit=more.pop("unit", "office"), **more)


async def test_first_contact_who_is_turned_away_has_a_case_against_whoever_did_it(staffed: World) -> None:
    """首问负责制: refusing is a violation by itself, and does not end the duty to hand the matter on."""
    await begin(staffed, "contact.made", "F-1", unit="planning", person="p-clerk")
    await happen(staffed, "matter.refused", "F-1", "2026-03-02T10:20:00+08:00", unit="planning", person="p-clerk")
    (case,) = await staffed.cases("F-1")
    assert (kinds([case]), named(case)) == (["first-contact-refused"], ["p-clerk", "p-deputy", "p-director"])
    assert case["history"][0]["says"]["lead"]["severity"] == "general"
    await staffed.fast_forward("2026-03-04T00:00:00+08:00")
    assert sorted(map(str, kinds(await staffed.cases("F-1")))) == ["None", "first-contact-refused"]


async def test_first_contact_who_hands_it_on_in_time_has_done_their_duty(staffed: World) -> None:
    await begin(staffed, "contact.made", "F-1", unit="planning", person="p-clerk")
    await happen(
        staffed, "matter.transferred", "F-1", "2026-03-03T16:00:00+08:00", unit="archive", person="p-archivist"
    )
    await staffed.fast_forward("2026-03-10T00:00:00+08:00")
    assert await staffed.cases("F-1") == []


async def test_a_matter_that_is_handed_back_and_forth_is_a_lead_against_whoever_hands_it_back(staffed: World) -> None:
    """推诿."""
    await begin(staffed, "contact.made", "F-1", unit="planning", person="p-clerk")
    await happen(
        staffed, "matter.transferred", "F-1", "2026-03-02T11:00:00+08:00", unit="archive", person="p-archivist"
    )
    await happen(staffed, "matter.transferred", "F-1", "2026-03-02T12:00:00+08:00", unit="planning", person="p-clerk")
    (case,) = await staffed.cases("F-1")
    assert (kinds([case]), named(case)[0]) == (["bounced-transfer"], "p-archivist")


async def test_one_time_notice_a_second_one_is_a_violation_by_itself(staffed: World) -> None:
    """一次性告知 (R5): what is missing is told once, all of it."""
    await begin(staffed, "matter.submitted", "N-1", item="correction-notice", unit="planning", person="p-clerk")
    await happen(
        staffed, "correction.requested", "N-1", "2026-03-03T10:00:00+08:00", missing=["plan"], person="p-clerk"
    )
    assert await staffed.cases("N-1") == []
    await happen(
        staffed,
        "correction.requested",
        "N-1",
        "2026-03-05T10:00:00+08:00",
        missing=["seal"],
        person="p-clerk",
        id="second",
    )
    (case,) = await staffed.cases("N-1")
    assert (kinds([case]), named(case)[0]) == (["repeated-correction-notice"], "p-clerk")
    assert [link["type"] for link in case["chain"]][:2] == ["case.opened", "deadline.finding"]
    assert case["chain"][-1]["submission"]["id"] == "second"
    await staffed.publish(
        "fact.retracted", "N-1", {"replaces": {"source": "/quanzhou/approvals", "id": "second"}}, id="r"
    )
    (case,) = await staffed.cases("N-1")
    assert (case["state"], case["history"][-1]["says"]["reason"]) == ("withdrawn", "revoked")
    assert (await staffed.inbox("p-clerk"))[-1]["kind"] == "case.withdrawn"


async def test_a_complaint_cannot_be_closed_before_the_complainant_is_told(staffed: World) -> None:
    """效能投诉: 提得通、有人管、能反馈. The closure is refused, the refusal is on record, and the limit runs on."""
    await begin(staffed, "complaint.lodged", "C-1", person="p-office", about={"unit": "planning"}, channel="hotline")
    await happen(staffed, "matter.accepted", "C-1", "2026-03-03T10:00:00+08:00")
    await happen(staffed, "matter.closed", "C-1", "2026-03-09T10:00:00+08:00")
    assert (await staffed.clock("C-1", "handling"))["state"] == "running"
    told = await staffed.told("C-1", "handling")
    assert [event["code"] for event in told if event["type"] == "deadline.finding"] == ["closed-without-feedback"]
    (case,) = await staffed.cases("C-1")
    assert (kinds([case]), named(case)[0]) == (["closed-without-feedback"], "p-office")
    await happen(staffed, "complaint.fed_back", "C-1", "2026-03-10T10:00:00+08:00")
    assert (await staffed.clock("C-1", "handling"))["state"] == "met"


async def test_a_substantiated_complaint_opens_a_case_against_whom_it_is_about(staffed: World) -> None:
    """有诉必查、查明必处: as roles were held when they acted, not when it was found out (R25)."""
    about = {"unit": "planning", "at": "2026-02-24T10:00:00+08:00"}
    await begin(staffed, "complaint.lodged", "C-1", person="p-office", about=about)
    await staffed.submit("matter.accepted", "C-1", MONDAY)
    await staffed.holder("planning-clerk", "direct", "p-successor", "2026-02-27")
    await happen(staffed, "complaint.concluded", "C-1", "2026-03-12T10:00:00+08:00", result="substantiated")
    (case,) = await staffed.cases("C-1")
    assert (kinds([case]), case["unit"], named(case)[0]) == (["complaint-substantiated"], "planning", "p-clerk")
    await staffed.fast_forward("2026-03-16T00:00:00+08:00")
    assert [notice["kind"] for notice in await staffed.inbox("p-deputy")] == ["case.escalated"]


async def test_an_unsubstantiated_complaint_opens_none(staffed: World) -> None:
    await begin(staffed, "complaint.lodged", "C-1", person="p-office", about={"unit": "planning"})
    await happen(staffed, "complaint.concluded", "C-1", "2026-03-04T10:00:00+08:00", result="unsubstantiated")
    await happen(staffed, "complaint.fed_back", "C-1", "2026-03-04T11:00:00+08:00")
    await staffed.fast_forward("2026-06-01T00:00:00+08:00")
    assert await staffed.cases("C-1") == []


async def test_a_bad_rating_by_a_named_person_is_contacted_in_one_working_day_and_rectified_in_fifteen(
    staffed: World,
) -> None:
    """好差评 (R20)."""
    await begin(staffed, "rating.given", "R-1", unit="planning", level=1, named=True, about={"unit": "planning"})
    await staffed.fast_forward("2026-03-04T00:00:00+08:00")
    (case,) = await staffed.cases("R-1")
    assert (case["clock"], case["due"], named(case)[0]) == ("contact", "2026-03-03", "p-clerk")
    assert (await staffed.clock("R-1", "rectification"))["due"] == "2026-03-23"
    await happen(staffed, "rating.rectified", "R-1", "2026-03-16T10:00:00+08:00")
    assert (await staffed.clock("R-1", "rectification"))["state"] == "met"


async def test_a_rating_by_nobody_in_particular_or_a_fair_one_has_no_limit(staffed: World) -> None:
    await begin(staffed, "rating.given", "R-1", unit="planning", level=1, named=False, about={"unit": "planning"})
    await happen(
        staffed, "rating.given", "R-2", MONDAY, unit="planning", level=3, named=True, about={"unit": "planning"}
    )
    await staffed.fast_forward("2026-04-10T00:00:00+08:00")
    assert await staffed.cases("R-1") == await staffed.cases("R-2") == []


async def test_an_inspection_opens_a_case_when_it_is_published_and_carries_its_evidence(staffed: World) -> None:
    """明察暗访: nothing reaches the inspected before, and no topic and no webhook says what was found. Afterwards both
    do, with the publication as its cause."""
    hook = {"url": "https://integrator.example/hook", "types": ["case.*", "deadline.*"]}
    await staffed.post("notification", "/v1/subscriptions", hook, 201)
    about = {"unit": "planning", "person": "p-clerk", "at": "2026-02-26T15:00:00+08:00"}
    evidence = [{"sha256": HASH, "bytes": 482113}]
    found = {"about": about, "evidence": evidence, "title": "asleep at the window"}
    await begin(staffed, "inspection.recorded", "I-1", person="p-inspector", **found)
    recorded = {"occurred_at": MONDAY, "unit": "office", "person": "p-inspector", **found, "note": "twice"}
    replaces = {"source": SOURCE, "id": (await facts(staffed, "I-1"))[0]["submission"]["id"]}
    corrected = {"replaces": replaces, "fact": {"type": "inspection.recorded", "data": recorded}}
    await staffed.publish("fact.corrected", "I-1", corrected, id="corrected")
    await staffed.fast_forward("2026-03-20T09:00:00+08:00")  # warned of, so that there is something to be told
    assert await staffed.cases("I-1") == await staffed.inbox("p-clerk") == []
    assert {"deadline.scheduled", "deadline.warned"} <= set(await said_of_it(staffed))
    assert [type_ for type_, text in (await said_of_it(staffed)).items() if SECRET.search(text)] == []
    await happen(staffed, "inspection.published", "I-1", "2026-03-20T09:00:00+08:00")
    (case,) = await staffed.cases("I-1")
    assert (kinds([case]), named(case)[0]) == (["inspection-finding"], "p-clerk")
    assert case["history"][0]["says"]["lead"]["evidence"] == [HASH]
    assert "inspection finding" in (await staffed.inbox("p-clerk"))[-1]["en"]["subject"]
    telling = {type_ for type_, text in (await said_of_it(staffed)).items() if SECRET.search(text)}
    assert telling >= {"inspection.published", "deadline.finding", "case.opened", "webhook case.opened"}
    assert not telling & {"matter.registered", "fact.corrected"}
    (publication,) = [fact for fact in await facts(staffed, "I-1") if fact["type"] == "inspection.published"]
    assert [each["fact"]["id"] for each in publication["disclosed"]] == [replaces["id"], "corrected"]


async def facts(world: World, matter: str) -> list[Any]:
    """What matter-events says of it, in order."""
    records = [each for each in await world.read_topic("matter-events") if matter.encode() in (each.key or b"")]
    return [orjson.loads(each.value) | {"type": dict(each.headers)["ce_type"].decode()} for each in records]


async def said_of_it(world: World) -> dict[str, str]:
    """All that integrators may read, by type of event."""
    said: dict[str, str] = {}
    for topic in ("matter-events", "deadline-events", "case-events", "case-states", "notification-events"):
        for each in await world.read_topic(topic):
            type_ = dict(each.headers).get("ce_type", topic.encode()).decode()
            said[type_] = said.get(type_, "") + (each.value or b"").decode()
    for row in await world.conn.fetch("select kind, body from notification.deliveries where body is not null"):
        said[f"webhook {row['kind']}"] = said.get(f"webhook {row['kind']}", "") + row["body"].decode()
    return said


async def test_an_inspection_that_nobody_publishes_is_a_case_the_inspected_do_not_hear_of(
    staffed: World,
) -> None:
    """明察暗访: the inspectors are late, and the ladder is theirs."""
    about = {"unit": "planning", "person": "p-clerk"}
    evidence = [{"sha256": HASH, "bytes": 1}]
    await begin(staffed, "inspection.recorded", "I-1", person="p-inspector", about=about, evidence=evidence)
    await staffed.fast_forward("2026-03-24T00:00:00+08:00")
    (case,) = await staffed.cases("I-1")
    assert (case["clock"], case["unit"], named(case)[:2]) == ("publication", "office", ["p-inspector", None])
    assert await staffed.inbox("p-inspector") != []
    assert await staffed.inbox("p-clerk") == await staffed.inbox("p-deputy") == []


async def test_a_broken_commitment_is_a_case_against_its_owner(staffed: World) -> None:
    """公开承诺 / 违诺追究: its date moves while it is ahead, for a reason; afterwards it does not."""
    owner: dict[str, Any] = {"unit": "planning", "person": "p-clerk", "text_sha256": HASH, "zone": "Asia/Shanghai"}
    await begin(staffed, "commitment.published", "P-1", due="2026-03-20", **owner)
    await happen(
        staffed,
        "commitment.amended",
        "P-1",
        "2026-03-10T10:00:00+08:00",
        due="2026-03-27",
        reason="flood",
        zone="Asia/Shanghai",
    )
    assert (await staffed.clock("P-1", "recorded"))["due"] == "2026-03-27"
    await staffed.fast_forward("2026-03-30T10:00:00+08:00")
    (case,) = await staffed.cases("P-1")
    assert (case["clock"], case["due"], named(case)[0]) == ("recorded", "2026-03-27", "p-clerk")
    await happen(
        staffed,
        "commitment.amended",
        "P-1",
        "2026-03-30T10:00:00+08:00",
        due="2026-12-31",
        reason="late",
        zone="Asia/Shanghai",
    )
    cases = await staffed.cases("P-1")
    assert [(c.get("lead"), c["state"]) for c in cases] == [(None, "standing"), ("amended-after-its-date", "standing")]


async def test_an_overdue_directive_and_an_overdue_report_on_it_are_cases(staffed: World) -> None:
    """政令督查: the report on the way has a date of its own."""
    hands: dict[str, Any] = {"unit": "planning", "person": "p-clerk"}
    await begin(staffed, "directive.issued", "D-1", due="2026-03-31", zone="Asia/Shanghai", **hands)
    await happen(
        staffed, "task.assigned", "D-1", MONDAY, task="report-1", activity="progress report", due="2026-03-13",
        zone="Asia/Shanghai", **hands,
    )  # fmt: skip
    await staffed.fast_forward("2026-03-14T00:00:00+08:00")
    (case,) = await staffed.cases("D-1")
    assert (case["clock"], case["subject"]) == ("task:report-1", "progress report")
    await staffed.fast_forward("2026-04-01T00:00:00+08:00")
    assert [(c["clock"], c["due"]) for c in await staffed.cases("D-1")][1:] == [("recorded", "2026-03-31")]
