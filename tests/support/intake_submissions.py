"""Submissions for intake, each of a matter or post of its own: good ones as objects, and as bytes to break."""

import json
from typing import Any
from uuid import uuid4

from shared.events.base import aggregate_key
from tests.support.submissions import submission

BATCH = "application/cloudevents-batch+json"


def event(type_: str, key: str, id_: str | None = None, **data: Any) -> dict[str, Any]:
    stated = {"occurred_at": "2026-03-05T09:00:00+08:00", **data}
    content = {name: value for name, value in stated.items() if value is not None}
    return submission(id=id_ or uuid4().hex, type=type_, subject=key, data=content)


def registration(key: str, id_: str | None = None, **data: Any) -> dict[str, Any]:
    return event("matter.submitted", key, id_, **{"item": "general-licence", "unit": "window 3", **data})


def new_key(authority: str = "licheng") -> str:
    return aggregate_key(authority, uuid4().hex)


def good() -> dict[str, Any]:
    return submission(id=uuid4().hex, subject=f"licheng/{uuid4().hex}")


def changed(**changes: Any) -> bytes:
    return json.dumps(submission(**{"id": uuid4().hex, **changes})).encode()


def with_data(**data: Any) -> bytes:
    return changed(data={"occurred_at": "2026-03-05T17:12:44+08:00", **data})


def raw_data(text: str) -> bytes:
    return changed(data="HERE").replace(b'"HERE"', text.encode())


def registered(**data: Any) -> bytes:
    complete = {"occurred_at": "2026-03-05T09:00:00+08:00", "item": "general-licence", "unit": "window 3", **data}
    return changed(type="matter.submitted", data={k: v for k, v in complete.items() if v is not None})


def corrected(type_: str, **data: Any) -> bytes:
    fact = {"type": type_, "data": {"occurred_at": "2026-03-05T17:12:44+08:00", **data}}
    return changed(type="fact.corrected", data={"replaces": {"source": "/x", "id": "1"}, "fact": fact})
