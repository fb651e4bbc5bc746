"""Which limits a matter is under: the catalogue of the day the fact happened, never of the day it arrived (D4).

An item's version is in force from its effective date until the next one's; a limit says everything that is needed to
count it (D5), because the matter carries it from then on and a later edit never reaches a running matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

RECORDED = "recorded"
"""The clock of a due that the publisher recorded itself; no catalogue limit may take this name."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit, complete in itself. `amount` is None exactly where `at` is stated."""

    clock: str
    amount: str | None
    at: date | datetime | None
    start_rule: str
    roll: str
    zone: str
    day_ends: time | None
    calendar: str
    starts_on: tuple[str, ...]
    stops_on: tuple[str, ...]
    warnings: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class RecordedTerms:
    """How a due that comes with the submission is treated: what stops its clock, when to warn, and whether it must be
    there.
    """

    zone: str
    calendar: str
    starts_on: tuple[str, ...]
    stops_on: tuple[str, ...]
    warnings: tuple[str, ...]
    required: bool


@dataclass(frozen=True, slots=True, eq=False)
class ItemVersion:
    """An item's limits from `effective_from` on. `name` is the item's code, that date and a hash of the content."""

    name: str
    effective_from: date
    limits: tuple[Limit, ...]
    recorded: RecordedTerms


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A service item 事项; versions in ascending order of their effective date, one at least."""

    code: str
    names: Mapping[str, str]
    zone: str
    calendar: str
    versions: tuple[ItemVersion, ...]

    def in_force(self, on: date) -> ItemVersion | None:
        """The version in force on a day; None before the first."""
        return next((each for each in reversed(self.versions) if each.effective_from <= on), None)


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """All items by code, and the terms of a recorded due that comes without an item."""

    items: Mapping[str, Item]
    calendar: str
    starts_on: tuple[str, ...]
    stops_on: tuple[str, ...]


def local_day(when: date | datetime, zone: str) -> date:
    """The day on which something happened, as the calendar on the wall of that zone had it."""
    return when.astimezone(ZoneInfo(zone)).date() if isinstance(when, datetime) else when


def recorded_limit(due: date | datetime, terms: RecordedTerms, zone: str | None) -> Limit:
    """A due that the publisher recorded, as a limit of its own. Its day ends in the zone the publisher stated, else in
    the item's.
    """
    return Limit(
        clock=RECORDED,
        amount=None,
        at=due,
        start_rule="day0",
        roll="none",
        zone=zone or terms.zone,
        day_ends=None,
        calendar=terms.calendar,
        starts_on=terms.starts_on,
        stops_on=terms.stops_on,
        warnings=terms.warnings,
        source="recorded by the publisher",
    )
