"""Cases over HTTP: to read, and to answer."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx2
import orjson
import pytest

from services.accountability.api import routes
from shared.http import PROBLEM, create_api, write_cursor
from shared.postgres import Pool
from tests.support.case_world import World, assigned, day, delivered, key_of, missed, people, rung_missed, untrue

HOLDERS = (
    delivered(assigned("zhang", "direct", "2025-01-01"), post="window-1"),
    delivered(assigned("li", "leading", "2025-01-01"), post="deputy"),
    delivered(assigned("wang", "principal", "2025-01-01", unit=None), post="director"),
)
ID = key_of().case_id


class Woken:
    """Counts how often the relay was woken."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


@pytest.fixture
def woken() -> Woken:
    return Woken()


@pytest.fixture
async def http(pool: Pool, world: World, woken: Woken) -> AsyncIterator[httpx2.AsyncClient]:
    api = create_api("cases", live=lambda: None, ready=lambda: None)
    api.include_router(routes(pool, world.clock, woken))
    transport = httpx2.ASGITransport(app=api, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://accountability") as client:
        yield client


async def answered(http: httpx2.AsyncClient, person: str, text: str = "done", id: UUID = ID) -> httpx2.Response:
    return await http.post(f"/v1/cases/{id}/answers", json={"person": person, "text": text})


def problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    document: dict[str, Any] = response.json()
    assert document["type"] == f"urn:duban:problem:{code}"
    return document


async def test_the_chain_leads_from_the_case_down_to_the_submission(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(*HOLDERS, delivered(missed(), id="the-miss"))
    case = (await http.get(f"/v1/cases/{ID}")).json()
    opened, miss, fact = case["chain"]
    assert opened["type"] == "case.opened"
    assert opened["event"] == case["history"][0]["event"]
    assert opened["caused_by"] == miss["event"] == {"source": "/duban/deadline", "id": "the-miss"}
    assert (miss["due"], miss["limit"]["amount"], miss["calendar"]) == ("2026-03-10", "5wd", "CN 2026-1")
    assert miss["rests_on"] == [fact["event"]["id"]] == ["event-of-M1"]
    assert fact["submission"] == {"source": "/licheng/approval", "id": "submission-of-M1"}
    assert (fact["type"], fact["occurred_at"]) == ("matter.registered", "2026-03-03T00:00:00+08:00")


async def test_a_case_shows_every_attribution_and_its_whole_history(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(delivered(assigned("zhao", "leading", "2026-02-01"), post="deputy"))
    await world.feed(delivered(rung_missed(ID, 1, "2026-03-12")))
    await world.feed(delivered(untrue(), revision=2))
    await world.feed(delivered(missed(), revision=3, id="again"))
    case = (await http.get(f"/v1/cases/{ID}")).json()
    assert [event["type"] for event in case["history"]] == [
        "case.opened", "case.revised", "case.escalated", "case.withdrawn", "case.reinstated",
    ]  # fmt: skip
    assert [event["n"] for event in case["history"]] == [1, 2, 3, 4, 5]
    assert all(event["cause"]["id"] and event["occurred_at"] for event in case["history"])
    assert [(made["reason"], people(made["responsible"])["leading"]) for made in case["attributions"]] == [
        ("opened", "li"), ("directory-fact", "zhao"), ("reinstated", "zhao"),
    ]  # fmt: skip
    assert people(case["responsible"]) == {"direct": "zhang", "leading": "zhao", "principal": "wang"}
    assert [verdict["type"] for verdict in case["verdicts"]] == [
        "deadline.missed", "deadline.withdrawn", "deadline.missed",
    ]  # fmt: skip
    assert [link["type"] for link in case["chain"][:2]] == ["case.reinstated", "deadline.missed"]
    assert case["chain"][1]["event"]["id"] == "again"
    assert (case["due"], case["state"], case["rung"]) == ("2026-03-10", "standing", 0)


async def test_answered_in_time_and_no_rung_fires(world: World, http: httpx2.AsyncClient, woken: Woken) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    response = await answered(http, "zhang", "It was with the applicant.")
    assert response.status_code == 201
    assert response.json()["answered_at"] == world.clock.now.isoformat()
    assert woken.times == 1
    await world.feed(delivered(rung_missed(ID, 1, "2026-03-12")))
    assert await world.types() == ["case.opened", "case.answered"]
    event = (await world.published())[-1]
    assert event["answered_by"] == "zhang"
    assert b"applicant" not in orjson.dumps(event)
    case = (await http.get(f"/v1/cases/{ID}")).json()
    assert case["answers"][0]["text"] == "It was with the applicant."
    assert case["history"][-1]["cause"] is None


async def test_the_same_answer_again_is_answered_alike_and_another_is_refused(
    world: World, http: httpx2.AsyncClient
) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    first = await answered(http, "zhang")
    world.clock.now = day("2026-03-13")
    again = await answered(http, "zhang")
    assert (again.status_code, again.json()) == (200, first.json())
    problem(await answered(http, "zhang", "something else"), 409, "already-answered")
    problem(await answered(http, "li"), 409, "already-answered")
    assert await world.types() == ["case.opened", "case.answered"]


async def test_only_who_is_concerned_answers_and_only_what_stands_is_answered(
    world: World, http: httpx2.AsyncClient
) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    problem(await answered(http, "passer-by"), 403, "not-concerned")
    problem(await answered(http, "zhang", id=UUID(int=1)), 404, "no-such-case")
    await world.feed(delivered(untrue(), revision=2))
    problem(await answered(http, "zhang"), 409, "case-withdrawn")
    assert await world.types() == ["case.opened", "case.withdrawn"]


async def test_a_reinstated_case_awaits_a_new_answer(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    assert (await answered(http, "zhang")).status_code == 201
    await world.feed(delivered(untrue(), revision=2))
    await world.feed(delivered(missed(), revision=3))
    assert (await answered(http, "zhang")).status_code == 201
    ids = [event["envelope"]["id"] for event in await world.published()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"person": "zhang", "person": "li", "text": "x"}', 400),
        (b'{"person": "zhang", "text": "a\\u0000b"}', 400),
        (b'{"person": "zhang", "text": "\\ud800"}', 400),
        (b'{"person": "zhang", "text": NaN}', 400),
        (b"[]", 422),
        (b'{"person": "zhang"}', 422),
        (b'{"person": "", "text": "x"}', 422),
        (b'{"person": "zhang", "text": "x", "also": 1}', 422),
        (b'{"person": "zhang", "text": "' + b"x" * 5000 + b'"}', 422),
        (b'{"person": "zhang", "text": "' + b"x" * 70_000 + b'"}', 413),
    ],
)
async def test_a_bad_answer_is_refused_with_a_reason_and_not_echoed(
    world: World, http: httpx2.AsyncClient, body: bytes, status: int
) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    response = await http.post(f"/v1/cases/{ID}/answers", content=body)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    assert "zhang" not in response.text
    assert await world.types() == ["case.opened"]


async def test_the_list_filters_and_pages_in_order_of_opening(world: World, http: httpx2.AsyncClient) -> None:
    for n in range(5):
        world.clock.now = day(f"2026-03-{11 + n}")
        unit = "roads" if n % 2 else "licensing"
        await world.feed(*HOLDERS, delivered(missed(f"M{n}", unit=unit, holdings=())))
    await world.feed(delivered(untrue("M3"), revision=2))

    async def listed(**filters: Any) -> list[str]:
        found: list[str] = []
        while True:
            page = (await http.get("/v1/cases", params={"limit": 2, **filters})).json()
            found += [case["matter"] for case in page["cases"]]
            if "next" not in page:
                return found
            filters["cursor"] = page["next"]

    assert await listed() == ["M0", "M1", "M2", "M3", "M4"]
    assert await listed(state="withdrawn") == ["M3"]
    assert await listed(unit="roads", state="standing") == ["M1"]
    assert await listed(person="zhang") == ["M0", "M2", "M4"]
    assert await listed(person="wang") == ["M0", "M1", "M2", "M3", "M4"]
    assert await listed(matter="M2") == ["M2"]
    assert await listed(at_last_rung=True) == []


async def test_a_matter_id_that_two_authorities_have_needs_its_authority(
    world: World, http: httpx2.AsyncClient
) -> None:
    await world.feed(delivered(missed()), delivered(missed(authority="anxi")))
    refused = problem(await http.get("/v1/cases", params={"matter": "M1"}), 409, "ambiguous-matter")
    assert refused["candidates"] == ["anxi", "licheng"]
    response = await http.get("/v1/cases", params={"matter": "M1", "authority": "anxi"})
    assert [case["authority"] for case in response.json()["cases"]] == ["anxi"]


async def test_what_was_read_before_is_not_sent_again(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(delivered(missed()))
    for path in ("/v1/cases", f"/v1/cases/{ID}"):
        tag = (await http.get(path)).headers["etag"]
        assert (await http.get(path, headers={"if-none-match": tag})).status_code == 304


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-11", "\0"])
async def test_a_crafted_cursor_is_no_cursor_of_ours(http: httpx2.AsyncClient, at: str) -> None:
    response = await http.get("/v1/cases", params={"cursor": write_cursor(at, str(ID))})
    assert problem(response, 400, "bad-cursor")


@pytest.mark.parametrize("junk", ["%00", "a%00b", "%FF", "%ED%A0%80", "x" * 30_000, "9" * 5000], ids=range(6))
@pytest.mark.parametrize(
    "path",
    [
        "/v1/cases/{}", "/v1/cases?state={}", "/v1/cases?unit={}", "/v1/cases?person={}", "/v1/cases?matter={}",
        "/v1/cases?authority={}", "/v1/cases?at_last_rung={}", "/v1/cases?cursor={}", "/v1/cases?limit={}",
    ],
)  # fmt: skip
async def test_junk_in_any_parameter_is_never_a_fault(http: httpx2.AsyncClient, path: str, junk: str) -> None:
    response = await http.get(path.format(junk))
    assert response.status_code < 500
    if "%00" in junk or len(junk) > 200:
        assert response.headers["content-type"] == PROBLEM
    if "?" not in path:
        posted = await http.post(f"{path.format(junk)}/answers", json={"person": "zhang", "text": "x"})
        assert (posted.status_code, posted.headers["content-type"]) == (404, PROBLEM)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/cases/not-an-id", 404),
        (f"/v1/cases/{UUID(int=3)}", 404),
        ("/v1/cases?state=lost", 422),
        ("/v1/cases?limit=0", 422),
        ("/v1/cases?limit=9999", 422),
        ("/v1/cases?unit=a%00b", 422),
        ("/v1/cases?matter=%00", 422),
        ("/v1/cases?cursor=nonsense", 400),
        ("/v1/cases?cursor=WyJhIiwiYiJd", 400),
        ("/v1/cases?cursor=WyIyMDI2LTAzLTExIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAzIl0", 400),
    ],
)
async def test_a_bad_question_is_answered_with_a_problem(http: httpx2.AsyncClient, path: str, status: int) -> None:
    response = await http.get(path)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
