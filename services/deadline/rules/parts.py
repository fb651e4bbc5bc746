"""Which clocks a matter has: one for each limit in force, and one for each of its stages and tasks that has a limit."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from services.deadline.rules.amendments import comes_too_late
from services.deadline.rules.facts import (
    LIMIT_CHANGES,
    STAGE_STARTED,
    STAGES,
    TASK_ASSIGNED,
    TASKS,
    Fact,
    Told,
)
from services.deadline.rules.limits import Limit

RECORDED = "recorded"
"""The clock of a due date that the publisher recorded: it is not the item's, and outlives a change of item."""
TASK = "task:"
"""How the clock of a task is named: tasks repeat, so each has a name of its own (D2)."""
STAGE, BY_TASK = "stage", "task"
_PARTS = STAGES | TASKS


class Stated(NamedTuple):
    """A clock's limit, the fact that states it, and what it depends on; `own` are those of its stage or task."""

    name: str
    subject: str
    limit: Limit
    stated_by: Fact
    told: Told
    own: Sequence[Fact] = ()


def clocks_stated(registration: Fact, told: Told, subject: str) -> list[Stated]:
    """All of them, by name and subject; `told` is of the matter, or of the case that `subject` names."""
    limits = _limits(registration, told)
    found = [Stated(limit.clock, subject, limit, stated_by, told) for limit, stated_by in limits if limit.per is None]
    facts = told.facts
    if told.has(_PARTS) and any(fact.part for fact in facts):
        found += _of_stages(limits, facts)
        found += _of_tasks(limits, facts)
        found.sort(key=lambda each: (each.name, each.subject))
    return found


def _limits(registration: Fact, told: Told) -> list[tuple[Limit, Fact]]:
    """The limits in force and the fact that states each (D5). Another item's limits replace the former item's; a
    recorded due date is replaced only by another one."""
    found = {limit.clock: (limit, registration) for limit in registration.limits}
    for fact in told.facts if told.has(LIMIT_CHANGES) else ():
        if fact.type in LIMIT_CHANGES:
            if fact.item is not None:
                found = {name: stated for name, stated in found.items() if name == RECORDED}
            stated = found.get(RECORDED)
            if not comes_too_late(fact, stated and stated[0]):
                found |= {limit.clock: (limit, fact) for limit in fact.limits}
    return [found[name] for name in sorted(found)]


def _of_stages(limits: Sequence[tuple[Limit, Fact]], facts: Sequence[Fact]) -> list[Stated]:
    return [
        Stated(limit.clock, stage, limit, stated_by, _merged(facts, own), own)
        for stage, own in _by_part(facts, STAGES, STAGE_STARTED).items()
        for limit, stated_by in limits
        if limit.per == STAGE and limit.stage in (None, stage)
    ]


def _of_tasks(limits: Sequence[tuple[Limit, Fact]], facts: Sequence[Fact]) -> list[Stated]:
    """A task's own due, as it was stated last, else the item's limit for tasks."""
    for_all = next(((limit, by) for limit, by in limits if limit.per == BY_TASK), None)
    found = []
    for task, own in _by_part(facts, TASKS, TASK_ASSIGNED).items():
        assigned = [fact for fact in own if fact.type == TASK_ASSIGNED]
        stating = next((fact for fact in reversed(assigned) if fact.limits), None)
        stated = (stating.limits[0], stating) if stating is not None else for_all
        if stated is not None:
            limit = replace(stated[0], clock=f"{TASK}{task}")
            found.append(Stated(limit.clock, assigned[-1].activity, limit, stated[1], _merged(facts, own), own))
    return found


def _by_part(facts: Sequence[Fact], types: frozenset[str], opening: str) -> dict[str, list[Fact]]:
    """The facts of each stage or task that was opened."""
    found: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.type in types:
            found.setdefault(fact.part, []).append(fact)
    return {part: own for part, own in found.items() if any(fact.type == opening for fact in own)}


def _merged(facts: Sequence[Fact], own: Sequence[Fact]) -> Told:
    """The facts of the matter as a whole and of this part, in order."""
    return Told([fact for fact in facts if not fact.part or fact in own])
