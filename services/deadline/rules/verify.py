"""An explanation counted again from the object alone: no service, no database, no catalogue."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.deadline.rules.calendar import from_content
from services.deadline.rules.count import Start
from services.deadline.rules.course import course
from services.deadline.rules.explain import Explanation, digest_of
from services.deadline.rules.facts import Extended, Fact
from services.deadline.rules.limits import Amount, Limit
from services.deadline.rules.pauses import Pause
from services.deadline.rules.points import Point
from services.deadline.rules.span import zone_of
from services.deadline.rules.whatif import explained, supposed_extension, supposed_pause

CHECKED = (
    "clock", "due", "due_at", "late_from", "limit", "start", "days", "skipped", "make_up_workdays", "worked",
    "nominal_end", "rolled_over", "warnings", "pauses", "extensions", "chosen", "provisional", "provisional_from",
)  # fmt: skip
"""What follows from the count's own ground, and what a reader is shown of it: an explanation must say just that."""
OF_FACTS = frozenset({"fact", "facts"})
"""What names facts cannot be counted again."""
WEST, EAST = timedelta(hours=12), timedelta(hours=14)
"""The zones there are: a day begins up to so much later, and earlier, than in UTC."""


def differences(told: Explanation, limit: Limit) -> list[str]:
    """What the object says that a count from it does not give, a line each; none if it is true and whole. `limit` is
    that of its `terms`. Raises DeadlineError where it cannot be counted, KeyError or ValueError where it is no
    explanation.
    """
    found = [] if told["hash"] == digest_of(told) else ["hash: the object was changed after it was written"]
    again = recounted(told, limit)
    for name in CHECKED:
        if _without_facts(again[name]) != _without_facts(told[name]):
            short = isinstance(told[name], str | None) and isinstance(again[name], str | None)
            found.append(f"{name}: {told[name]} is said, {again[name]} is counted" if short else f"{name}: is not so")
    return found


def recounted(told: Explanation, limit: Limit) -> Explanation:
    """The explanation of the same limit, start, pauses, extensions and days."""
    calendar = replace(from_content(told["calendar"]["days"]), version=told["calendar"]["version"])
    begun = told["start"]
    at = datetime.fromisoformat(begun["at"]).astimezone(UTC)
    start = Start(at, _begins(date.fromisoformat(begun["on"]), at) if begun["on"] else None, begun["fact"])
    pauses = [_pause(said, number, zone_of(limit.zone)) for number, said in enumerate(told["pauses"])]
    extensions = [_extension(said, number) for number, said in enumerate(told["extensions"])]
    return explained(limit, start, course(limit, start, pauses, extensions, calendar), calendar, told["facts"])


def _without_facts(value: Any) -> Any:
    """Pauses and extensions as counted; all else as it is."""
    if isinstance(value, list):
        return [{k: v for k, v in each.items() if k not in OF_FACTS} for each in value]
    return value


def _pause(said: dict[str, Any], number: int, zone: ZoneInfo) -> Pause:
    """Where only the day of the end is assumed, that day has to pass, as it had to when this was counted."""
    begin, end = _point(said["since"], said["begins_at"]), _point(said["until"], said["ends_at"])
    pause = supposed_pause(begin, end, said["ground"], number, assumed=said["assumed"])
    return replace(pause, over=end.over(zone)) if pause.assumed else pause


def _extension(said: dict[str, Any], number: int) -> Fact:
    by = Amount.parse(said["by"]) if "by" in said else None
    until = None if by is not None else _when(said["until"])
    return supposed_extension(Extended(by, until, None, said.get("approver")), _instant(said["asked_at"]), number)


def _point(said: str, at: str) -> Point:
    when, instant = _when(said), _instant(at)
    if isinstance(when, datetime):
        return Point(instant)
    return Point(instant, _begins(when, instant))


def _begins(day: date, at: datetime) -> date:
    """The day, if it begins at that instant anywhere."""
    if not -EAST <= at - datetime.combine(day, time(), UTC) <= WEST:
        raise ValueError(f"{at.isoformat()} is not where {day} begins")
    return day


def _when(text: str) -> datetime | date:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
