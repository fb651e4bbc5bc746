"""From bytes to a well-formed submission, or to the reasons why there is none. Nothing a sender can write raises here.

Reading is all this module does: whether the submission may enter is the rules' decision. Validation happens once; what
it yields, and not what was sent, is hashed, stored and published.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Literal, NamedTuple, TypeGuard

import orjson
from pydantic import ValidationError

from services.intake.rules.facts import Fact
from services.intake.rules.judge import Submission
from services.intake.rules.refusal import Reason, Refused
from services.intake.rules.topics import CALENDAR
from shared.events import envelope, strict_json
from shared.events.base import Event, EventRef
from shared.events.catalog import UnknownVersion, model_of
from shared.events.conduct import DecisionTaken, TeamNamed
from shared.events.directory import DIRECTORY_FACTS
from shared.events.leads import InspectionRecorded
from shared.events.rejections import Problem
from shared.events.submissions import (
    CALENDAR_FACTS,
    MATTER_FACTS,
    CalendarPublished,
    CorrectionRequested,
    FactCorrected,
    FactRetracted,
    SourceWatermark,
)
from shared.events.submissions import Fact as SubmittedFact

TOPIC = "submissions"
MOST_BYTES = 1_000_000
"""Of one event on Kafka, of one request over HTTP; checked before anything is parsed."""


class Place(NamedTuple):
    """Where a Kafka message stands."""

    topic: str
    partition: int
    offset: int


class Raw(NamedTuple):
    """One event as it came. `value` is its bytes. Of an HTTP batch, which is parsed as a whole, it is `parsed`, and
    `sha256` and `size` are those of the request's body. A Kafka message has a position, an HTTP request an id.
    """

    transport: Literal["kafka", "http"]
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None
    parsed: Any = None
    is_parsed: bool = False
    sha256: str | None = None
    size: int | None = None
    position: Place | None = None
    request: str | None = None

    def fingerprint(self) -> tuple[str, int]:
        """Hash and size of the bytes that were sent."""
        if self.sha256 is not None and self.size is not None:
            return self.sha256, self.size
        value = self.value or b""
        return hashlib.sha256(value).hexdigest(), len(value)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """No submission. What can be told of its identity and subject is kept for the answer."""

    refused: Refused
    event: tuple[str, str] | None
    subject: str | None


class _Refusal(Exception):
    def __init__(self, *reasons: Reason) -> None:
        super().__init__()
        self.reasons = reasons


def parse(raw: Raw) -> Submission | Unreadable:
    """One event. Never raises for what a sender can write."""
    if raw.value is not None and len(raw.value) > MOST_BYTES:
        reason = Reason("too-large", "", f"is larger than {MOST_BYTES} bytes")
        return Unreadable(Refused((reason,)), None, None)
    try:
        if raw.is_parsed:
            return _submission(envelope.read_structured(raw.parsed))
        prefix = envelope.HTTP_PREFIX if raw.transport == "http" else "ce_"
        return _submission(envelope.read_submission(raw.headers, raw.value, prefix=prefix))
    except envelope.Refused as error:
        reasons: Sequence[Reason] = [Reason(p.code, p.pointer, p.detail) for p in error.problems]
    except _Refusal as error:
        reasons = error.reasons
    event, subject = _told(raw)
    return Unreadable(Refused(tuple(reasons)), event, subject)


def _submission(read: envelope.Submission) -> Submission:
    attributes = read.attributes
    event = _event(attributes.type, attributes.version, read.data, "/data")
    data = event.to_data()
    fact, replaces, up_to, of_directory = None, None, None, False
    if _is_fact(event):
        fact = _fact(event, data, "/data")
    elif isinstance(event, FactCorrected):
        fact = _replacement(event)
        data["fact"]["data"] = fact.data
        replaces = (event.replaces.source, event.replaces.id)
    elif isinstance(event, FactRetracted):
        replaces, of_directory = (event.replaces.source, event.replaces.id), event.of is not None
    elif isinstance(event, SourceWatermark):
        up_to = event.up_to
    canonical = orjson.dumps(
        {
            "data": data,
            "subject": attributes.subject,
            "time": attributes.time.astimezone(UTC).isoformat(),
            "type": attributes.type,
        },
        option=orjson.OPT_SORT_KEYS,
    )
    return Submission(
        source=attributes.source,
        id=attributes.id,
        type=attributes.type,
        version=attributes.version,
        authority=read.key[0],
        name=read.key[1],
        subject=attributes.subject,
        issued_at=attributes.time,
        data=data,
        fact=fact,
        replaces=replaces,
        canonical=canonical.decode(),
        digest=hashlib.sha256(canonical).digest(),
        up_to=up_to,
        of_directory=of_directory,
    )


def _event(type_: str, version: int, data: Mapping[str, Any], pointer: str) -> Event:
    model = model_of(TOPIC, type_, version)
    nested = pointer != "/data"
    if model is None:
        place = f"{pointer.removesuffix('/data')}/type"
        raise _Refusal(Reason("unknown-type", place, "is not a type of fact that intake takes"))
    if isinstance(model, UnknownVersion):
        place = f"{pointer.removesuffix('/data')}/type" if nested else "/version"
        raise _Refusal(Reason("unknown-version", place, "is a version of this type that intake does not know"))
    try:
        return model.model_validate_json(json.dumps(data)) if model in _WITH_LISTS else model.model_validate(data)
    except ValidationError as error:
        found = envelope.problems_of(error, pointer)
        raise _Refusal(*(Reason(p.code, p.pointer, p.detail) for p in found)) from None


def _replacement(correction: FactCorrected) -> Fact:
    """The fact as it should have been. Types inside a correction are of version 1, the only one there is."""
    type_ = correction.fact.type
    if type_ == CALENDAR:
        detail = "a calendar is not corrected: publish its next version, with the instant from which it counts"
        raise _Refusal(Reason("not-correctable", "/data/fact/type", detail))
    event = _event(type_, 1, correction.fact.data, "/data/fact/data")
    if not _is_fact(event):
        detail = "a correction or retraction is not corrected: correct the fact it replaces once more"
        raise _Refusal(Reason("not-correctable", "/data/fact/type", detail))
    return _fact(event, event.to_data(), "/data/fact/data")


_WITH_LISTS = frozenset((CorrectionRequested, CalendarPublished, InspectionRecorded, DecisionTaken, TeamNamed))
"""To a strict model a list is no tuple, unless it reads JSON: which to write again for all costs every other event."""
_FACTS = frozenset((*MATTER_FACTS, *DIRECTORY_FACTS, *CALENDAR_FACTS))


def _is_fact(event: Event) -> TypeGuard[SubmittedFact]:
    return type(event) in _FACTS  # isinstance is a Python function for pydantic's classes


def _fact(event: SubmittedFact, data: Mapping[str, Any], pointer: str) -> Fact:
    fields = vars(event)
    return Fact(
        type=event.TYPE,
        occurred_at=event.occurred_at,
        zone=event.zone,
        item=fields.get("item"),
        due=fields.get("due"),
        data=data,
        pointer=pointer,
        task=fields.get("task"),
        until=fields.get("until"),
    )


def _told(raw: Raw) -> tuple[tuple[str, str] | None, str | None]:
    """Identity and subject of an event that cannot be read, as far as they are there and fit into an answer."""
    attributes: Mapping[str, Any] = {}
    try:
        if raw.is_parsed:
            attributes = raw.parsed if isinstance(raw.parsed, dict) else {}
        else:
            prefix = envelope.HTTP_PREFIX if raw.transport == "http" else "ce_"
            attributes = envelope.attributes_from_headers(raw.headers, prefix)
            if "specversion" not in attributes:
                found = strict_json.loads(raw.value or b"")
                attributes = found if isinstance(found, dict) else {}
    except (envelope.Refused, strict_json.NotStrictJson):
        return None, None
    try:
        ref = EventRef.model_validate({"source": attributes.get("source"), "id": attributes.get("id")})
        event = (ref.source, ref.id)
    except ValidationError:
        event = None
    try:
        subject = EventRef.model_validate({"source": "-", "id": attributes.get("subject")}).id
    except ValidationError:
        subject = None
    return event, subject


def problems(reasons: Sequence[Reason]) -> tuple[Problem, ...]:
    """The rules' reasons as they stand in an event."""
    return tuple(Problem(code=r.code, pointer=r.pointer, detail=r.detail) for r in reasons)
