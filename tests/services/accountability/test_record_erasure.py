"""Texts are erased by two people on a legal basis, and the chains stay verifiable."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from services.accountability import case_store
from services.accountability.record import api as record_api
from services.accountability.record import texts
from services.accountability.record.row_store import KINDS
from services.cli.record_verifier import told
from shared.http import create_api
from shared.postgres import Pool
from tests.support.case_world import AUTHORITY, World
from tests.support.record import export_of, sealed, sealer_of, verified

BASIS = "personal information law, article 47"
WORDS = "陈述: the file lay with the archive for a week"


@pytest.fixture
async def http(pool: Pool, world: World) -> AsyncIterator[httpx2.AsyncClient]:
    api = create_api("record", live=lambda: None, ready=lambda: None)
    api.include_router(record_api.routes(pool, world.clock, select=case_store.key_of, retention_years=10))
    transport = httpx2.ASGITransport(app=api, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://accountability") as client:
        yield client


async def kept(world: World, matter: str = "M1") -> texts.Kept:
    return await texts.keep(
        world.conn, authority=AUTHORITY, matter=matter, kind="defence", text=WORDS, at=world.clock.now
    )


async def erase(http: httpx2.AsyncClient, by: str, *ids: UUID, **changes: Any) -> httpx2.Response:
    order = {"texts": [str(id) for id in ids], "legal_basis": BASIS, "by": by, "ground": "court-order", **changes}
    return await http.post("/v1/record/erasures", json={k: v for k, v in order.items() if v is not None})


async def hold(http: httpx2.AsyncClient, act: str) -> int:
    order = {"act": act, "authority": AUTHORITY, "matter": "M1", "legal_basis": "inquiry 12", "by": "judge"}
    return (await http.post("/v1/record/holds", json=order)).status_code


async def test_two_people_erase_a_text_and_the_record_stays_whole(
    pool: Pool, world: World, http: httpx2.AsyncClient
) -> None:
    text = await kept(world)
    sealer = sealer_of(pool, world.clock)
    await sealed(sealer)
    assert (await erase(http, "a", text.id)).status_code == 202
    assert await texts.read(world.conn, [text.id]) == {text.id: WORDS}
    done = await erase(http, "b", text.id)
    assert (done.status_code, done.json()["erased"]) == (200, [str(text.id)])
    assert await texts.read(world.conn, [text.id]) == {text.id: None}
    await sealed(sealer)
    report = await verified(pool, world.clock)
    assert (report.problems, report.erased) == ([], [str(text.id)])
    assert "erased, with a legal basis on record: 1 texts" in told(report)


async def test_nothing_of_an_erased_text_is_left(pool: Pool, world: World, http: httpx2.AsyncClient) -> None:
    text = await kept(world)
    for by in ("a", "b"):
        await erase(http, by, text.id)
    for kind in KINDS:
        assert "archive" not in str(await world.conn.fetch(f"select * from {kind.table}"))
    assert await world.conn.fetchval("select salt from texts") is None


async def test_one_person_alone_erases_nothing(world: World, http: httpx2.AsyncClient) -> None:
    text = await kept(world)
    assert [(await erase(http, "a", text.id)).status_code for _ in range(2)] == [202, 409]
    assert await texts.read(world.conn, [text.id]) == {text.id: WORDS}


async def test_under_a_legal_hold_nothing_is_erased_until_it_is_released(
    world: World, http: httpx2.AsyncClient
) -> None:
    text = await kept(world)
    assert (await erase(http, "a", text.id)).status_code == 202
    assert [await hold(http, "hold"), await hold(http, "hold")] == [201, 200]
    refused = await erase(http, "b", text.id)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:duban:problem:legal-hold")
    world.clock.now += timedelta(seconds=1)
    assert await hold(http, "release") == 201
    assert (await erase(http, "b", text.id)).status_code == 200


async def test_before_its_time_a_text_is_erased_on_a_ground_only(world: World, http: httpx2.AsyncClient) -> None:
    text = await kept(world)
    refused = (await erase(http, "a", text.id, ground=None)).json()
    assert (refused["type"], refused["rule"], refused["until"][:10]) == (
        "urn:duban:problem:retention",
        "R31",
        "2036-03-11",
    )
    assert (await erase(http, "a", text.id, ground="we-want-to")).status_code == 422
    world.clock.now += timedelta(days=3653)
    assert (await erase(http, "a", text.id, ground=None)).status_code == 202


async def test_texts_that_do_not_exist_or_belong_to_several_matters_are_not_erased(
    world: World, http: httpx2.AsyncClient
) -> None:
    one, other = await kept(world), await kept(world, "M2")
    assert (await erase(http, "a", one.id, UUID(int=5))).status_code == 404
    assert (await erase(http, "a", one.id, other.id)).status_code == 422
    assert await world.conn.fetchval("select count(*) from record_acts") == 0


async def test_a_text_edited_deleted_or_erased_behind_the_records_back_is_found(pool: Pool, world: World) -> None:
    edited, deleted, erased = [await kept(world) for _ in range(3)]
    await sealed(sealer_of(pool, world.clock))
    await world.conn.execute("update texts set body = 'all was well' where id = $1", edited.id)
    await world.conn.execute("delete from texts where id = $1", deleted.id)
    await world.conn.execute("update texts set body = null, salt = null, erased_at = kept_at where id = $1", erased.id)
    problems = " ".join((await verified(pool, world.clock)).problems)
    assert f"text {edited.id} was edited" in problems
    assert f"text {deleted.id} 0 was deleted" in problems
    assert f"text {erased.id} was erased, and no erasure is on record" in problems


async def test_an_export_without_words_can_be_verified_and_holds_none(pool: Pool, world: World) -> None:
    await kept(world)
    await sealed(sealer_of(pool, world.clock))
    lines = await export_of(pool, world.clock, texts=False)
    assert "archive" not in str(lines)
    assert [set(line) for line in lines if "text" in line] == [{"text"}]
