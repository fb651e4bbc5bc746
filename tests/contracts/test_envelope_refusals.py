"""A bad event is a refusal that says where and why, never another exception, and never repeats what it was given."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.events.base import aggregate_key
from shared.events.envelope import POINTER, PROBLEMS, Refused, problems_of, read_submission
from shared.events.submissions import MatterClosed, MatterSubmitted
from tests.support.submissions import Headers, binary, structured, submission

CANARY = "canary-4711"
FORMS = pytest.mark.parametrize("form", [structured, binary])


def refusal(headers: Headers, value: bytes | None, prefix: str = "ce_") -> list[tuple[str, str]]:
    """(code, pointer) of each problem. Fails when the event is taken, or when a problem repeats the input."""
    with pytest.raises(Refused) as refused:
        read_submission(headers, value, prefix=prefix)
    assert CANARY not in str(refused.value) + "".join(p.detail for p in refused.value.problems)
    return [(problem.code, problem.pointer) for problem in refused.value.problems]


@FORMS
@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"subject": None}, "missing", "/subject"),
        ({"id": None}, "missing", "/id"),
        ({"time": None}, "missing", "/time"),
        ({"version": None}, "missing", "/version"),
        ({"source": None}, "missing", "/source"),
        ({"subject": CANARY}, "bad-subject", "/subject"),
        ({"subject": f"{CANARY}/2026/0117"}, "bad-subject", "/subject"),
        ({"subject": f"{CANARY}/"}, "bad-subject", "/subject"),
        ({"subject": f"/{CANARY}"}, "bad-subject", "/subject"),
        ({"subject": f"{CANARY}%2d/1"}, "bad-subject", "/subject"),
        ({"subject": f"{CANARY}/鲤"}, "bad-subject", "/subject"),
        ({"subject": f"{CANARY}%FF/1"}, "bad-subject", "/subject"),
        ({"subject": f"{CANARY}/a%00b"}, "bad-subject", "/subject"),
        ({"subject": f"{CANARY}/a%0D%0Ab"}, "bad-subject", "/subject"),
        ({"subject": f"{CANARY}/" + "a" * 201}, "bad-subject", "/subject"),
        ({"subject": CANARY + "/" + "a" * 4000}, "string-too-long", "/subject"),
        ({"id": CANARY * 100}, "string-too-long", "/id"),
        ({"id": f"{CANARY}\u202e"}, "string-pattern-mismatch", "/id"),
        ({"id": f"{CANARY}\r\nx"}, "string-pattern-mismatch", "/id"),
        ({"source": f"{CANARY} x"}, "string-pattern-mismatch", "/source"),
        ({"type": ""}, "string-too-short", "/type"),
        ({"time": "2026-03-05T17:12:45"}, "value-error", "/time"),
        ({"time": "0001-01-01T00:00:00Z"}, "value-error", "/time"),
        ({"time": "9999-12-31T23:59:59Z"}, "value-error", "/time"),
        ({"time": "2026-02-30T00:00:00Z"}, "value-error", "/time"),
        ({"time": "2026-03-05T25:00:00Z"}, "value-error", "/time"),
        ({"time": "2026-03-05T17:12:45+99:99"}, "value-error", "/time"),
        ({"time": "２０２６-03-05T17:12:45Z"}, "value-error", "/time"),
        ({"time": "2026-03-05"}, "value-error", "/time"),
        ({"time": CANARY}, "value-error", "/time"),
        ({"specversion": "0.3"}, "literal-error", "/specversion"),
        ({"datacontenttype": f"text/{CANARY}"}, "literal-error", "/datacontenttype"),
        ({"version": 0}, "greater-than-equal", "/version"),
        ({"Upper": CANARY}, None, ""),
        ({"with_underscore": CANARY}, "bad-extension", ""),
        ({"data": [CANARY]}, "no-data", "/data"),
        ({"data": CANARY}, "no-data", "/data"),
        ({"data": None}, "no-data", "/data"),
    ],
)
def test_a_bad_event_is_refused_where_it_is_bad(
    form: Any, changes: dict[str, Any], code: str | None, pointer: str
) -> None:
    if code is None:  # header names have no case; members of an object have
        code = "bad-extension"
        if form is binary:
            return
    assert refusal(*form(submission(**changes))) == [(code, pointer)]


@pytest.mark.parametrize("version", ["1.0", " 1", "1_0", "١", "", "-1", "99999999999999999999", CANARY])
def test_a_version_that_is_not_plain_digits_is_refused(version: str) -> None:
    assert refusal(*binary(submission(version=version))) == [("int-parsing", "/version")]
    assert refusal(*structured(submission(version=version))) == [("int-type", "/version")]


def test_a_version_beyond_any_is_refused() -> None:
    assert refusal(*structured(submission(version=2_000_000))) == [("less-than-equal", "/version")]
    assert refusal(*binary(submission(version=2_000_000))) == [("less-than-equal", "/version")]
    assert refusal(*structured(submission(version=10**30))) == [("number-too-long", "")]


def test_several_things_that_are_wrong_are_told_at_once() -> None:
    assert refusal(*structured(submission(subject=None, time="now"))) == [
        ("missing", "/subject"),
        ("value-error", "/time"),
    ]


@pytest.mark.parametrize(
    ("header", "code", "pointer"),
    [
        (("ce_id", b"other"), "duplicate-attribute", "/id"),
        (("CE_ID", b"other"), "duplicate-attribute", "/id"),
        (("ce_traceparent", None), "null-header", "/traceparent"),
        (("ce_traceparent", b"\xff" + CANARY.encode()), "not-utf8-header", "/traceparent"),
        (("ce_traceparent", b"\xed\xa0\x80"), "not-utf8-header", "/traceparent"),
        (("ce_traceparent", CANARY.encode() + b"\0"), "nul-character", "/traceparent"),
        (("ce_trace.parent", CANARY.encode()), "bad-extension", ""),
        (("ce_", b""), "bad-extension", ""),
        (("ce_\u0661", b""), "bad-extension", ""),
    ],
)
def test_a_bad_header_is_refused_by_name(header: tuple[str, bytes | None], code: str, pointer: str) -> None:
    headers, value = binary(submission())
    assert refusal([*headers, header], value) == [(code, pointer)]


def test_headers_that_are_not_ours_are_not_read() -> None:
    headers, value = binary(submission())
    others: Headers = [("reply_to", b"somewhere"), ("x-null", None), ("x-bytes", b"\xff\0")]
    assert read_submission([*headers, *others], value).attributes.type == "matter.closed"


def test_a_percent_encoded_header_is_decoded_once_on_http_only() -> None:
    event = submission(subject="a%2Fb/c")
    assert refusal(*binary(event, "ce-"), prefix="ce-") == [("bad-subject", "/subject")]
    assert read_submission(*binary(event)).key == ("a/b", "c")
    encoded = submission(subject="a%252Fb/c")
    assert read_submission(*binary(encoded, "ce-"), prefix="ce-").key == ("a/b", "c")
    broken = submission(id="%ff" + CANARY)
    assert refusal(*binary(broken, "ce-"), prefix="ce-") == [("not-utf8-header", "/id")]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not-json"),
        (b"\0", "not-json"),
        (b'{"id": "' + CANARY.encode(), "not-json"),
        (b"\xef\xbb\xbf{}", "not-json"),
        (b'{"id": NaN}', "not-json"),
        (b'{"id": -Infinity}', "not-json"),
        (b'{"id": 1e999}', "not-json"),
        (b'{"id": "\xff"}', "not-json"),
        (b'{"id": "\x00"}', "not-json"),
        (b'{"id": "\\ud800"}', "not-json"),
        (b'{"id": "\\udc00\\ud800"}', "not-json"),
        (b'{"id": "canary-4711\\u0000"}', "nul-character"),
        (b'{"canary-4711\\u0000": 1}', "nul-character"),
        (b'{"id": "canary-4711", "id": "b"}', "duplicate-key"),
        (b'{"id": "canary-4711", "\\u0069d": "b"}', "duplicate-key"),
        (b'{"data": {"a": {"canary-4711": 1, "canary-4711": 2}}}', "duplicate-key"),
        (b"[" * 65 + b"]" * 65, "too-deep"),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "too-deep"),
        (b"[" * 100_000, "not-json"),
        (b"[" * 100_000 + b"]" * 100_000, "not-json"),
        (b'{"id": 9007199254740992}', "number-too-long"),
        (b"1" * 10_000, "not-json"),
        (b"[]", "not-an-object"),
        (b'"canary-4711"', "not-an-object"),
        (b"null", "not-an-object"),
    ],
)
def test_bytes_that_are_not_one_plain_json_object_are_refused(raw: bytes, code: str) -> None:
    assert refusal([], raw) == [(code, "")]
    assert refusal([("content-type", b"application/cloudevents+json; charset=utf-8")], raw) == [(code, "")]


def test_a_message_without_a_value_is_refused() -> None:
    assert refusal([], None) == [("not-json", "")]
    assert refusal(binary(submission())[0], None) == [("not-json", "")]


def test_data_in_base64_is_refused() -> None:
    event = submission(data=None, data_base64="eyJhIjogMX0=")
    assert refusal(*structured(event)) == [("data-base64", "/data_base64")]


def test_attributes_must_be_scalars() -> None:
    assert refusal(*structured(submission(traceparent={"a": CANARY}))) == [("bad-extension", "")]
    assert refusal(*structured(submission(rank=1.5))) == [("bad-extension", "")]
    assert refusal(*structured(submission(id={"a": CANARY}))) == [("string-type", "/id")]
    assert refusal(*structured(submission(version=True))) == [("int-type", "/version")]


# Whatever comes, the answer is an event or a refusal, and a refusal is small.

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
mangled = st.dictionaries(
    st.sampled_from([*submission(), "dataschema", "datacontenttype", "data_base64"]) | st.text(), json_values
).map(lambda changes: {**submission(), **changes})
names = st.sampled_from([f"ce_{name}" for name in submission()] + ["content-type"]) | st.text().map("ce_{}".format)
header_lists = st.lists(st.tuples(names | st.text(), st.none() | st.binary() | st.text().map(lambda t: t.encode())))


def judged(headers: Headers, value: bytes | None, prefix: str = "ce_") -> None:
    try:
        read = read_submission(headers, value, prefix=prefix)
    except Refused as refused:
        assert 1 <= len(refused.problems) <= PROBLEMS
        for problem in refused.problems:
            assert len(problem.pointer) <= POINTER
            assert len(problem.model_dump_json()) < 5000
    else:
        orjson.dumps(read.data)
        assert aggregate_key(*read.key) == read.attributes.subject
        assert "\0" not in read.attributes.model_dump_json() + "".join(read.key)


@given(header_lists, st.none() | st.binary())
def test_arbitrary_bytes_never_raise_anything_else(headers: Headers, value: bytes | None) -> None:
    judged(headers, value)
    judged(headers, value, "ce-")
    judged([*binary(submission())[0], *headers], value)


@given(mangled, header_lists)
@example({**submission(), "version": 2**70}, [])
@example({**submission(), "id": "\ud800"}, [])
def test_arbitrary_json_never_raises_anything_else(event: dict[str, Any], headers: Headers) -> None:
    raw = json.dumps(event).encode()
    judged([], raw)
    judged([*binary(submission())[0], *headers], raw)
    judged([("content-type", b"application/cloudevents+json"), *headers], raw)


def test_a_thousand_findings_are_told_as_twenty() -> None:
    data = {"occurred_at": "2026-03-05T17:12:44+08:00", **{f"{'x' * 1000}{i}": CANARY for i in range(1000)}}
    with pytest.raises(ValidationError) as wrong:
        MatterSubmitted.model_validate(data)
    problems = problems_of(wrong.value, "/data")
    assert len(problems) == PROBLEMS
    assert all(len(problem.pointer) <= POINTER + len("/data") for problem in problems)
    assert CANARY not in "".join(problem.model_dump_json() for problem in problems)


def test_a_pointer_is_escaped() -> None:
    with pytest.raises(ValidationError) as wrong:
        MatterClosed.model_validate({"occurred_at": "2026-03-05T17:12:44+08:00", "a/b~c": 1})
    problems = problems_of(wrong.value, "/data")
    assert [(p.code, p.pointer) for p in problems] == [("extra-forbidden", "/data/a~1b~0c")]
