"""What intake publishes: accepted facts with their limits, and refusals. Ids follow from what they are about, so that
every topic can be built again from the facts with the ids it had (D15).
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from services.intake.catalogue import terms_of
from services.intake.parsing import Raw, problems
from services.intake.rules.catalogue import ItemVersion
from services.intake.rules.hidden import WHOLE, Shown, records_an_inspection, veiled
from services.intake.rules.judge import Accepted, Submission
from services.intake.rules.refusal import Refused
from services.intake.rules.settle import Entered
from services.intake.rules.stamps import Stamp
from shared import outbox
from shared.events.base import Event, EventRef
from shared.events.catalog import PARTITIONS, UnknownVersion, model_of
from shared.events.envelope import headers_out
from shared.events.leads import Disclosed
from shared.events.rejections import Position, SubmissionRejected

SOURCE = "/duban/intake"
NAMESPACE = uuid5(NAMESPACE_URL, "urn:duban:intake")
REJECTIONS = "rejections"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A refusal as it is kept and published."""

    id: str
    raw: Raw
    event: SubmissionRejected
    subject: str


def event_id(source: str, id_: str) -> str:
    """The id of the event that a submission becomes, wherever and however often that happens."""
    return _named(f"{source}\n{id_}")


def _named(name: str) -> str:
    """uuid5 of a name below ours, as text; without the objects that make the library's cost three times as much."""
    digest = hashlib.sha1(NAMESPACE.bytes + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) % 4]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def body_of(accepted: Accepted, received_at: datetime, shown: Shown = WHOLE) -> bytes:
    """The data of the published event, in the order of its model: what intake adds, and the validated submission as far
    as it is to be shown."""
    submission = accepted.submission
    said = veiled(submission.data) if shown.withheld else submission.data
    added = {**_marked(accepted, shown), **_stamped(accepted.stamp)}
    data: dict[str, Any] = {
        "submission": {"source": submission.source, "id": submission.id},
        "issued_at": submission.issued_at.isoformat(),
        "received_at": received_at.isoformat(),
        **said,
    }
    if submission.replaces is not None and submission.fact is not None:
        fact = veiled(submission.fact.data) if shown.withheld else submission.fact.data
        data["fact"] = {"type": accepted.fact_type, "data": {**fact, **added}}
    else:
        data |= added
    if shown.disclosed:
        data["disclosed"] = [_disclosed(*each) for each in shown.disclosed]
    return orjson.dumps(data)


def _disclosed(identity: tuple[str, str], content: Mapping[str, Any]) -> dict[str, Any]:
    """In the order of its model: a stored submission is in another."""
    said = {"fact": {"source": identity[0], "id": identity[1]}, **content}
    return Disclosed.model_validate_json(orjson.dumps(said)).model_dump(mode="json", exclude_none=True)


def _marked(accepted: Accepted, shown: Shown) -> dict[str, Any]:
    """A registration without its content says so."""
    return {"withheld": True} if shown.withheld and records_an_inspection(accepted.submission) else {}


def _stamped(stamp: Stamp | None) -> dict[str, Any]:
    if stamp is None:
        return {}
    if stamp.version is None:
        return {"limits": [terms_of(stamp.recorded)] if stamp.recorded else []}
    if stamp.recorded is None:
        return {"item_version": stamp.version.name, "limits": _limits(stamp.version)}
    limits = [*_limit_list(stamp.version), terms_of(stamp.recorded)]
    return {"item_version": stamp.version.name, "limits": limits}


@cache
def _limit_list(version: ItemVersion) -> list[orjson.Fragment]:
    return [orjson.Fragment(orjson.dumps(terms_of(limit))) for limit in version.limits]


@cache
def _limits(version: ItemVersion) -> orjson.Fragment:
    """Written once for each version of an item, not once for each of its matters."""
    return orjson.Fragment(orjson.dumps(_limit_list(version)))


@cache
def _model(topic: str, type_: str) -> type[Event]:
    model = model_of(topic, type_, 1)
    if model is None or isinstance(model, UnknownVersion):
        raise LookupError(f"{topic} carries no {type_}")
    return model


def version_of(accepted: Accepted) -> int:
    """The version of the published event's type."""
    return _model(accepted.topic, accepted.type).VERSION


def published(entered: Entered, body: bytes) -> Iterator[outbox.Message]:
    """The event that a fact becomes. Its time is when the publisher issued it; when it was received is in its data. A
    watermark is for every partition: in each it follows all facts of its source that were accepted before it, because
    it was appended after their transactions had ended (store.claim_revisions) and a bucket's rows are sent in order."""
    accepted = entered.accepted
    submission = accepted.submission
    headers = headers_out(
        _model(accepted.topic, accepted.type),
        id=entered.event,
        source=SOURCE,
        subject=submission.subject,
        time=submission.issued_at,
        revision=entered.revision,
        causation=causation_of(submission),
    )
    for bucket in range(PARTITIONS) if submission.up_to is not None else (None,):
        yield outbox.Message(accepted.topic, submission.subject, entered.event, headers, body, bucket)


def causation_of(submission: Submission) -> str:
    """A published fact's cause is its submission: `source id`; a source has no space."""
    return f"{submission.source} {submission.id}"


def rejection(
    raw: Raw,
    refused: Refused,
    received_at: datetime,
    *,
    event: tuple[str, str] | None,
    subject: str | None,
    index: int,
) -> Rejection:
    """A refusal of the `index`-th event of a request or of a Kafka message. The key is the subject where it is known,
    else the hash. What stands at a position is part of the id: a log that was made anew begins again at 0."""
    sha256, size = raw.fingerprint()
    said = SubmissionRejected(
        reasons=problems(refused.reasons),
        transport=raw.transport,
        sha256=sha256,
        size=size,
        received_at=received_at,
        event=EventRef(source=event[0], id=event[1]) if event else None,
        position=Position(**raw.position._asdict()) if raw.position else None,
    )
    if raw.position is not None:
        name = f"rejected\n{raw.position.topic}\n{raw.position.partition}\n{raw.position.offset}\n{sha256}"
    else:
        name = f"rejected\n{raw.request}\n{index}"
    return Rejection(_named(name), raw, said, subject or sha256)


def rejected(refusal: Rejection) -> outbox.Message:
    """The event on `rejections`. A rejection is an aggregate of its own and never changes: its revision is 1."""
    return outbox.message(
        REJECTIONS,
        refusal.event,
        id=refusal.id,
        source=SOURCE,
        subject=refusal.subject,
        time=refusal.event.received_at,
        revision=1,
        causation=f"{refusal.event.event.source} {refusal.event.event.id}" if refusal.event.event else None,
    )
