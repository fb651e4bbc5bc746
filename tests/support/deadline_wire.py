"""The oracle's entries as the events that intake and accountability would publish about them."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from services.deadline.store import Key
from shared.events.base import Event, EventRef
from shared.events.limits import LimitTerms
from shared.events.submissions import Replacement
from shared.inbox import Message
from tests.support.deadline_facts import NEW_YORK, SHANGHAI
from tests.support.deadline_oracle import Entry, Rule
from tests.support.deadline_service import case_content, content, message

STAMPED = ("submission", "issued_at", "received_at")


def terms_of(rule: Rule) -> LimitTerms:
    """A stamped limit."""
    return LimitTerms.model_validate(
        {
            "clock": rule.clock,
            "amount": f"{rule.amount}{rule.unit}" if rule.unit else None,
            "at": rule.until,
            "start_rule": rule.first_day,
            "roll": rule.rolls,
            "zone": rule.zone,
            "day_ends": rule.closes,
            "calendar": "X",
            "starts_on": rule.starts,
            "stops_on": rule.stops,
            "warnings": tuple(f"{days}d" for days in rule.warn_days),
            "source": "not verified",
        }
    )


def message_of(entry: Entry, key: Key) -> Message:
    """The entry as it comes from Kafka."""
    if entry.turn:
        limits = tuple(map(terms_of, entry.rules))
        case_id = entry.subject.removeprefix("case:")
        event = case_content(entry.type, entry.at, key, case_id, limits, entry.unit)
        return message(event, entry.name[1], key, entry.turn, entry.at)
    return message(_content(entry), "event-" + "-".join(entry.name), key)


def _content(entry: Entry) -> Event:
    says: dict[str, Any] = {}
    if entry.about is not None:
        says["replaces"] = EventRef(source=entry.about[0], id=entry.about[1])
    if entry.instead is not None:
        right = {name: said for name, said in _content(entry.instead).to_data().items() if name not in STAMPED}
        says["fact"] = Replacement(type=entry.instead.type, data=right)
    if entry.rules:
        says["limits"] = tuple(map(terms_of, entry.rules))
        says["item"] = entry.item
        says["due"] = next((rule.until for rule in entry.rules if rule.clock == "recorded"), None)
    if entry.type in ("matter.registered", "matter.assigned", "matter.transferred"):
        says |= {"unit": entry.unit, "person": entry.person}
    if entry.type == "stage.finished":
        says["stage"] = "examination"
    if entry.day is not None:
        midnights = {zone: datetime.combine(entry.day, time(), ZoneInfo(zone)) for zone in (SHANGHAI, NEW_YORK)}
        says["zone"] = next(zone for zone, midnight in midnights.items() if midnight == entry.at)
    return content(entry.type, entry.name, entry.day or entry.at, entry.issued, **says)
