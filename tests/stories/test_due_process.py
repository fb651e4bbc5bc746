"""A case that people run, from the miss to its revocation, told as the official named in it would tell it."""

from typing import Any

import httpx2

from tests.support.world import World

RECEIVED = "2026-01-28T10:00:00+08:00"
LATE = "2026-03-04T00:00:00+08:00"
TEXT = "It is in the file."
PANEL = ("o-wu", "o-zheng", "o-huang")


class Office:
    """The efficiency office; each step names the revision of the case that it has seen."""

    def __init__(self, world: World, case: str) -> None:
        self.world, self.path = world, f"/v1/cases/{case}"

    async def case(self) -> Any:
        return await self.world.get("accountability", self.path)

    async def send(self, step: str, by: str, **body: Any) -> httpx2.Response:
        kind = "pleas" if step in ("defence", "review-request", "appeal") else "steps"
        url = f"{self.world.url('accountability')}{self.path}/{kind}/{step}"
        seen = {"if-match": f'"{(await self.case())["revision"]}"'}
        answer = await self.world.client.post(url, json={"by": by, **body}, headers=seen)
        await self.world.settled()
        return answer

    async def take(self, step: str, by: str = "o-chen", **body: Any) -> None:
        answer = await self.send(step, by, **body)
        assert answer.status_code == 201, answer.text

    async def confirm(self) -> None:
        case = await self.case()
        url = f"{self.world.url('accountability')}{self.path}/attributions/1/confirmations"
        seen = {"if-match": f'"{case["revision"]}"'}
        answer = await self.world.client.post(url, json={"by": "o-guo"}, headers=seen)
        assert answer.status_code == 201, answer.text
        await self.world.settled()

    async def two(self, step: str, **body: Any) -> None:
        assert (await self.send(step, "o-chen", **body)).status_code == 202
        await self.take(step, "o-guo", **body)


async def missed(world: World) -> Office:
    await world.fast_forward(RECEIVED)
    await world.submit("matter.submitted", "L-1", RECEIVED, item="general-licence", unit="planning")
    await world.fast_forward(LATE)
    (case,) = await world.cases("L-1")
    return Office(world, case["case_id"])


CLERK = {"person": "p-clerk", "role": "direct", "severity": "general", "measure": "admonition"}
DEPUTY = {**CLERK, "person": "p-deputy", "role": "leading"}


async def served(office: Office, *parties: dict[str, str]) -> None:
    """Filed, investigated by two, told, heard, deliberated by three, decided by two, and served on the first party."""
    announced = parties or (CLERK,)
    await office.take("review")
    await office.take("filing", reason=TEXT)
    await office.take("investigators", investigators=["o-chen", "o-lin"])
    proposed = await office.send("notice", "o-chen", facts=TEXT, basis=TEXT, announced=announced)
    assert proposed.json()["missing"] == ["confirmation of attribution 1"], "nobody is told what nobody has confirmed"
    await office.confirm()
    await office.take("notice", facts=TEXT, basis=TEXT, announced=announced)
    early = await office.send("deliberation", "o-chen", members=PANEL)
    assert (early.status_code, early.json()["rule"]) == (409, "R28"), "nobody deliberates before the clerk was heard"
    for party in announced:
        await office.take("defence", party["person"], defence="The plans came back from the archive on the last day.")
    await office.take("deliberation", members=PANEL)
    for member in PANEL:
        await office.take("vote", member, outcome="decision")
    measures = [{"person": party["person"], "measure": "admonition"} for party in announced]
    await office.two("decision", reason=TEXT, measures=measures)
    await office.take("service", people=["p-clerk"])


async def test_a_named_official_is_told_heard_decided_on_reviewed_and_cleared(staffed: World) -> None:
    office = await missed(staffed)
    await served(office)
    kinds = {notice["kind"] for notice in await staffed.inbox("p-clerk")}
    assert kinds >= {"case.opened", "case.notice_given", "case.served"}
    await staffed.fast_forward("2026-03-05T09:00:00+08:00")
    (party,) = (await office.case())["proceeding"]["parties"]
    assert (party["measure"], party["influence_until"]) == ("admonition", "2026-09-04")
    await office.take("review-request", "p-clerk", request="The archive kept the file for three weeks.")
    await staffed.fast_forward("2026-03-09T09:00:00+08:00")
    await office.two("revocation", reason="The archive answers for the delay.")
    case = await office.case()
    assert case["proceeding"]["state"] == "revoked"
    for person in ("p-clerk", "p-deputy", "p-director"):
        cleared = [told for told in await staffed.inbox(person) if told["kind"] == "case.exonerated"]
        assert len(cleared) == 1, "everybody who was told of the case learns it, once"
        assert "p-clerk" in cleared[0]["en"]["body"]


async def test_an_office_that_sits_on_a_decision_is_late_itself(staffed: World) -> None:
    office = await missed(staffed)
    await office.take("review")
    await office.take("filing", reason=TEXT)
    case = await office.case()
    found = await staffed.get("deadline", "/v1/matters/quanzhou/L-1/deadlines")
    own = {one["clock"]: one["state"] for one in found["deadlines"] if one["subject"] == f"case:{case['case_id']}"}
    assert (own["filing"], own["investigation"], own["decision"]) == ("met", "running", "running")
    await staffed.fast_forward("2026-09-05T00:00:00+08:00")
    late = [event for event in (await office.case())["history"] if event["type"] == "case.overseer_late"]
    assert {event["says"]["clock"] for event in late} >= {"investigation", "decision"}
    (only,) = await staffed.cases("L-1")
    assert only["case_id"] == case["case_id"], "an overseer's miss opens no case"


async def test_a_cause_that_falls_away_after_the_decision_is_for_people_to_take_back(staffed: World) -> None:
    office = await missed(staffed)
    await served(office, CLERK, DEPUTY)
    await staffed.fast_forward("2026-03-20T09:00:00+08:00")
    await office.take("service")
    await staffed.fast_forward("2026-04-04T00:00:00+08:00")
    refused = await office.send("review-request", "p-clerk", request=TEXT)
    assert (refused.status_code, refused.json()["rule"]) == (409, "R29"), "30 days from their service are over"
    assert "It was possible until 2026-04-03" in refused.json()["title"]
    await office.take("review-request", "p-deputy", request=TEXT)
    await office.take("upholding", reason=TEXT)
    await office.take("service")
    assert "case.answer_served" in {notice["kind"] for notice in await staffed.inbox("p-deputy")}
    clocks = await staffed.get("deadline", "/v1/matters/quanzhou/L-1/deadlines")
    theirs = {
        one["clock"]: one["state"] for one in clocks["deadlines"] if one["clock"].endswith((":p-clerk", ":p-deputy"))
    }
    assert theirs == {
        "service:p-clerk": "met", "review-request:p-clerk": "missed", "service:p-deputy": "met",
        "review-request:p-deputy": "met", "review-answer:p-deputy": "met", "appeal:p-deputy": "running",
    }  # fmt: skip
    await office.take("execution")
    still = await office.send("closure", "o-chen")
    assert still.json()["missing"] == ["appeal:p-deputy"], "the clerk asked for nothing, and the deputy still may"
    await staffed.submit("matter.decided", "L-1", "2026-03-02T16:00:00+08:00", id="decided-late-reported")
    case = await office.case()
    assert (case["state"], case["proceeding"]["state"]) == ("standing", "executing")
    assert case["history"][-1]["type"] == "case.revocation_proposed"
    await office.two("revocation", reason="The matter was decided in time.")
    assert "case.exonerated" in {notice["kind"] for notice in await staffed.inbox("p-deputy")}
