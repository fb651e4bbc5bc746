"""Submissions as a government system would send them, made in bulk: matters, and who holds which post."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson

from shared.events.envelope import STRUCTURED
from shared.outbox import bucket_of

AUTHORITY = "bench"
UNITS, HANDLERS = 20, 400
HEADERS = [("content-type", STRUCTURED.encode())]
BEGUN = "2026-01-05T09:00:00+08:00"
Wire = tuple[int, bytes, bytes]
"""Partition, key, value."""


def event(kind: str, subject: str, id: str, time: str, data: dict[str, Any]) -> dict[str, Any]:
    """One CloudEvent."""
    return {
        "specversion": "1.0",
        "id": id,
        "source": "/bench/register",
        "type": kind,
        "version": 1,
        "subject": f"{AUTHORITY}/{subject}",
        "time": time,
        "data": data,
    }


def wire(made: dict[str, Any]) -> Wire:
    """As it travels on `submissions`."""
    return bucket_of(made["subject"]), made["subject"].encode(), orjson.dumps(made)


def name(series: str, number: int) -> str:
    return f"{series}-{number:07d}"


def number(key: bytes, series: str) -> int | None:
    """Which of a series a message's key is about; None for another matter's."""
    prefix = f"{AUTHORITY}/{series}-".encode()
    return int(key[len(prefix) :]) if key.startswith(prefix) else None


def matter(series: str, index: int, now: str, *, due: datetime | None = None) -> dict[str, Any]:
    """A matter's registration: with its own due, or under a licence's twenty working days."""
    unit = f"unit-{index % UNITS}"
    data: dict[str, Any] = {
        "occurred_at": now,
        "item": "general-licence" if due is None else "bench-promise",
        "unit": unit,
        "person": f"p-{index % HANDLERS}",
        "title": "Opening of a shop in Wenling Street 12",
    }
    if due is not None:
        data["due"] = due.isoformat()
    return event("matter.submitted", name(series, index), f"{series}-{index}", now, data)


def decision(series: str, index: int, now: str) -> dict[str, Any]:
    """The end of a matter."""
    data = {"occurred_at": now, "outcome": "granted"}
    return event("matter.decided", name(series, index), f"{series}-{index}/decided", now, data)


def holders(now: str) -> Iterator[dict[str, Any]]:
    """Every unit has its posts filled: attribution finds people, not vacancies."""

    def assigned(post: str, person: str, role: str, unit: str | None) -> dict[str, Any]:
        data = {"occurred_at": BEGUN, "person": person, "role": role, **({"unit": unit} if unit else {})}
        return event("holder.assigned", post, f"post/{post}", now, data)

    yield assigned("principal", "p-head", "principal", None)
    for n in range(UNITS):
        yield assigned(f"leader-{n}", f"p-leader-{n}", "leading", f"unit-{n}")
        yield assigned(f"handler-{n}", f"p-{n}", "direct", f"unit-{n}")
