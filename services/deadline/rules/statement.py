"""What can be said of a clock in an event, written when the clock is computed: the sweep fires from it (D12)."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.deadline.rules.count import Due
from services.deadline.rules.facts import Fact
from services.deadline.rules.fold import Clock, Holding
from services.deadline.rules.limits import Limit

Statement = dict[str, Any]
TOLD_HOLDINGS = 20
"""A miss tells the last so many hands before its due, whatever its history: it must fit into a message, and who had the
matter at the due is among them. The digest covers what is told, no more: a change further back tells nobody anything.
"""


def instant_text(at: datetime) -> str:
    """ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat()


def local_text(at: datetime, zone: str) -> str:
    """ISO 8601 with the offset of the zone: people read it."""
    return at.astimezone(ZoneInfo(zone)).isoformat()


def fact_text(fact: Fact) -> Statement:
    """A fact as an event names it: its submission's identity and its event on our own topics."""
    source, id = fact.identity
    occurred = fact.on.isoformat() if fact.on else fact.occurred.isoformat()
    return {"type": fact.type, "occurred_at": occurred, "source": source, "id": id, "event": fact.event}


def due_text(due: Due, zone: str) -> str:
    """The bare date of a day limit, else the last instant in time, with the offset of the limit's zone (D6)."""
    return due.due_on.isoformat() if due.due_on else local_text(due.due_at, zone)


def limit_text(limit: Limit) -> Statement:
    """The limit as it was stamped."""
    text: Statement = {
        "clock": limit.clock,
        "start_rule": str(limit.start_rule),
        "roll": str(limit.roll),
        "zone": limit.zone,
        "calendar": limit.calendar,
        "starts_on": list(limit.starts_on),
        "stops_on": list(limit.stops_on),
        "warnings": list(limit.warnings),
        "source": limit.source,
    }
    if limit.amount is not None:
        text["amount"] = str(limit.amount)
    if limit.at is not None:
        text["at"] = limit.at.isoformat()
    if limit.day_ends is not None:
        text["day_ends"] = limit.day_ends.isoformat()
    return text


def holding_text(holding: Holding, before: datetime | None = None) -> Statement:
    """[since, until); what happened at or after `before` is not known to it."""
    until = holding.until if before is None or holding.until is None or holding.until < before else None
    text: Statement = {"since": instant_text(holding.since)}
    text |= {"until": instant_text(until)} if until else {}
    text |= {"unit": holding.unit} if holding.unit else {}
    return text | ({"person": holding.person} if holding.person else {})


def about(authority: str, matter: str, clock: Clock) -> Statement:
    """What every event of the clock says."""
    text: Statement = {"authority": authority, "matter": matter, "clock": clock.name, "origin": clock.origin}
    for name, value in (("subject", clock.subject), ("item", clock.item), ("unit", clock.unit)):
        if value:
            text[name] = value
    return text


def dated(due: Due, limit: Limit) -> Statement:
    """When the clock is due."""
    return {"due": due_text(due, limit.zone), "late_from": local_text(due.late_from, limit.zone)}


def scheduled(clock: Clock, due: Due) -> Statement:
    """The count and what it rests on."""
    return {
        **dated(due, clock.limit),
        "limit": limit_text(clock.limit),
        "calendar": clock.calendar,
        "provisional": due.provisional,
        "facts": [fact_text(fact) for fact in clock.facts],
    }


def missed(clock: Clock, due: Due) -> Statement:
    """What a miss will say, but for the instant of its detection."""
    return {
        **dated(due, clock.limit),
        "limit": limit_text(clock.limit),
        "calendar": clock.calendar,
        "holdings": [holding_text(holding, due.late_from) for holding in clock.holdings[-TOLD_HOLDINGS:]],
        "facts": [fact_text(fact) for fact in clock.facts],
    }


def digest(about: Statement, miss: Statement) -> str:
    """Changes when the miss must be published again: another unit or item, or other hands up to the due (D18)."""
    told = [about.get("unit"), about.get("item"), miss["late_from"], miss["holdings"]]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]
