"""What a publisher is told over HTTP: for each event, and as the status of the whole."""

from dataclasses import dataclass
from typing import Any

import orjson

from services.intake.body import BadRequest, Body
from services.intake.handlers import Answer
from services.intake.rules.refusal import Reason
from shared.http import PROBLEM

JSON = "application/json"
_NOT_JSON = frozenset({"not-json", "duplicate-key", "nul-character", "number-too-long", "number-too-large", "too-deep"})
_STATUS = {
    "foreign-authority": 403,
    "foreign-source": 403,
    "not-a-publisher": 403,
    "not-entitled": 403,
    "identity-conflict": 409,
    "too-large": 413,
    **dict.fromkeys(_NOT_JSON, 400),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer ready to be sent, and to be kept under an idempotency key byte for byte."""

    status: int
    media_type: str
    content: bytes


def reply_to(answers: list[Answer], *, batch: bool) -> Reply:
    """202 accepted, 200 a duplicate, else a problem; a batch 202, or 207 where some of its events were rejected."""
    if batch:
        rejected = any(answer.status == "rejected" for answer in answers)
        results = {"results": [_result(answer) for answer in answers]}
        return Reply(207 if rejected else 202, JSON, orjson.dumps(results))
    (answer,) = answers
    if answer.status == "rejected":
        status = _STATUS.get(answer.reasons[0].code, 422)
        return _problem(status, "The event was refused", answer.reasons, **_identity(answer))
    return Reply(202 if answer.status == "accepted" else 200, JSON, orjson.dumps(_result(answer)))


def reply_to_request(bad: BadRequest, body: Body) -> Reply:
    """A request that could not be taken apart."""
    return _problem(bad.status, "The request was refused", (bad.reason,), sha256=body.sha256, size=body.size)


def _result(answer: Answer) -> dict[str, Any]:
    found = {**_identity(answer), "status": answer.status, "problems": _errors(answer.reasons)}
    return found if answer.event is None else {**found, "event": answer.event}


def _identity(answer: Answer) -> dict[str, Any]:
    return {} if answer.identity is None else {"source": answer.identity[0], "id": answer.identity[1]}


def _errors(reasons: tuple[Reason, ...]) -> list[dict[str, str]]:
    return [{"code": r.code, "pointer": r.pointer, "detail": r.detail} for r in reasons]


def _problem(status: int, title: str, reasons: tuple[Reason, ...], **members: Any) -> Reply:
    document = {
        "type": f"urn:duban:problem:{reasons[0].code}",
        "title": title,
        "status": status,
        "detail": f"{reasons[0].pointer or '/'}: {reasons[0].detail}",
        **members,
        "errors": _errors(reasons),
    }
    return Reply(status, PROBLEM, orjson.dumps(document))
