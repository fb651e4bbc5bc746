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
TASK = "task:"
"""What the name of a task's clock begins with; no catalogue limit's may."""


GROUNDS = frozenset(
    {
        "hearing", "tender", "auction", "inspection", "testing", "quarantine", "appraisal", "expert-review",
        "third-party", "correction",
    }
)  # fmt: skip
"""Grounds of a pause that every catalogue knows: R9's, the hearing of third parties and the correction of an
application (R14). A catalogue names others of its own; `*` is any."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A ground on which a limit stands still."""

    ground: str
    longest: str | None
    then: str
    times: int | None


@dataclass(frozen=True, slots=True)
class Extension:
    """How far a limit may be extended, and by what right."""

    most: str | None
    times: int
    base: str
    after_expiry: str
    approver: bool
    reason: bool


@dataclass(frozen=True, slots=True)
class Expiry:
    """What silence means once the limit has passed."""

    outcome: str
    legal_basis: str


@dataclass(frozen=True, slots=True)
class Found:
    """A fact that is a finding by itself."""

    code: str
    on: str
    result: tuple[str, ...] | None
    before: str | None
    returned: bool | None


@dataclass(frozen=True, slots=True)
class Second:
    """The other of two limits."""

    amount: str | None
    at: date | datetime | None
    start_rule: str
    roll: str


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit, complete in itself. `amount` is None exactly where `at` is stated. What is None or empty is not
    stamped."""

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
    kind: str | None = None
    per: str | None = None
    stage: str | None = None
    cut_off: time | None = None
    choose: str | None = None
    second: Second | None = None
    pauses: tuple[Pause, ...] | None = None
    extension: Extension | None = None
    restarts_on: tuple[str, ...] | None = None
    on_expiry: Expiry | None = None
    overdue: tuple[str, ...] | None = None
    finds: tuple[Found, ...] | None = None


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
    on_expiry: Expiry | None = None
    overdue: tuple[str, ...] | None = None


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
        on_expiry=terms.on_expiry,
        overdue=terms.overdue,
    )


def task_limit(task: str, due: date | datetime, zone: str, calendar: str) -> Limit:
    """A task's recorded due, as a limit of a clock of its own: only that task's end stops it (D2)."""
    return Limit(
        clock=f"{TASK}{task}",
        amount=None,
        at=due,
        start_rule="day0",
        roll="none",
        zone=zone,
        day_ends=None,
        calendar=calendar,
        starts_on=("task.assigned",),
        stops_on=("task.finished",),
        warnings=(),
        source="recorded by the publisher",
    )
