"""Well-formed submissions to break in one place, and the two forms they travel in."""

import json
from typing import Any

from shared.events.envelope import STRUCTURED

Headers = list[tuple[str, bytes | None]]


def submission(**changes: Any) -> dict[str, Any]:
    """A valid event in structured form, with members replaced; None removes one."""
    event = {
        "specversion": "1.0",
        "id": "bj-20260305-000117",
        "source": "/quanzhou/licheng/approval-system",
        "type": "matter.closed",
        "version": 1,
        "subject": "quanzhou.gov.cn%2Flicheng/2026-0117",
        "time": "2026-03-05T17:12:45+08:00",
        "data": {"occurred_at": "2026-03-05T17:12:44+08:00", "outcome": "granted"},
        **changes,
    }
    return {name: value for name, value in event.items() if value is not None}


def structured(event: dict[str, Any]) -> tuple[Headers, bytes]:
    """As a Kafka message in structured mode."""
    return [("content-type", STRUCTURED.encode())], json.dumps(event, ensure_ascii=False).encode()


def binary(event: dict[str, Any], prefix: str = "ce_") -> tuple[Headers, bytes]:
    """As a message in binary mode."""
    headers: Headers = [(prefix + name, str(value).encode()) for name, value in event.items() if name != "data"]
    return [*headers, ("content-type", b"application/json")], json.dumps(event.get("data")).encode()
