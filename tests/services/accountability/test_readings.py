"""Who looks at a named case is on record (I19): before it is shown, or it is not shown."""

import json
from collections.abc import AsyncIterator

import httpx2
import pytest

from services.accountability import case_store, directory_api, people_api
from services.accountability.api import routes
from services.accountability.record import api as record_api
from services.cli.record_verifier import verify
from shared.http import create_api
from shared.postgres import Pool
from tests.support.case_world import World, delivered, key_of, missed
from tests.support.record import HOLDERS, sealed, sealer_of, verified

ID = key_of().case_id


@pytest.fixture
async def http(pool: Pool, world: World) -> AsyncIterator[httpx2.AsyncClient]:
    api = create_api("cases", live=lambda: None, ready=lambda: None)
    api.include_router(routes(pool, world.clock, lambda: None))
    api.include_router(people_api.routes(pool, world.clock))
    api.include_router(directory_api.routes(pool, world.clock))
    api.include_router(record_api.routes(pool, world.clock, select=case_store.key_of, retention_years=10))
    await world.feed(*HOLDERS, delivered(missed("M1")), delivered(missed("M2")))
    transport = httpx2.ASGITransport(app=api, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://accountability") as client:
        yield client


async def kinds(world: World) -> list[str]:
    return [row["what"] for row in await world.conn.fetch("select what from readings order by xid")]


async def test_who_reads_a_case_is_on_record(world: World, http: httpx2.AsyncClient) -> None:
    assert (await http.get(f"/v1/cases/{ID}")).status_code == 200
    (row,) = await world.conn.fetch("select * from readings")
    assert (row["what"], row["cases"], row["authority"], row["matter"]) == ("case", [ID], "licheng", "M1")
    assert row["read_at"] == world.clock.now


async def test_who_has_the_case_already_reads_it_again(world: World, http: httpx2.AsyncClient) -> None:
    tag = (await http.get(f"/v1/cases/{ID}")).headers["etag"]
    assert (await http.get(f"/v1/cases/{ID}", headers={"if-none-match": tag})).status_code == 304
    assert await kinds(world) == ["case", "case"]


async def test_a_list_is_one_reading_of_all_that_it_shows(world: World, http: httpx2.AsyncClient) -> None:
    await http.get("/v1/cases?limit=1")
    await http.get("/v1/cases")
    rows = await world.conn.fetch("select cases from readings where what = 'list' order by xid")
    assert [len(row["cases"]) for row in rows] == [1, 2]


async def test_what_shows_no_case_is_no_reading(world: World, http: httpx2.AsyncClient) -> None:
    assert (await http.get("/v1/cases?unit=nowhere")).json()["cases"] == []
    assert (await http.get("/v1/cases/00000000-0000-0000-0000-000000000000")).status_code == 404
    assert await kinds(world) == []


async def test_the_readings_of_a_case_are_told_and_told_of_themselves(http: httpx2.AsyncClient) -> None:
    await http.get(f"/v1/cases/{ID}")
    await http.get("/v1/cases")
    first = (await http.get(f"/v1/cases/{ID}/readings")).json()
    assert [row["what"] for row in first["readings"]].count("case") == 1
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await http.get(f"/v1/cases/{ID}/readings?limit=1{cursor}")).json()
        found += [row["what"] for row in page["readings"]]
        cursor = f"&cursor={page['next']}" if "next" in page else None
        if len(found) > 20:
            break
    assert {"case", "list", "readings"} <= set(found)
    assert (await http.get(f"/v1/cases/{ID}/readings?cursor=x")).status_code == 400


NAMED = ["/v1/people/zhang", "/v1/people/zhang/posts"]


async def test_who_looks_up_whom_a_pseudonym_stands_for_is_on_record(world: World, http: httpx2.AsyncClient) -> None:
    assert (await http.get(NAMED[0])).status_code == 404
    await http.get(NAMED[1])  # without a name
    await http.put(NAMED[0], json={"name": "张伟"})
    for path in NAMED:
        assert "张伟" in (await http.get(path)).text
    rows = await world.conn.fetch("select what, about, cases from readings")
    assert [tuple(row) for row in rows] == [("person", "zhang", [])] * 2


@pytest.mark.parametrize(
    "path", ["/v1/cases", f"/v1/cases/{ID}", f"/v1/cases/{ID}/readings", "/v1/record/export", *NAMED]
)
async def test_where_a_reading_cannot_be_recorded_nothing_is_shown(
    path: str, world: World, http: httpx2.AsyncClient
) -> None:
    await http.put(NAMED[0], json={"name": "zhang wei"})
    await world.conn.execute("alter table readings rename to readings_away")
    answer = await http.get(path)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:duban:problem:reading-not-recorded")
    assert "zhang" not in answer.text


async def test_readings_are_sealed_and_an_edited_one_is_found(
    pool: Pool, world: World, http: httpx2.AsyncClient
) -> None:
    await http.get(f"/v1/cases/{ID}")
    await http.get("/v1/cases")
    assert (await sealed(sealer_of(pool, world.clock))).rows["reading"] == 2
    assert (await verified(pool, world.clock)).problems == []
    await world.conn.execute("update readings set person = 'somebody else' where what = 'case'")
    (problem,) = (await verified(pool, world.clock)).problems
    assert "reading" in problem
    assert "edited" in problem


async def test_the_export_over_http_is_verified_and_is_a_reading(
    pool: Pool, world: World, http: httpx2.AsyncClient
) -> None:
    await sealed(sealer_of(pool, world.clock))
    answer = await http.get("/v1/record/export")
    assert answer.headers["content-type"] == "application/jsonl"
    report = verify(json.loads(line) for line in answer.text.splitlines())
    assert (report.problems, report.unsealed) == ([], 1)  # the reading of this very export
    assert await kinds(world) == ["export"]


async def test_the_state_of_the_record_names_nobody(pool: Pool, world: World, http: httpx2.AsyncClient) -> None:
    await sealed(sealer_of(pool, world.clock))
    state = (await http.get("/v1/record")).json()
    assert state["sealed_rows"] == await world.conn.fetchval("select count(*) from seals")
    assert state["last_head"] is None
    assert "zhang" not in str(state)
