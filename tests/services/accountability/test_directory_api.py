"""The directory over HTTP: who held a post when, what was known of it when, names, conflicts, the check of a file."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from services.accountability import api as cases
from services.accountability import directory_api, people_api, people_store
from shared.http import create_api
from shared.postgres import Pool
from tests.support.case_world import AUTHORITY, UNIT, World, assigned, delivered, key_of, missed, stated

SOURCE = "/licheng/personnel"


@pytest.fixture
async def http(pool: Pool, world: World) -> AsyncIterator[httpx2.AsyncClient]:
    api = create_api("cases", live=lambda: None, ready=lambda: None)
    api.include_router(directory_api.routes(pool, world.clock))
    api.include_router(people_api.routes(pool, world.clock))
    transport = httpx2.ASGITransport(app=api, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://accountability") as client:
        yield client


async def get(http: httpx2.AsyncClient, path: str, status: int = 200, /, **query: str) -> Any:
    answer = await http.get(path, params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


async def learn(world: World, at: str, *messages: Any) -> None:
    """What is recorded at an instant."""
    world.clock.now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    await world.feed(*messages)


async def test_who_held_a_post_and_what_was_known_of_it_are_two_times(world: World, http: httpx2.AsyncClient) -> None:
    await learn(world, "2026-03-01", delivered(assigned("li", "leading", "2025-01-01"), post="deputy"))
    await learn(world, "2026-03-11", delivered(assigned("zhao", "leading", "2026-02-01"), post="deputy"))
    asked = {"at": "2026-02-10T00:00:00+08:00"}
    now = await get(http, "/v1/posts/deputy/holders", **asked)
    assert [(h["person"], h["since"], h["until"]) for h in now["holders"]] == [
        ("zhao", "2026-01-31T16:00:00+00:00", None)
    ]
    assert [h["person"] for h in now["history"]] == ["li", "zhao"]
    then = await get(http, "/v1/posts/deputy/holders", **asked, known_at="2026-03-10T00:00:00+00:00")
    assert ([h["person"] for h in then["holders"]], [h["person"] for h in then["history"]]) == (["li"], ["li"])
    before = await get(http, "/v1/posts/deputy/holders", **asked, known_at="2026-02-01T00:00:00+00:00")
    assert (before["holders"], before["answers"]) == ([], None)


async def test_leave_stands_beside_the_holder_and_the_deputy_answers(world: World, http: httpx2.AsyncClient) -> None:
    await learn(world, "2026-03-01", delivered(assigned("li", "leading", "2025-01-01"), post="deputy"))
    await learn(world, "2026-03-09", stated("leave.taken", "li", "2026-03-05", until="2026-03-20", deputy="sun"))
    for more, answers in (
        ({}, "sun"),
        ({"known_at": "2026-03-08T00:00:00Z"}, "li"),
        ({"known_at": "2026-03-10T00:00:00Z"}, "sun"),
    ):
        found = await get(http, "/v1/posts/deputy/holders", at="2026-03-10T00:00:00Z", **more)
        assert (found["answers"], found["holders"][0]["person"]) == (answers, "li")
        assert found["holders"][0].get("leave", {}).get("deputy") == (None if answers == "li" else "sun")


async def test_a_unit_tells_what_is_above_it_and_whom_a_miss_would_name(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(
        stated("unit.placed", UNIT, "2025-01-01", parent="bureau", kind="section"),
        stated("unit.placed", "bureau", "2025-01-01"),
        delivered(assigned("wang", "leading", "2025-01-01", unit="bureau"), post="chief"),
        delivered(assigned("chen", "principal", "2025-01-01", unit=None), post="mayor"),
    )
    found = await get(http, f"/v1/units/{UNIT}", at="2026-03-10T00:00:00Z", authority=AUTHORITY)
    assert (found["parent"], found["kind"], found["ancestors"]) == ("bureau", "section", ["bureau"])
    assert found["answers"]["direct"] is None
    assert (found["answers"]["leading"]["person"], found["answers"]["leading"]["vacant_below"]) == ("wang", [UNIT])
    assert found["answers"]["principal"]["person"] == "chen"
    assert not (await get(http, f"/v1/units/{UNIT}", at="2024-03-10T00:00:00Z"))["exists"]


async def test_a_persons_posts_at_an_instant_and_at_all(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(
        delivered(assigned("li", "direct", "2024-01-01", unit="roads"), post="window"),
        delivered(assigned("wu", "direct", "2025-01-01", unit="roads"), post="window"),
        delivered(assigned("li", "leading", "2025-01-01"), post="deputy"),
    )
    assert [p["post"] for p in (await get(http, "/v1/people/li/posts"))["posts"]] == ["window", "deputy"]
    then = await get(http, "/v1/people/li/posts", at="2024-06-01T00:00:00+08:00")
    assert [p["post"] for p in then["posts"]] == ["window"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/posts/none/holders", 404, "no-such-post"),
        ("/v1/posts/none/holders?authority=licheng", 404, "no-such-post"),
        ("/v1/units/none", 404, "no-such-unit"),
        ("/v1/units/none?authority=licheng", 404, "no-such-unit"),
        ("/v1/people/none", 404, "no-such-person"),
        ("/v1/posts/deputy/holders?at=2026-03-01", 422, "invalid-request"),
        ("/v1/directory/conflicts?cursor=x", 400, "bad-cursor"),
    ],
)
async def test_what_is_not_there_is_a_problem(http: httpx2.AsyncClient, path: str, status: int, code: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:duban:problem:{code}")


async def test_an_id_of_several_authorities_needs_its_authority(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(delivered(assigned("li", "leading", "2025-01-01"), post="deputy"))
    await world.conn.execute(
        "insert into directory_facts select 'fengze', post, source, 'other', event, kind, occurred_at, person,"
        " role, unit, learned_at from directory_facts"
    )
    problem = await get(http, "/v1/posts/deputy/holders", 409)
    assert problem["candidates"] == ["fengze", "licheng"]


async def test_conflicts_are_listed_in_pages_with_the_fact_that_does_not_fit(
    world: World, http: httpx2.AsyncClient
) -> None:
    await world.feed(
        stated("unit.placed", "a", "2026-01-01", parent="b"),
        stated("unit.placed", "b", "2026-02-01", parent="a"),
        stated("unit.placed", "c", "2026-02-01", parent="nowhere"),
        stated(
            "holder.assigned", "p", "2026-01-01", person="x", role="leading", until="2026-12-01", unit="a", id="first"
        ),
        stated("holder.assigned", "p", "2026-06-01", person="y", role="leading", unit="lost", id="second"),
    )
    first = await get(http, "/v1/directory/conflicts", limit="1")
    (ring,) = first["conflicts"]
    assert (ring["entry"], ring["code"], ring["fact"]) == ("b", "cycle", None)
    named = {(each["entry"], each["code"], each["named"]) for each in first["unknown"]}
    assert named == {("c", "unknown-parent", "nowhere"), ("p", "unknown-unit", "lost")}
    second = await get(http, "/v1/directory/conflicts", limit="1", cursor=first["next"])
    (overlap,) = second["conflicts"]
    assert (overlap["code"], overlap["fact"]) == ("overlapping-holders", {"source": SOURCE, "id": "second"})
    assert "next" not in second and second["unknown"] == []


async def test_names_are_written_resolved_and_forgotten(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(delivered(assigned("li", "leading", "2025-01-01"), post="deputy"))
    assert (await http.put("/v1/people/li", json={"name": "李明"})).status_code == 204
    many = {"people": [{"person": "wu", "name": "吴"}, {"person": "li", "name": "李明华"}]}
    assert (await http.post("/v1/people", json=many)).json() == {"written": 2}
    assert await get(http, "/v1/people/li") == {"person": "li", "name": "李明华"}
    assert (await get(http, "/v1/posts/deputy/holders"))["names"] == {"li": "李明华"}
    assert (await http.delete("/v1/people/li")).status_code == 204
    assert (await http.delete("/v1/people/li")).status_code == 404
    assert (await get(http, "/v1/posts/deputy/holders"))["names"] == {}
    assert (await http.put("/v1/people/li", json={"name": "李\n明"})).status_code == 422


async def check(http: httpx2.AsyncClient, *facts: tuple[str, str, dict[str, Any]]) -> list[tuple[int, str]]:
    lines = [
        {"line": n, "id": f"l{n}", "type": type_, "about": about, "data": {"zone": "UTC", **data}}
        for n, (type_, about, data) in enumerate(facts, 2)
    ]
    answer = await http.post("/v1/directory/checks", json={"source": "/csv", "authority": AUTHORITY, "facts": lines})
    assert answer.status_code == 200, answer.text
    return [(each["line"], each["code"]) for each in answer.json()["findings"]]


async def test_a_file_is_compared_with_what_stands_and_nothing_is_kept(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(
        stated("unit.placed", "a", "2025-01-01"), stated("unit.placed", "b", "2025-01-01", parent="a"),
        stated("post.established", "head", "2025-01-01", role="leading", unit="a"),
        stated("holder.assigned", "head", "2025-01-01", person="x", role="leading", unit="a", until="2027-01-01"),
    )  # fmt: skip
    good = ("holder.assigned", "head", {"occurred_at": "2027-01-01", "person": "y", "role": "leading", "unit": "b"})
    assert await check(http, good) == []
    assert await check(
        http,
        ("unit.placed", "a", {"occurred_at": "2026-01-01", "parent": "b"}),
        ("holder.assigned", "head", {"occurred_at": "2026-01-01", "person": "y", "role": "leading", "unit": "a"}),
        ("holder.assigned", "tail", {"occurred_at": "2026-01-01", "person": "y", "role": "leading", "unit": "z"}),
        ("holder.ended", "head", {"occurred_at": "2026-01-01", "person": "q"}),
        ("leave.taken", "x", {"occurred_at": "2026-02-01", "until": "2026-01-01"}),
        ("matter.closed", "x", {"occurred_at": "2026-02-01"}),
        ("unit.placed", "c", {"occurred_at": "2026-02-31"}),
    ) == [
        (2, "cycle"), (3, "overlapping-holders"), (4, "unknown-post"), (4, "unknown-unit"), (5, "ends-nothing"),
        (6, "ends-before-it-begins"), (7, "unknown-type"), (8, "value-error"),
    ]  # fmt: skip
    assert await world.conn.fetchval("select count(*) from directory_facts") == 4


async def test_the_same_lines_again_are_right_and_another_fact_of_the_same_id_is_not(
    world: World, http: httpx2.AsyncClient
) -> None:
    await world.feed(stated("unit.placed", "a", "2025-01-01", id="u1"))
    line = {
        "line": 2,
        "id": "u1",
        "type": "unit.placed",
        "about": "a",
        "data": {"occurred_at": "2025-01-01", "zone": "Asia/Shanghai"},
    }
    body = {"source": SOURCE, "authority": AUTHORITY, "facts": [line, line | {"line": 3}]}
    assert (await http.post("/v1/directory/checks", json=body)).json() == {"lines": 2, "findings": []}
    other = line | {"data": {"occurred_at": "2025-01-02", "zone": "Asia/Shanghai"}}
    findings = (await http.post("/v1/directory/checks", json=body | {"facts": [other]})).json()["findings"]
    assert [each["code"] for each in findings] == ["identity-conflict"]


async def test_a_case_is_read_with_the_names_that_the_directory_has(world: World, pool: Pool) -> None:
    api = create_api("cases", live=lambda: None, ready=lambda: None)
    api.include_router(cases.routes(pool, world.clock, lambda: None))
    await world.feed(delivered(assigned("li", "leading", "2025-01-01"), post="deputy"), delivered(missed()))
    await people_store.write(world.conn, [("li", "李明"), ("wu", "吴")], world.clock.now, "office")
    transport = httpx2.ASGITransport(app=api, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://accountability") as client:
        case = (await client.get(f"/v1/cases/{key_of().case_id}")).json()
    assert case["names"] == {"li": "李明"}
    assert "李" not in str([event["says"] for event in case["history"]])
