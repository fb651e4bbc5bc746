"""Everything the issue lists as bad input, by each transport that can carry it: a specific answer, and the good events
of the same batch go through.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta

import orjson
import pytest

from shared.events.envelope import STRUCTURED
from tests.support.intake_submissions import BATCH, changed, corrected, good, raw_data, registered, with_data
from tests.support.intake_world import NOW, World
from tests.support.submissions import Headers, submission


@dataclass
class Bad:
    """A bad event: the bytes of its structured form, and what is to be answered."""

    name: str
    code: str
    pointer: str
    value: bytes
    status: int = 422
    headers: Headers = field(default_factory=list)

    def __str__(self) -> str:
        return self.name


AHEAD = (NOW + timedelta(minutes=6)).isoformat()
JSON_ERRORS = [
    Bad("not JSON", "not-json", "", b"matter=2026-0117", 400),
    Bad("nothing", "not-json", "", b"", 400),
    Bad("a truncated body", "not-json", "", changed()[:-3], 400),
    Bad("latin-1", "not-json", "", changed().replace(b"granted", b"gew\xe4hrt"), 400),
    Bad("a key twice", "duplicate-key", "", raw_data('{"note": "a", "note": "b"}'), 400),
    Bad("NaN", "not-json", "", raw_data('{"occurred_at": NaN}'), 400),
    Bad("Infinity", "not-json", "", raw_data('{"occurred_at": -Infinity}'), 400),
    Bad("a NUL", "nul-character", "", raw_data(r'{"occurred_at": "2026-03-05", "note": "a\u0000"}'), 400),
    Bad("a lone surrogate", "not-json", "", raw_data(r'{"occurred_at": "2026-03-05", "note": "\ud800"}'), 400),
    Bad("deep nesting", "too-deep", "", raw_data('{"a":' * 300 + "1" + "}" * 300), 400),
    Bad("absurd nesting", "not-json", "", raw_data("[" * 100_000), 400),
    Bad("a huge number", "number-too-long", "", raw_data('{"occurred_at": 123456789012345678901234567890}'), 400),
]  # fmt: skip
EVENT_ERRORS = [
    Bad("an array", "not-an-object", "", b"[]"),
    Bad("no envelope", "missing", "/specversion", b"{}"),
    Bad("unknown type", "unknown-type", "/type", changed(type="matter.lost")),
    Bad("another topic's type", "unknown-type", "/type", changed(type="deadline.missed")),
    Bad("unknown version", "unknown-version", "/version", changed(version=2)),
    Bad("version as text", "int-type", "/version", changed(version="1")),
    Bad("an old CloudEvents", "literal-error", "/specversion", changed(specversion="0.3")),
    Bad("missing subject", "missing", "/subject", changed(subject=None)),
    Bad("subject without authority", "bad-subject", "/subject", changed(subject="2026-0117")),
    Bad("subject not encoded", "bad-subject", "/subject", changed(subject="licheng/2026/0117")),
    Bad("NUL in the subject", "bad-subject", "/subject", changed(subject="licheng/2026%000117")),
    Bad("line end in the id", "string-pattern-mismatch", "/id", changed(id="1\r\nx: y")),
    Bad("bidi override in the id", "string-pattern-mismatch", "/id", changed(id="1\u202e2")),
    Bad("a long id", "string-too-long", "/id", changed(id="1" * 201)),
    Bad("a source of ours", "reserved-source", "/source", changed(source="/duban/accountability")),
    Bad("naive envelope time", "value-error", "/time", changed(time="2026-03-05T17:12:45")),
    Bad("base64 data", "data-base64", "/data_base64", changed(data_base64="e30=")),
    Bad("no data", "no-data", "/data", changed(data=None)),
    Bad("naive time", "value-error", "/data/occurred_at", with_data(occurred_at="2026-03-05T17:12:44")),
    Bad("year 0001", "value-error", "/data/occurred_at", with_data(occurred_at="0001-01-01T00:00:00Z")),
    Bad("year 0001 as a date", "value-error", "/data/occurred_at", with_data(occurred_at="0001-01-01", zone="UTC")),
    Bad("year 9999", "value-error", "/data/occurred_at", with_data(occurred_at="9999-12-31T23:59:59-12:00")),
    Bad("year 0000", "value-error", "/data/occurred_at", with_data(occurred_at="0000-01-01T00:00:00Z")),
    Bad("no such day", "value-error", "/data/occurred_at", with_data(occurred_at="2026-02-30", zone="UTC")),
    Bad("a date without zone", "value-error", "/data", with_data(occurred_at="2026-03-05")),
    Bad("no such zone", "value-error", "/data/zone", with_data(occurred_at="2026-03-05", zone="Mars/Olympus")),
    Bad("the future", "in-the-future", "/data/occurred_at", with_data(occurred_at=AHEAD)),
    Bad("sent in the future", "in-the-future", "/time", changed(time=AHEAD)),
    Bad("a future day", "in-the-future", "/data/occurred_at", with_data(occurred_at="2026-03-07", zone="Etc/UTC")),
    Bad("a future correction", "in-the-future", "/data/fact/data/occurred_at",
        corrected("matter.closed", occurred_at=AHEAD)),
    Bad("unknown field", "extra-forbidden", "/data/colour", with_data(colour="red")),
    Bad("missing field", "missing", "/data/item", registered(item=None)),
    Bad("unknown item", "unknown-item", "/data/item", registered(item="moon-licence")),
    Bad("before its item", "no-version-in-force", "/data/occurred_at", registered(occurred_at="2003-01-02T00:00:00Z")),
    Bad("no due where one is needed", "due-required", "/data/due", registered(item="directive")),
    Bad("naive due", "value-error", "/data/due", registered(due="2026-05-01T00:00:00")),
    Bad("a due without item or zone", "zone-required", "/data/zone",
        changed(type="limits.changed", data={"occurred_at": "2026-03-05T17:12:44+08:00", "due": "2026-05-01"})),
    Bad("a change to no limits", "no-limits", "/data/item",
        changed(type="limits.changed", data={"occurred_at": "2026-03-05T17:12:44+08:00", "item": "street-light"})),
    Bad("an office that ends before it begins", "ends-before-it-begins", "/data/until", changed(
        type="holder.assigned", data={"occurred_at": "2026-03-05", "until": "2026-03-05", "zone": "Asia/Shanghai",
                                      "person": "p", "role": "direct"})),
    Bad("leave until a day of no zone", "value-error", "/data", changed(
        type="leave.taken", data={"occurred_at": "2026-03-05T08:00:00+08:00", "until": "2026-03-09"})),
    Bad("a corrected calendar", "not-correctable", "/data/fact/type", corrected("calendar.published")),
    Bad("a corrected correction", "not-correctable", "/data/fact/type",
        changed(type="fact.corrected", data={"replaces": {"source": "/x", "id": "1"}, "fact": {
            "type": "fact.retracted", "data": {"replaces": {"source": "/x", "id": "2"}}}})),
    Bad("an unknown type in a correction", "unknown-type", "/data/fact/type", corrected("matter.lost")),
    Bad("an unknown item in a correction", "unknown-item", "/data/fact/data/item",
        corrected("matter.submitted", item="moon-licence", unit="window 3")),
    Bad("a naive time in a correction", "value-error", "/data/fact/data/occurred_at",
        corrected("matter.closed", occurred_at="2026-03-05T17:12:44")),
    Bad("a retraction of itself", "replaces-itself", "/data/replaces", json.dumps(submission(
        id="self", type="fact.retracted",
        data={"replaces": {"source": "/quanzhou/licheng/approval-system", "id": "self"}})).encode()),
    Bad("a retraction of what is ours", "reserved-source", "/data/replaces/source", changed(
        type="fact.retracted", data={"replaces": {"source": "/duban/accountability", "id": "1"}})),
    Bad("an office far ahead", "in-the-future", "/data/occurred_at", changed(
        type="holder.ended", data={"occurred_at": "2028-04-01", "zone": "Asia/Shanghai", "person": "p"})),
]  # fmt: skip


@pytest.mark.parametrize("bad", [*JSON_ERRORS, *EVENT_ERRORS], ids=str)
async def test_bad_event_over_http_is_answered_with_a_problem_document(world: World, bad: Bad) -> None:
    answer = await world.post(bad.value)

    assert answer.status_code == bad.status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["type"] == f"urn:duban:problem:{bad.code}"
    assert {"code": bad.code, "pointer": bad.pointer} == {k: document["errors"][0][k] for k in ("code", "pointer")}
    (row,) = await world.fetch(
        "select r.* from rejections r join outbox o on o.event_id = r.id where sha256 = $1 and transport = 'http'",
        hashlib.sha256(bad.value).hexdigest(),
    )
    assert (row["size"], row["raw"], row["reasons"][0]["code"]) == (len(bad.value), None, bad.code)


@pytest.mark.parametrize("bad", [*JSON_ERRORS, *EVENT_ERRORS], ids=str)
async def test_bad_event_over_kafka_is_rejected_and_its_neighbours_go_through(world: World, bad: Bad) -> None:
    first, second = good(), good()
    headers: Headers = [("content-type", STRUCTURED.encode())]
    message = world.message(bad.value, headers)

    await world.kafka(
        world.message(orjson.dumps(first), headers), message, world.message(orjson.dumps(second), headers)
    )

    for event in (first, second):
        assert len(await world.published("matter-events", event["subject"])) == 1
    (row,) = await world.fetch("select * from rejections where position = $1", message.offset)
    assert (row["raw"], row["size"], row["topic"], row["partition"]) == (bad.value, len(bad.value), "submissions", 0)
    said = next(e for e in await world.published("rejections") if e.headers["ce_id"] == row["id"])
    assert said.data["reasons"][0]["code"] == bad.code
    assert said.data["reasons"][0]["pointer"] == bad.pointer
    assert said.data["position"] == {"topic": "submissions", "partition": 0, "offset": message.offset}
    assert said.data["sha256"] == hashlib.sha256(bad.value).hexdigest()


@pytest.mark.parametrize("bad", EVENT_ERRORS, ids=str)
async def test_bad_event_in_an_http_batch_is_answered_alone(world: World, bad: Bad) -> None:
    first, second = good(), good()
    content = b"[" + b",".join([orjson.dumps(first), bad.value, orjson.dumps(second)]) + b"]"

    answer = await world.post(content, BATCH)

    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [each["status"] for each in results] == ["accepted", "rejected", "accepted"]
    assert results[1]["problems"][0]["code"] == bad.code


@pytest.mark.parametrize("bad", [b for b in JSON_ERRORS if b.name not in ("nothing",)], ids=str)
async def test_batch_that_is_not_json_is_refused_whole(world: World, bad: Bad) -> None:
    answer = await world.post(b"[" + bad.value + b"]", BATCH)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, bad.code)
