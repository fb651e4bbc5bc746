"""The HTTP surface: one answer to one idempotency key, a matter's facts, the items."""

import asyncio
from typing import Any
from uuid import uuid4

import orjson
import pytest

from shared.events.base import aggregate_key
from tests.support.intake_world import World
from tests.support.submissions import submission

BATCH = "application/cloudevents-batch+json"


def closed(key: str | None = None, **data: Any) -> dict[str, Any]:
    content = {"occurred_at": "2026-03-05T17:12:44+08:00", **data}
    return submission(id=uuid4().hex, subject=key or aggregate_key("licheng", uuid4().hex), data=content)


async def test_same_key_and_body_get_the_same_bytes(world: World) -> None:
    event, key = closed(), uuid4().hex
    first = await world.post_event(event, Idempotency_Key=key)
    second = await world.post_event(event, Idempotency_Key=key)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.content == second.content
    assert first.headers["content-type"] == second.headers["content-type"]


async def test_refusal_is_an_answer_too(world: World) -> None:
    event, key = closed(colour="red"), uuid4().hex
    first = await world.post_event(event, Idempotency_Key=key)
    second = await world.post_event(event, Idempotency_Key=key)
    assert first.status_code == 422
    assert first.content == second.content
    rejected = await world.fetch("select 1 from rejections where event_id = $1", event["id"])
    assert len(rejected) == 1


async def test_same_key_for_another_request_is_refused(world: World) -> None:
    key = uuid4().hex
    await world.post_event(closed(), Idempotency_Key=key)
    other = closed()
    answer = await world.post_event(other, Idempotency_Key=key)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "idempotency-key-reused")
    assert not await world.published("matter-events", other["subject"])


async def test_binary_headers_are_part_of_the_request(world: World) -> None:
    key, name = uuid4().hex, uuid4().hex
    headers = {
        "ce_specversion": "1.0",
        "ce_source": "/licheng",
        "ce_type": "matter.closed",
        "ce_version": "1",
        "ce_time": "2026-03-05T17:12:44%2B08:00",
        "ce_subject": f"licheng/{name}",
    }
    content = b'{"occurred_at": "2026-03-05T17:12:44+08:00"}'
    first = await world.post(content, "application/json", Idempotency_Key=key, ce_id="1", **headers)
    second = await world.post(content, "application/json", Idempotency_Key=key, ce_id="2", **headers)
    assert (first.status_code, second.status_code) == (202, 422)


@pytest.mark.parametrize("key", ["", "k" * 201, "a\tb"])
async def test_idempotency_key_has_a_form(world: World, key: str) -> None:
    answer = await world.post_event(closed(), Idempotency_Key=key)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "bad-idempotency-key")


async def test_simultaneous_requests_with_one_key_get_one_answer(world: World) -> None:
    event, key = closed(), uuid4().hex
    answers = await asyncio.gather(*(world.post_event(event, Idempotency_Key=key) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert len(await world.published("matter-events", event["subject"])) == 1


async def test_simultaneous_requests_with_one_key_and_different_bodies(world: World) -> None:
    key = uuid4().hex
    answers = await asyncio.gather(*(world.post_event(closed(), Idempotency_Key=key) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202, *[422] * 7]


async def test_matter_shows_its_facts_in_both_orders(world: World) -> None:
    key = aggregate_key("licheng/区", "2026 0117/a")
    stop = closed(key, occurred_at="2026-03-05T09:00:00+08:00")
    note = submission(
        id=uuid4().hex,
        type="matter.assigned",
        subject=key,
        data={"occurred_at": "2026-03-05T09:00:00+08:00", "person": "p1"},
    )
    start = submission(
        id=uuid4().hex,
        type="matter.submitted",
        subject=key,
        data={"occurred_at": "2026-03-04", "zone": "Asia/Shanghai", "item": "general-licence", "unit": "window 3"},
    )
    await world.send(note, stop, start)

    encoded = key.replace("%", "%25").replace("/", "%2F")
    for path in (key, encoded, "2026%200117%2Fa"):
        answer = await world.http.get(f"/v1/matters/{path}")
        assert answer.status_code == 200, path
        matter = answer.json()
        assert (matter["authority"], matter["matter"], matter["key"]) == ("licheng/区", "2026 0117/a", key)
        assert [fact["id"] for fact in matter["business_order"]] == [start["id"], stop["id"], note["id"]]
        assert [fact["id"] for fact in matter["receipt_order"]] == [note["id"], stop["id"], start["id"]]
    again = await world.http.get(f"/v1/matters/{key}", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    first = matter["business_order"][0]
    assert first["event"]["type"] == "matter.registered"
    assert first["data"]["occurred_at"] == "2026-03-04"
    assert first["occurred_at"] == "2026-03-03T16:00:00+00:00"


async def test_bare_id_of_two_matters_is_answered_with_the_candidates(world: World) -> None:
    name = uuid4().hex
    keys = [aggregate_key("fengze", name), aggregate_key("licheng", name)]
    await world.send(*(closed(key) for key in keys))
    answer = await world.http.get(f"/v1/matters/{name}")
    assert (answer.status_code, answer.json()["candidates"]) == (409, keys)
    assert (await world.http.get(f"/v1/matters/{keys[0]}")).json()["authority"] == "fengze"


@pytest.mark.parametrize(
    "path",
    ["nowhere", "no/where", "%00", "a%2F%00", "%FF", "%FF/a", "", "%ED%A0%80", "%00/a", "x" * 30_000, "%EF%BB%BF"],
)
async def test_matter_that_is_not_there(world: World, path: str) -> None:
    assert (await world.http.get(f"/v1/matters/{path}")).status_code == 404


async def test_items_are_paged_and_tagged(world: World) -> None:
    codes: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await world.http.get("/v1/items", params={"limit": "10", **cursor})
        page = answer.json()
        codes += [item["code"] for item in page["items"]]
        if "next" not in page:
            break
        cursor = {"cursor": page["next"]}
    assert codes == sorted(world.intake.catalogue.items)
    again = await world.http.get(
        "/v1/items", params={"limit": "10", **cursor}, headers={"if-none-match": answer.headers["etag"]}
    )
    assert again.status_code == 304


async def test_item_shows_names_versions_limits_and_sources(world: World) -> None:
    items = {item["code"]: item for item in (await world.http.get("/v1/items", params={"limit": 200})).json()["items"]}
    licence = items["general-licence"]
    assert licence["name"] == {"en": "General licence", "zh": "一般行政许可"}
    (version,) = licence["versions"]
    assert version["effective_from"] == "2004-07-01"
    assert version["limits"][0]["amount"] == "20wd"
    assert version["limits"][0]["source"].startswith("行政许可法 Art. 42(1)")
    assert items["two-versions"]["versions"][0]["limits"][0]["day_ends"] == "17:00:00"


@pytest.mark.parametrize("cursor", ["x", "", "%00", "WyJhXHUwMDAwIl0%00", "A" * 30_000], ids=range(5))
async def test_cursor_that_no_list_gave_out_is_refused(world: World, cursor: str) -> None:
    assert (await world.http.get(f"/v1/items?cursor={cursor}")).status_code == 400


@pytest.mark.parametrize("limit", ["0", "x", "1000", "%00", "9" * 5000], ids=range(5))
async def test_bad_limit_is_refused(world: World, limit: str) -> None:
    assert (await world.http.get(f"/v1/items?limit={limit}")).status_code == 422


async def test_relay_is_woken_after_the_commit(world: World) -> None:
    before = len(world.woken)
    await world.post(orjson.dumps([closed(), closed()]), BATCH)
    assert len(world.woken) == before + 1
