"""With which limits of the catalogue a fact is published: by the version in force when it happened (D4)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache

from services.intake.rules.catalogue import (
    Catalogue,
    ItemVersion,
    Limit,
    RecordedTerms,
    local_day,
    recorded_limit,
    task_limit,
)
from services.intake.rules.facts import Fact
from services.intake.rules.refusal import Reason
from services.intake.rules.topics import RATED, REGISTERING

LIMITS_CHANGED = "limits.changed"
AMENDED = "commitment.amended"
COMMITMENT = "commitment"
BAD = 2
"""Of five levels, the highest that is bad (R20)."""
TASK_ASSIGNED = "task.assigned"


@dataclass(frozen=True, slots=True)
class Stamp:
    """The limits of a registration or of changed limits: those of the item's version in force, and a recorded due."""

    version: ItemVersion | None
    recorded: Limit | None


def limits_of(fact: Fact, catalogue: Catalogue) -> Stamp | Reason | None:
    """The limits that a registration or a change of limits brings, by the version in force when it happened (D4); or
    the one that a task's recorded due is. None for all other facts."""
    if fact.type == TASK_ASSIGNED:
        return None if fact.due is None else _task_alone(fact, fact.due, catalogue)
    if fact.type == AMENDED:
        return None if fact.due is None else _amended(fact, fact.due, catalogue)
    if fact.type not in REGISTERING and fact.type != LIMITS_CHANGED:
        return None
    if fact.item is None:
        return _recorded_alone(fact, catalogue)
    item = catalogue.items.get(fact.item)
    if item is None:
        return Reason("unknown-item", f"{fact.pointer}/item", "is not an item of the catalogue: see GET /v1/items")
    version = item.in_force(local_day(fact.occurred_at, item.zone))
    if version is None:
        first = item.versions[0].effective_from
        detail = f"lies before {first}, from when on the catalogue knows this item"
        return Reason("no-version-in-force", f"{fact.pointer}/occurred_at", detail)
    if fact.due is None and version.recorded.required:
        return Reason("due-required", f"{fact.pointer}/due", "this item has no limit of its own: state when it is due")
    if fact.due is None and not version.limits and fact.type == LIMITS_CHANGED:
        return Reason("no-limits", f"{fact.pointer}/item", "this item has no limits, and no due is stated")
    if fact.type == RATED and not (fact.data["named"] and fact.data["level"] <= BAD):
        return Stamp(_without_limits(version), None)
    recorded = None if fact.due is None else recorded_limit(fact.due, version.recorded, fact.zone)
    return Stamp(version, recorded)


def _amended(fact: Fact, due: date | datetime, catalogue: Catalogue) -> Stamp | Reason:
    """A commitment's new date, on the terms of the item of commitments where there is one."""
    item = catalogue.items.get(COMMITMENT)
    version = None if item is None else item.in_force(local_day(fact.occurred_at, item.zone))
    if version is None:
        return _recorded_alone(fact, catalogue)
    return Stamp(None, recorded_limit(due, version.recorded, fact.zone))


@cache
def _without_limits(version: ItemVersion) -> ItemVersion:
    return replace(version, limits=())


def _recorded_alone(fact: Fact, catalogue: Catalogue) -> Stamp | Reason:
    """A changed due without an item. The registration may not have arrived yet, so its item cannot be asked."""
    if fact.zone is None:
        return Reason("zone-required", f"{fact.pointer}/zone", "a due without an item needs the zone its day ends in")
    if fact.due is None:
        return Reason("no-limits", fact.pointer, "names neither an item nor a due")
    terms = RecordedTerms(
        zone=fact.zone,
        calendar=catalogue.calendar,
        starts_on=catalogue.starts_on,
        stops_on=catalogue.stops_on,
        warnings=(),
        required=True,
    )
    return Stamp(None, recorded_limit(fact.due, terms, fact.zone))


def _task_alone(fact: Fact, due: date | datetime, catalogue: Catalogue) -> Stamp | Reason:
    """A task's due. Which item its matter is of is not said here, and the matter may not have arrived yet."""
    if fact.zone is None:
        return Reason("zone-required", f"{fact.pointer}/zone", "a task's due needs the zone its day ends in")
    return Stamp(None, task_limit(fact.task or "", due, fact.zone, catalogue.calendar))
