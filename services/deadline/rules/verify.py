"""An explanation counted again from the object alone: no service, no database, no catalogue."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from services.deadline.rules.calendar import from_content
from services.deadline.rules.count import Start
from services.deadline.rules.course import course
from services.deadline.rules.explain import Explanation, digest_of
from services.deadline.rules.facts import Extended, Fact
from services.deadline.rules.limits import Amount, Limit
from services.deadline.rules.pauses import Pause
from services.deadline.rules.points import Point
from services.deadline.rules.whatif import explained, supposed_extension, supposed_pause

CHECKED = (
    "due", "due_at", "late_from", "nominal_end", "days", "skipped", "worked", "warnings", "provisional_from", "chosen",
)  # fmt: skip
"""What a count gives, and an explanation therefore must say."""


def differences(told: Explanation, limit: Limit) -> list[str]:
    """What the object says that a count from it does not give, a line each; none if it is true and whole. `limit` is
    that of its `terms`. Raises DeadlineError where it cannot be counted, KeyError or ValueError where it is no
    explanation.
    """
    found = [] if told["hash"] == digest_of(told) else ["hash: the object was changed after it was written"]
    again = recounted(told, limit)
    for name in CHECKED:
        if again[name] != told[name]:
            short = isinstance(told[name], str | None) and isinstance(again[name], str | None)
            found.append(f"{name}: {told[name]} is said, {again[name]} is counted" if short else f"{name}: is not so")
    for name, moved in (("pauses", "added"), ("extensions", "to")):
        if [each[moved] for each in again[name]] != [each[moved] for each in told[name]]:
            found.append(f"{name}: did not move the end so")
    return found


def recounted(told: Explanation, limit: Limit) -> Explanation:
    """The explanation of the same limit, start, pauses, extensions and days."""
    calendar = replace(from_content(told["calendar"]["days"]), version=told["calendar"]["version"])
    begun = told["start"]
    at = datetime.fromisoformat(begun["at"]).astimezone(UTC)
    start = Start(at, date.fromisoformat(begun["on"]) if begun["on"] else None, begun["fact"])
    pauses = [_pause(said, number) for number, said in enumerate(told["pauses"])]
    extensions = [_extension(said, number) for number, said in enumerate(told["extensions"])]
    return explained(limit, start, course(limit, start, pauses, extensions, calendar), calendar, told["facts"])


def _pause(said: dict[str, Any], number: int) -> Pause:
    begin, end = _point(said["since"], said["begins_at"]), _point(said["until"], said["ends_at"])
    return supposed_pause(begin, end, said["ground"], number, assumed=said["assumed"])


def _extension(said: dict[str, Any], number: int) -> Fact:
    by = Amount.parse(said["by"]) if "by" in said else None
    until = None if by is not None else _when(said["until"])
    return supposed_extension(Extended(by, until, None, said.get("approver")), _instant(said["asked_at"]), number)


def _point(said: str, at: str) -> Point:
    when = _when(said)
    return Point(_instant(at), None if isinstance(when, datetime) else when)


def _when(text: str) -> datetime | date:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
