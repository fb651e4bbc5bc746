"""公开承诺: until when a commitment can say something else. Its date moves only while it is still ahead (违诺追究)."""

from datetime import datetime, timedelta

from services.deadline.rules.facts import AMENDED, Fact
from services.deadline.rules.limits import Limit
from services.deadline.rules.span import add_days, midnight, zone_of

_TICK = timedelta(microseconds=1)


def ends(limit: Limit) -> datetime:
    """When a stated end has passed (D6)."""
    at = limit.at
    if at is None:
        raise ValueError("the limit has no stated end")
    return at + _TICK if isinstance(at, datetime) else midnight(add_days(at, 1), zone_of(limit.zone))


def comes_too_late(fact: Fact, limit: Limit | None) -> bool:
    """Whether it amends what is past: it changes nothing, and is a finding."""
    return fact.type == AMENDED and limit is not None and limit.at is not None and fact.occurred >= ends(limit)
