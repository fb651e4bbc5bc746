"""A storm of notices to one person: some by themselves, the rest by one digest; nothing lost, nothing told twice."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.notification.api import Api, routes
from services.notification.publish import Ended, _sent, message
from services.notification.rules.digests import Ration
from services.notification.rules.notices import Ref
from shared.http import create_api
from shared.postgres import Pool
from tests.support.notice_world import World, addressee, at, delivered, opened, warned

CASES = [delivered(opened(case_id=f"C{n}", matter=f"M{n}"), id=f"e{n}") for n in range(12)]


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    world.ration = Ration(3, timedelta(hours=1))
    api = create_api("test", live=lambda: None, ready=lambda: None)
    api.include_router(routes(Api(world.pool, world.clock, False, lambda: None)))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://test") as client:
        yield client


async def inbox(http: httpx2.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await http.get(f"/v1/people/li/inbox?limit=4{query}{cursor}")).json()
        found += page["notices"]
        if "next" not in page:
            return found
        cursor = f"&cursor={page['next']}"


async def test_the_rest_of_a_storm_is_told_by_a_digest_that_says_where_to_read_it(
    world: World, http: httpx2.AsyncClient
) -> None:
    world.clock.now = at("2026-03-11T00:10")
    await world.feed(*CASES[:5])
    await world.feed(*CASES[5:], delivered(opened(addressee("wang"), case_id="C99"), id="other"))
    told = await inbox(http)
    (digest,) = [n for n in told if n["kind"] == "notices.digest"]
    alone = [n for n in told if n["kind"] == "case.opened"]
    assert len(alone) == 3 and digest["gathered"] == 9
    assert digest["en"]["subject"] == "9 further notices since Tuesday, 10 March 2026, 16:00 (UTC+00:00)"
    assert digest["zh"]["subject"].startswith("【通知汇总】") and "另有9条通知" in digest["zh"]["subject"]
    assert f"All of them, with their texts: {digest['notices']}" in digest["en"]["body"]
    assert digest["notices"] in digest["zh"]["body"]
    page = (await http.get(digest["notices"])).json()["notices"]
    assert {n["case"] for n in page} | {n["case"] for n in alone} == {f"C{n}" for n in range(12)}
    assert len(page) == 9 and all(n["en"]["body"] and n["zh"]["body"] for n in page)
    assert all(f"- {n['en']['subject']}\n" in digest["en"]["body"] for n in page)
    assert [n["id"] for n in await inbox(http, f"&digest={digest['id']}")] == [n["id"] for n in page]
    assert (await http.get(f"/v1/people/wang/inbox?digest={digest['id']}")).json() == {"notices": []}, "it is li's"
    events = await world.published()
    assert len(events) == 13 and {e["type"] for e in events} == {"notification.sent"}
    assert sum(e.get("digest") == digest["id"] for e in events) == 9


async def test_a_long_digest_names_the_first_and_counts_the_rest(world: World, http: httpx2.AsyncClient) -> None:
    world.ration = Ration(1, timedelta(hours=1))
    await world.feed(*(delivered(opened(case_id=f"D{n}", matter=f"M{n}"), id=f"d{n}") for n in range(14)))
    (digest,) = [n for n in await inbox(http) if n["kind"] == "notices.digest"]
    assert digest["en"]["body"].count("- Responsibility case") == 10
    assert "- and 3 more\n" in digest["en"]["body"] and "- 另有3条\n" in digest["zh"]["body"]


async def test_a_new_window_begins_anew_with_a_digest_of_its_own(world: World, http: httpx2.AsyncClient) -> None:
    for batch in (CASES[:5], CASES[5:10]):
        await world.feed(*batch)
        world.clock.now += timedelta(hours=1)
    await world.feed(*CASES[10:])
    told = await inbox(http)
    assert [n["gathered"] for n in told if n["kind"] == "notices.digest"] == [2, 2]
    assert len(told) == 3 + 1 + 3 + 1 + 2


async def test_what_is_told_to_nobody_takes_no_part_in_the_ration(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(*(delivered(warned("li", origin="import"), id=f"old{n}") for n in range(9)))
    await world.feed(*CASES[:3])
    assert len(await inbox(http)) == 3
    assert await world.rows("select * from digests") == []


async def test_subscribers_take_every_event_of_a_storm(world: World, http: httpx2.AsyncClient) -> None:
    await world.subscribe("https://hooks.example/", "case.opened")
    await world.feed(*CASES)
    assert len(await world.deliveries()) == 12


@given(st.lists(st.lists(st.integers(0, 11), max_size=9), max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_order_batches_and_duplicates_change_nothing(pool: Pool, batches: list[list[int]]) -> None:
    """I13: at most one notice for each (case, recipient, kind, channel), told in one of the two ways; as many by
    themselves as the ration says."""
    await pool.execute("truncate notices, digests, rations, cases, outbox")
    world = World(pool, ration=Ration(4, timedelta(hours=1)))
    offsets = iter(range(10**9, 2 * 10**9))
    for batch in batches:
        await world.feed(*(CASES[n]._replace(offset=next(offsets)) for n in batch))
    fed = {f"C{n}" for batch in batches for n in batch}
    notices = await world.notices()
    assert sorted(n["case_id"] for n in notices) == sorted(fed)
    assert sum(n["digest"] is None for n in notices) == min(4, len(fed))
    gathering = {n["digest"] for n in notices} - {None}
    assert {row["id"] for row in await world.rows("select id from digests")} == gathering
    assert len(gathering) == (len(fed) > 4)
    assert len(await world.published()) == len(fed)


@pytest.mark.parametrize("digest", [None, "0b1f6c52-9d3c-5e0e-8a27-5f7c1d4e9a36"])
def test_what_is_published_of_a_storm_is_what_the_contract_says(digest: str | None) -> None:
    about = Ref("/duban/cases", "e1")
    one = Ended("sent", "n1", "licheng/办件", about, "case.opened", "inbox", "李", digest=digest)
    now = at("2026-03-11T00:00")
    cheap, whole = _sent(one, now, now.isoformat()), message(one, now)
    assert cheap == whole._replace(body=cheap.body)
    assert orjson.loads(cheap.body) == orjson.loads(whole.body)
