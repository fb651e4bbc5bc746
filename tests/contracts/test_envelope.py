"""CloudEvents in and out, with the SDK as the oracle: we read what it writes, it reads what we write."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from cloudevents.core.bindings import http as sdk_http
from cloudevents.core.bindings import kafka as sdk_kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from shared.events.base import aggregate_key
from shared.events.envelope import headers_out, read_own, read_submission
from shared.events.submissions import MatterClosed
from tests.support.submissions import Headers, structured, submission

JSON_FORMAT = JSONFormat()


def sdk_event(**changes: Any) -> CloudEvent:
    event = submission(**changes)
    data = event.pop("data")
    event["time"] = datetime.fromisoformat(event["time"])
    return CloudEvent({"datacontenttype": "application/json", **event}, data)


# What the SDK writes, we read.


@pytest.mark.parametrize("subject", [("quanzhou.gov.cn/licheng", "2026-0117"), ("鲤城区", "一百%十七 号")])
@pytest.mark.parametrize("mode", ["structured", "binary"])
@pytest.mark.parametrize("transport", ["kafka", "http"])
def test_what_the_sdk_writes_is_read(transport: str, mode: str, subject: tuple[str, str]) -> None:
    event = sdk_event(subject=aggregate_key(*subject))
    headers: Headers
    if transport == "kafka":
        write = sdk_kafka.to_binary if mode == "binary" else sdk_kafka.to_structured
        message = write(event, JSON_FORMAT)
        headers, value, prefix = list(message.headers.items()), message.value, "ce_"
    else:
        answer = (sdk_http.to_binary if mode == "binary" else sdk_http.to_structured)(event, JSON_FORMAT)
        headers = [(name, text.encode("latin-1")) for name, text in answer.headers.items()]
        value, prefix = answer.body, "ce-"
    read = read_submission(headers, value, prefix=prefix)
    assert read.key == subject
    assert read.data == {"occurred_at": "2026-03-05T17:12:44+08:00", "outcome": "granted"}
    assert read.attributes.time == event.get_time()
    assert (read.attributes.id, read.attributes.source) == (event.get_id(), event.get_source())
    assert (read.attributes.type, read.attributes.version) == ("matter.closed", 1)


def test_extension_attributes_of_others_are_let_through() -> None:
    message = sdk_kafka.to_binary(sdk_event(traceparent="00-0af7-b7ad-01", sampled=True), JSON_FORMAT)
    assert read_submission(list(message.headers.items()), message.value).attributes.type == "matter.closed"
    assert read_submission(*structured(submission(sampled=True, rank=3))).attributes.type == "matter.closed"


def test_an_event_without_a_content_type_is_read_as_structured_json() -> None:
    assert read_submission([], structured(submission())[1]).attributes.type == "matter.closed"


# What we write, the SDK reads.


def own(revision: int = 3, causation: str | None = "c-1") -> tuple[list[tuple[str, bytes]], bytes]:
    event = MatterClosed.model_validate({"occurred_at": "2026-03-05T17:12:44+08:00", "outcome": "granted"})
    stored = headers_out(
        MatterClosed,
        id="5d0c",
        source="/duban/intake",
        subject=aggregate_key("鲤城区", "一百%十七 号"),
        time=datetime(2026, 3, 5, 9, 12, 45, 555000, tzinfo=UTC),
        revision=revision,
        causation=causation,
    )
    return [(name, text.encode()) for name, text in orjson.loads(stored).items()], orjson.dumps(event.to_data())


def test_the_sdk_reads_what_we_write() -> None:
    headers, value = own()
    event = sdk_kafka.from_binary(sdk_kafka.KafkaMessage(dict(headers), None, value), JSON_FORMAT)
    assert (event.get_id(), event.get_source(), event.get_type()) == ("5d0c", "/duban/intake", "matter.closed")
    assert event.get_subject() == aggregate_key("鲤城区", "一百%十七 号")
    assert event.get_time() == datetime(2026, 3, 5, 9, 12, 45, 555000, tzinfo=UTC)
    assert event.get_datacontenttype() == "application/json"
    assert [event.get_extension(name) for name in ("version", "revision", "causationid")] == ["1", "3", "c-1"]
    assert event.get_data() == {"occurred_at": "2026-03-05T17:12:44+08:00", "outcome": "granted", "origin": "live"}


@pytest.mark.parametrize("causation", ["c-1", None])
def test_we_read_what_we_write(causation: str | None) -> None:
    headers, value = own(causation=causation)
    read = read_own(headers, value)
    assert (read.id, read.source, read.type, read.version) == ("5d0c", "/duban/intake", "matter.closed", 1)
    assert (read.revision, read.causation, read.data) == (3, causation, value)


@given(st.lists(st.tuples(st.text(), st.binary())), st.binary())
def test_our_own_reader_raises_value_or_key_errors_only(headers: list[tuple[str, bytes]], value: bytes) -> None:
    good, _ = own()
    for mixture in (headers, [*good, *headers], [*good, *((f"ce_{name}", item) for name, item in headers)]):
        try:
            read_own(mixture, value)
        except (ValueError, KeyError):
            continue
