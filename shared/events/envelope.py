"""CloudEvents 1.0 on Kafka and HTTP: structured and binary mode in, binary mode out.

Two readers, on purpose: `read_submission` is strict and answers with problems (the world's events enter there);
`read_own` is tolerant of additions (D16) because what stands on our own topics was strict when it was written.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import unquote

import orjson
from pydantic import Field, StringConstraints, ValidationError

from shared.events import strict_json
from shared.events.base import Event, Instant, Model, Name, split_key
from shared.events.rejections import Problem

STRUCTURED = "application/cloudevents+json"
JSON = "application/json"
HTTP_PREFIX = "ce-"
_SCALARS = (str, int, bool)
_INTEGER = re.compile(r"[0-9]{1,7}")
PROBLEMS = 20
POINTER = 200
"""What a refusal says at most: a refusal of a thousand unknown fields must itself fit on a topic."""


class Refused(ValueError):
    """An event that does not enter; `problems` say why, each with a pointer."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{p.pointer or '/'}: {p.detail}" for p in problems))
        self.problems = problems


class Attributes(Model):
    """The context attributes of a submission. Extension attributes of others are allowed, and not read."""

    specversion: Literal["1.0"]
    id: Name
    source: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
    type: Name
    subject: Annotated[str, StringConstraints(min_length=3, max_length=4000)]
    time: Instant
    version: int = Field(ge=1, le=1_000_000)
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str | None = None


class Submission(NamedTuple):
    """A well-formed event whose data is not judged yet. `key` is (authority, matter or post)."""

    attributes: Attributes
    key: tuple[str, str]
    data: dict[str, Any]


class Received(NamedTuple):
    """An event from one of our own topics; `data` are the raw JSON bytes."""

    id: str
    source: str
    type: str
    version: int
    subject: str
    time: datetime
    revision: int
    causation: str | None
    data: bytes


_OURS = frozenset(Attributes.model_fields)


def problems_of(error: ValidationError, prefix: str = "") -> tuple[Problem, ...]:
    """Pydantic's first findings as problems. Input is never echoed, so a message holds only our own words."""
    return tuple(
        Problem(
            code=found["type"].replace("_", "-"),
            pointer=prefix + _pointer(*found["loc"]),
            detail=found["msg"].removeprefix("Value error, "),
        )
        for found in error.errors(include_input=False, include_url=False, include_context=False)[:PROBLEMS]
    )


def _pointer(*path: str | int) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)[:POINTER]


def _refuse(code: str, pointer: str, detail: str) -> Refused:
    return Refused(Problem(code=code, pointer=pointer, detail=detail))


def attributes_from_headers(headers: Iterable[tuple[str, bytes | None]], prefix: str) -> dict[str, Any]:
    """The binary-mode attributes (`ce_…` on Kafka; `ce-…` on HTTP, where values are percent-encoded once more). A
    header that is null or not UTF-8 is refused by name.
    """
    found: dict[str, Any] = {}
    for name, value in headers:
        attribute = _attribute(name, prefix)
        if attribute is None:
            continue
        if attribute in found:
            raise _refuse("duplicate-attribute", _pointer(attribute), "is given twice")
        if value is None:
            raise _refuse("null-header", _pointer(attribute), "its header has no value")
        try:
            text = value.decode()
            if prefix == HTTP_PREFIX:
                text = unquote(text, errors="strict")
        except UnicodeDecodeError:
            raise _refuse("not-utf8-header", _pointer(attribute), "its header is not UTF-8") from None
        if "\0" in text:
            raise _refuse("nul-character", _pointer(attribute), "its header holds a NUL character")
        found[attribute] = text
    if "version" in found:
        if not _INTEGER.fullmatch(found["version"]):
            raise _refuse("int-parsing", "/version", "is not an integer")
        found["version"] = int(found["version"])
    return found


@lru_cache(maxsize=256)
def _attribute(header: str, prefix: str) -> str | None:
    """The attribute that a header holds, if it holds one."""
    lower = header.lower()
    return lower.removeprefix(prefix) if lower.startswith(prefix) else None


def read_structured(value: object) -> Submission:
    """One structured-mode event, already parsed as strict JSON."""
    if not isinstance(value, dict):
        raise _refuse("not-an-object", "", "an event is a JSON object")
    if "data_base64" in value:
        raise _refuse("data-base64", "/data_base64", "data is sent as JSON, not as base64")
    rest = {name: item for name, item in value.items() if name != "data"}
    return _judged(rest, value.get("data"))


def read_submission(
    headers: Sequence[tuple[str, bytes | None]], value: bytes | None, *, prefix: str = "ce_"
) -> Submission:
    """One event as it arrived, structured or binary. Raises Refused."""
    attributes = attributes_from_headers(headers, prefix)
    try:
        content = strict_json.loads(value or b"")
    except strict_json.NotStrictJson as error:
        raise _refuse(error.code, "", str(error)) from None
    content_type = _content_type(headers)
    if content_type.startswith(STRUCTURED) or "specversion" not in attributes:
        return read_structured(content)
    attributes.setdefault("datacontenttype", content_type.partition(";")[0].strip() or JSON)
    return _judged(attributes, content)


def _content_type(headers: Sequence[tuple[str, bytes | None]]) -> str:
    for name, value in headers:
        if name == "content-type" or name.lower() == "content-type":
            return (value or b"").decode("latin-1").lower()
    return ""


def _judged(attributes: Mapping[str, Any], data: object) -> Submission:
    for name in attributes.keys() - _OURS:
        item = attributes[name]
        if not (name.isascii() and name.isalnum() and name == name.lower() and isinstance(item, _SCALARS)):
            raise _refuse(
                "bad-extension",
                "",
                "an extension attribute has lower-case letters and digits for a name and a scalar value",
            )
    try:
        judged = Attributes.model_validate({n: v for n, v in attributes.items() if n in _OURS})
    except ValidationError as error:
        raise Refused(*problems_of(error)) from None
    try:
        key = split_key(judged.subject)
    except ValueError as error:
        raise _refuse("bad-subject", "/subject", str(error)) from None
    if not isinstance(data, dict):
        raise _refuse("no-data", "/data", "is not a JSON object")
    return Submission(judged, key, data)


def headers_out(
    event: type[Event],
    *,
    id: str,
    source: str,
    subject: str,
    time: datetime,
    revision: int,
    causation: str | None,
) -> bytes:
    """Binary-mode headers as a JSON object of strings: the form in which an outbox row keeps them."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": id,
        "ce_source": source,
        "ce_type": event.TYPE,
        "ce_subject": subject,
        "ce_time": time.isoformat(),
        "ce_version": str(event.VERSION),
        "ce_revision": str(revision),
        "content-type": JSON,
    }
    if causation:
        headers["ce_causationid"] = causation
    return orjson.dumps(headers)


def read_own(headers: Iterable[tuple[str, bytes]], value: bytes) -> Received:
    """An event from our own topics. Raises ValueError (KeyError included) when it is none: that is for the dead
    letters.
    """
    found = dict(headers)
    type_, causation = found["ce_type"].decode(), found.get("ce_causationid")
    return Received(
        found["ce_id"].decode(),
        found["ce_source"].decode(),
        type_,
        int(found["ce_version"]),
        found["ce_subject"].decode(),
        datetime.fromisoformat(found["ce_time"].decode()),
        int(found["ce_revision"]),
        None if causation is None else causation.decode(),
        value,
    )
