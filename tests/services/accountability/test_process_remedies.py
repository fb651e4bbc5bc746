"""Service, review, appeal and execution over HTTP, of two parties, on a real database."""

from collections.abc import AsyncIterator

import pytest

from shared.postgres import Pool
from tests.support.case_world import World
from tests.support.process_world import DECIDED, TEXT, Office, client_of, day, passed, problem


@pytest.fixture
async def office(pool: Pool, world: World) -> AsyncIterator[Office]:
    async with client_of(pool, world) as http:
        yield Office(world, http)


async def test_each_party_is_served_asks_and_is_answered_for_themselves(office: Office) -> None:
    await office.deliberating()
    await office.two("decision", reason=TEXT, measures=[dict(one, measure="admonition") for one in DECIDED])
    await office.take("service", people=["zhang"])
    unserved = problem(await office.send("review-request", "li", plea=True, request=TEXT), 409, "within-remedy")
    assert "not served yet" in unserved["title"]
    await office.take("review-request", "zhang", plea=True, request=TEXT)
    office.world.clock.now = day("2026-03-20")
    await office.take("service", people=["li"])
    await passed(office, "review-request:zhang", "2026-04-10")
    await office.take("review-request", "li", plea=True, request=TEXT)
    said = [(step["step"], step.get("party")) for step in (await office.case())["proceeding"]["next"]]
    assert [each for each in said if each[0] in ("upholding", "service", "appeal")] == [
        ("upholding", "zhang"), ("upholding", "li"),
    ]  # fmt: skip
    assert (await office.take("upholding", people=["zhang"], reason=TEXT))["state"] == "under-review"
    assert (await office.take("upholding", reason=TEXT))["state"] == "upheld"
    early = problem(await office.send("appeal", "zhang", plea=True, request=TEXT), 409, "within-remedy")
    assert "not served yet" in early["title"], "15 days of the service of the answer"
    await office.take("service")
    await passed(office, "appeal:zhang", "2026-04-27")
    late = problem(await office.send("appeal", "zhang", plea=True, request=TEXT), 409, "within-remedy")
    assert "possible until 2026-04-27" in late["title"]
    problem(await office.send("closure", "chen"), 409, "remedy-is-over")
    await office.take("appeal", "li", plea=True, request=TEXT)
    published = {e["type"]: e for e in await office.world.published()}
    assert published["case.appeal_requested"]["part"] == "li"
    assert published["case.appeal_requested"]["limits"][0]["clock"] == "appeal-decision:li"
    assert published["case.answer_served"]["limits"][0]["clock"] == "appeal:li"


async def test_what_was_carried_out_before_it_was_contested_is_not_carried_out_again(office: Office) -> None:
    await office.served()
    await office.take("execution")
    await office.take("review-request", "zhang", plea=True, request=TEXT)
    await office.take("upholding", reason=TEXT)
    await office.take("service")
    for clock in ("appeal:zhang", "review-request:li"):
        await passed(office, clock, "2026-05-10")
    assert (await office.take("closure"))["state"] == "closed", "it was carried out before it was contested"


async def test_a_measure_that_review_left_is_carried_out(office: Office) -> None:
    await office.served()
    await office.take("review-request", "zhang", plea=True, request=TEXT)
    await office.take("upholding", reason=TEXT)
    refused = problem(await office.send("execution", "chen"), 409, "something-to-execute")
    assert refused["missing"] == ["service", "zhang"]
    await office.take("service")
    for clock in ("appeal:zhang", "review-request:li"):
        await passed(office, clock, "2026-05-10")
    refused = problem(await office.send("closure", "chen"), 409, "executed")
    assert refused["missing"] == ["execution", "zhang"]
    assert (await office.take("execution"))["state"] == "executing"
    await office.take("closure")


async def test_review_is_asked_in_time_and_by_a_party_only(office: Office) -> None:
    await office.served()
    problem(await office.send("review-request", "wang", plea=True, request=TEXT), 403, "is-a-party")
    problem(await office.send("review-request", "chen", plea=True, request=TEXT), 403, "is-a-party")
    await passed(office, "review-request:zhang", "2026-04-10")
    late = problem(await office.send("review-request", "zhang", plea=True, request=TEXT), 409, "within-remedy")
    assert "possible until 2026-04-10" in late["title"]
    asked_in_time = await office.send(
        "review-request", "zhang", plea=True, request=TEXT, at="2026-04-10T17:00:00+08:00"
    )
    assert asked_in_time.status_code == 201, "it was handed in in time, and recorded afterwards"


async def test_a_decision_on_review_is_not_harsher(office: Office) -> None:
    await office.served()
    await office.take("review-request", "zhang", plea=True, request=TEXT)
    worse = [{"person": "zhang", "measure": "efficiency-warning"}, {"person": "li", "measure": "none"}]
    refused = problem(await office.send("variation", "guo", reason=TEXT, measures=worse), 409, "no-aggravation")
    assert refused["missing"] == ["admonition"]
    milder = [{"person": "zhang", "measure": "none"}]
    told = await office.two("variation", reason=TEXT, measures=milder)
    assert told["happened"] == ["varied", "exonerated"]
