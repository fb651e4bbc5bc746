"""The body of an HTTP request: read to its end, so that a refusal can name its hash and size, and kept only within the
cap.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

from fastapi import Request

from services.intake.parsing import MOST_BYTES, Raw
from services.intake.rules.refusal import Reason
from shared.events import strict_json
from shared.events.envelope import JSON, STRUCTURED

CEILING = 64_000_000
"""Where reading on, only to name hash and size, ends."""
BATCH = "application/cloudevents-batch+json"
MOST_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class Body:
    """What was read. `content` is None beyond the cap; `whole` is false where even the hash is of a part only."""

    content: bytes | None
    sha256: str
    size: int
    whole: bool
    request: str

    def raw(self) -> Raw:
        """The request as one event that could not be taken apart."""
        return Raw("http", (), self.content, sha256=self.sha256, size=self.size, request=self.request)


@dataclass(frozen=True, slots=True)
class BadRequest:
    """The request cannot be taken apart into events; `status` is the answer's."""

    status: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Events:
    """The events of a request. A batch is answered event by event, whatever its size."""

    raws: tuple[Raw, ...]
    batch: bool


async def read_body(request: Request) -> Body:
    """Read the body as it streams in."""
    digest, size, kept = hashlib.sha256(), 0, bytearray()
    whole = True
    async for chunk in request.stream():
        digest.update(chunk)
        size += len(chunk)
        if size <= MOST_BYTES:
            kept += chunk
        if size > CEILING:
            whole = False
            break
    content = bytes(kept) if size <= MOST_BYTES else None
    return Body(content, digest.hexdigest(), size, whole, uuid4().hex)


def fingerprint(body: Body, headers: Iterable[tuple[bytes, bytes]]) -> str:
    """What an idempotency key stands for: the body, and the headers that are part of the event in binary mode."""
    ours = sorted((n, v) for n, v in headers if n == b"content-type" or n.startswith(b"ce-"))
    return hashlib.sha256(repr((ours, body.sha256)).encode()).hexdigest()


def events_of(body: Body, headers: Iterable[tuple[bytes, bytes]]) -> Events | BadRequest:
    """Take a request apart: one event in structured or binary mode, or a batch."""
    decoded = [(name.decode("latin-1"), value) for name, value in headers]
    if any(name == "content-encoding" and value.lower() != b"identity" for name, value in decoded):
        return BadRequest(415, Reason("content-encoding", "", "send the body as it is, without a content encoding"))
    kinds = [value.partition(b";")[0].strip().decode("latin-1").lower() for n, value in decoded if n == "content-type"]
    if len(kinds) != 1 or kinds[0] not in (STRUCTURED, BATCH, JSON):
        detail = f"send {STRUCTURED}, {BATCH}, or {JSON} with ce- headers, as the one Content-Type"
        return BadRequest(415, Reason("unsupported-media-type", "", detail))
    if body.content is None:
        measured = "" if body.whole else f"; hash and size are of what was read until {CEILING} bytes"
        return BadRequest(413, Reason("too-large", "", f"is larger than {MOST_BYTES} bytes{measured}"))
    if kinds[0] == BATCH:
        return _batch(body, body.content)
    raw = Raw("http", decoded, body.content, sha256=body.sha256, size=body.size, request=body.request)
    return Events((raw,), batch=False)


def _batch(body: Body, content: bytes) -> Events | BadRequest:
    try:
        found = strict_json.loads(content)
    except strict_json.NotStrictJson as error:
        return BadRequest(400, Reason(error.code, "", str(error)))
    if not isinstance(found, list):
        return BadRequest(422, Reason("not-an-array", "", "a batch is a JSON array of events"))
    if len(found) > MOST_EVENTS:
        return BadRequest(413, Reason("too-many-events", "", f"a batch holds {MOST_EVENTS} events at most"))
    return Events(
        tuple(
            Raw("http", (), None, each, True, sha256=body.sha256, size=body.size, request=body.request)
            for each in found
        ),
        batch=True,
    )
