"""Days, instants and times of day as users type them."""

import re
from datetime import date, datetime, time

from services.deadline.rules.count import Start
from services.deadline.rules.span import midnight, zone_of


class BadInput(ValueError):
    """What the user typed cannot be understood; the message says what is expected."""


def moment_of(label: str, text: str) -> date | datetime:
    """A day, or an instant with its offset; `label` says which input is wrong."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text)
    except ValueError:
        expected = "a day such as 2026-01-28 or an instant such as 2026-01-28T09:30:00+08:00"
        raise BadInput(f"{label}: {text!r} is not {expected}") from None
    if instant.tzinfo is None:
        raise BadInput(f"{label}: {text!r} has no offset from UTC, such as +08:00")
    return instant


def start_of(label: str, text: str, zone: str) -> Start:
    """When something was received."""
    moment = moment_of(label, text)
    if isinstance(moment, datetime):
        return Start(moment)
    return Start(midnight(moment, zone_of(zone)), on=moment)


def time_of_day(label: str, text: str | None) -> time | None:
    """A local hour; None for 24:00, and where none is given."""
    if text is None or text == "24:00":
        return None
    if re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        return time.fromisoformat(text)
    raise BadInput(f"{label}: {text!r} is not a time of day such as 17:00")
