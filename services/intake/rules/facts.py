"""A fact as a publisher states it, and from when on it is known."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo


class Fact(NamedTuple):
    """What happened, and when by business time; `data` is validated and JSON-ready, `pointer` is where it stands."""

    type: str
    occurred_at: date | datetime
    zone: str | None
    item: str | None
    due: date | datetime | None
    data: Mapping[str, Any]
    pointer: str = "/data"
    task: str | None = None
    until: date | datetime | None = None


def known_from(when: date | datetime, zone: str | None) -> datetime:
    """The instant a fact is known from: itself, or 00:00 in its zone for a bare date (D6)."""
    if isinstance(when, datetime):
        return when
    if zone is None:
        raise ValueError("a bare date needs the zone its day is counted in")
    return datetime.combine(when, time(), ZoneInfo(zone))
