"""Whatever is sent, by whatever transport: an answer below 500, nothing raised, nothing lost without a trace."""

import json
from typing import Any
from urllib.parse import quote

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake import metrics
from shared.events.envelope import JSON, STRUCTURED
from shared.events.submissions import SUBMISSIONS
from tests.support.intake_world import World
from tests.support.submissions import Headers, submission

BATCH = "application/cloudevents-batch+json"
RUNS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["2026-03-05", "2026-03-05T09:00:00Z", "a/b", "\0", "\ud800", "general-licence", "Asia/Shanghai"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
MEMBERS = ["id", "source", "type", "version", "subject", "time", "data", "specversion", "datacontenttype", "x", "X-y"]
FIELDS = ["occurred_at", "zone", "item", "unit", "due", "replaces", "fact", "person", "role", "stage", "note", "origin"]


@st.composite
def events(draw: st.DrawFn) -> Any:
    """A well-formed event of any type, broken in a few places or in none."""
    data = {"occurred_at": "2026-03-05T09:00:00Z", **draw(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4))}
    type_ = draw(st.sampled_from([event.TYPE for event in SUBMISSIONS]))
    if type_ == "fact.corrected" and draw(st.booleans()):
        inner = draw(st.sampled_from([event.TYPE for event in SUBMISSIONS]))
        data = {"replaces": {"source": "/s", "id": "1"}, "fact": {"type": inner, "data": data}}
    broken = draw(st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=2))
    return submission(**{"id": draw(st.sampled_from("abcdef")), "type": type_, "data": data, **broken})


def written(value: Any) -> bytes:
    return json.dumps(value).encode()


ANYTHING = st.binary(max_size=200) | VALUES.map(written) | events().map(written)
NAMES = st.sampled_from([f"ce_{name}" for name in MEMBERS]) | st.sampled_from(["content-type", "reply_to"]) | st.text()
HEADER_VALUES = st.none() | st.binary(max_size=20) | st.sampled_from([STRUCTURED.encode(), b"1.0", b"a/b", b"1"])
HEADERS = st.lists(st.tuples(NAMES, HEADER_VALUES), max_size=12)


@RUNS
@given(content=ANYTHING, kind=st.sampled_from([STRUCTURED, BATCH, JSON, "text/plain"]))
async def test_any_body_is_answered_below_500(world: World, content: bytes, kind: str) -> None:
    answer = await world.post(content, kind)
    assert answer.status_code < 500
    assert isinstance(answer.json(), dict)


@RUNS
@given(batch=st.lists(events() | VALUES, max_size=8))
async def test_any_batch_has_a_result_for_each_event(world: World, batch: list[Any]) -> None:
    answer = await world.post(written(batch), BATCH)
    assert answer.status_code in (202, 207, 400)
    if answer.status_code != 400:
        results = answer.json()["results"]
        assert len(results) == len(batch)
        assert all(each["problems"] for each in results if each["status"] == "rejected")


@RUNS
@given(content=ANYTHING, headers=st.dictionaries(st.sampled_from([f"ce-{m}" for m in MEMBERS]), st.text(max_size=20)))
async def test_any_attribute_headers_are_answered_below_500(
    world: World, content: bytes, headers: dict[str, str]
) -> None:
    named = {name: quote(value.encode("utf-8", "surrogatepass")) for name, value in headers.items()}
    answer = await world.http.post("/v1/events", content=content, headers={"content-type": JSON, **named})
    assert answer.status_code < 500


def duplicates() -> float:
    return float(metrics.DUPLICATES.labels("kafka")._value.get())


@RUNS
@given(batch=st.lists(st.tuples(st.none() | ANYTHING, HEADERS), min_size=1, max_size=8))
async def test_any_messages_are_taken_in_or_rejected(world: World, batch: list[tuple[bytes | None, Headers]]) -> None:
    count = "select (select count(*) from facts) as facts, (select count(*) from rejections) as rejections"
    (before,) = await world.fetch(count)
    known = duplicates()
    good = orjson.dumps(submission(id=f"good-{world.offset}", subject=f"licheng/{world.offset}"))
    messages = [world.message(value, headers) for value, headers in batch]
    await world.kafka(*messages, world.message(good, [("content-type", STRUCTURED.encode())]))
    (after,) = await world.fetch(count)
    entered, rejected = after["facts"] - before["facts"], after["rejections"] - before["rejections"]
    assert entered + rejected + duplicates() - known == len(batch) + 1
    assert await world.fetch("select 1 from facts where event_id = $1", orjson.loads(good)["id"])


@RUNS
@given(path=st.text(max_size=30), query=st.text(max_size=30))
async def test_any_path_is_answered_below_500(world: World, path: str, query: str) -> None:
    encoded = quote(path.encode("utf-8", "surrogatepass"), safe="/%")
    for address in (f"/v1/matters/{encoded}", f"/v1/items?cursor={quote(query.encode('utf-8', 'surrogatepass'))}"):
        assert (await world.http.get(address)).status_code < 500
