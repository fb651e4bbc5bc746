"""What the transports let through and what they refuse: headers, sizes, kinds of content, batches."""

import hashlib
import json
from uuid import uuid4

import orjson
import pytest

from shared.events.envelope import JSON
from tests.support.intake_submissions import BATCH, changed, good, registered, with_data
from tests.support.intake_world import World
from tests.support.submissions import Headers, binary, submission


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (("ce_subject", None), "null-header"),
        (("ce_subject", b"licheng/\xff"), "not-utf8-header"),
        (("ce_subject", b"licheng/a\0"), "nul-character"),
        (("ce_version", b"one"), "int-parsing"),
        (("ce_version", b"9" * 5000), "int-parsing"),
        (("ce_traceparent", None), "null-header"),
        (("ce_bad_name", b"x"), "bad-extension"),
    ],
)
async def test_bad_attribute_header_is_refused_by_name(
    world: World, header: tuple[str, bytes | None], code: str
) -> None:
    headers, value = binary(good())
    broken = [each for each in headers if each[0] != header[0]] + [header]
    message = world.message(value, broken)

    await world.kafka(message)

    (row,) = await world.fetch("select * from rejections where position = $1", message.offset)
    assert row["reasons"][0]["code"] == code


async def test_same_attribute_twice_is_refused(world: World) -> None:
    headers, value = binary(good())
    message = world.message(value, [*headers, ("ce_id", b"another")])
    await world.kafka(message)
    (row,) = await world.fetch("select * from rejections where position = $1", message.offset)
    assert row["reasons"][0]["code"] == "duplicate-attribute"


async def test_other_headers_are_no_business_of_ours(world: World) -> None:
    event = good()
    headers, value = binary(event)
    odd: Headers = [("reply_to", b"somewhere-else"), ("trace", None), ("blob", b"\xff\xfe"), ("content-encoding", None)]
    await world.kafka(world.message(value, [*headers, *odd]))
    (published,) = await world.published("matter-events", event["subject"])
    assert published.headers["ce_type"] == "matter.closed"
    assert not await world.fetch("select 1 from outbox where topic = 'somewhere-else'")


@pytest.mark.parametrize("size", [1_000_001, 2_000_000])
async def test_too_large_is_refused_with_hash_and_size(world: World, size: int) -> None:
    value = b" " * (size - 2) + b"{}"
    digest = hashlib.sha256(value).hexdigest()
    message = world.message(value)

    answer = await world.post(value)
    await world.kafka(message)

    assert answer.status_code == 413
    assert (answer.json()["sha256"], answer.json()["size"]) == (digest, size)
    rows = await world.fetch("select transport, size from rejections where sha256 = $1", digest)
    assert {(row["transport"], row["size"]) for row in rows} == {("http", size), ("kafka", size)}


async def test_largest_event_that_fits_is_read(world: World) -> None:
    event = good()
    content = orjson.dumps(event)
    answer = await world.post(content + b" " * (1_000_000 - len(content)))
    assert answer.status_code == 202


async def test_endless_refusals_are_bounded(world: World) -> None:
    data = {"occurred_at": "2026-03-05T17:12:44+08:00", **{f"{n}{'x' * 3000}": n for n in range(200)}}
    answer = await world.post(changed(data=data))
    errors = answer.json()["errors"]
    assert answer.status_code == 422
    assert len(errors) <= 20
    assert max(len(each["pointer"]) for each in errors) <= 300


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/cloudevents+avro", ""])
async def test_other_content_types_are_refused(world: World, kind: str) -> None:
    answer = await world.post(orjson.dumps(good()), kind)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (415, "unsupported-media-type")


async def test_compressed_body_is_refused(world: World) -> None:
    answer = await world.post(b"\x1f\x8b", content_encoding="gzip")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (415, "content-encoding")


async def test_batch_has_bounds(world: World) -> None:
    many = await world.post(b"[" + b",".join([b"{}"] * 1001) + b"]", BATCH)
    none = await world.post(b"[]", BATCH)
    single = await world.post(orjson.dumps(good()), BATCH)
    assert (many.status_code, many.json()["errors"][0]["code"]) == (413, "too-many-events")
    assert (none.status_code, none.json()) == (202, {"results": []})
    assert (single.status_code, single.json()["errors"][0]["code"]) == (422, "not-an-array")


async def test_binary_mode_over_http_decodes_its_headers(world: World) -> None:
    event = submission(id=uuid4().hex, subject=f"licheng%2Fa/{uuid4().hex}")
    headers, value = binary(event, "ce-")
    named = {name: (item or b"").decode().replace("%", "%25") for name, item in headers if name != "content-type"}
    answer = await world.post(value, JSON, **{name.replace("-", "_"): item for name, item in named.items()})
    assert answer.status_code == 202
    assert len(await world.published("matter-events", event["subject"])) == 1


async def test_refusal_never_repeats_what_was_sent(world: World) -> None:
    secret = "Zhang San 350502198001011234"
    values = [registered(item=secret), with_data(occurred_at=secret), with_data(zone=secret), changed(subject=secret)]
    for value in values:
        answer = await world.post(value)
        assert "1234" not in answer.text
    for said in await world.published("rejections"):
        assert "Zhang San" not in json.dumps(said.data)
