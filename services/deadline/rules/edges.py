"""What starts a clock and what stops it: the facts, or other clocks."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.deadline.rules.clock import LATE, Clock, State
from services.deadline.rules.count import Start
from services.deadline.rules.facts import REOPENINGS, RESTARTS, WITHDRAWALS, Fact, order
from services.deadline.rules.limits import Limit

ENDED, EXPIRED, DEEMED = "ended", "expired", "deemed"
WAITING = (f"{ENDED}:", f"{EXPIRED}:", f"{DEEMED}:")
"""How a limit says that its clock starts with another's stop, its late_from, or silence that counts as an answer."""


def waited_for(limit: Limit) -> list[str]:
    """The clocks with whose late end this one starts."""
    named = (text.partition(":") for text in limit.starts_on if text.startswith(WAITING))
    return [name for how, _, name in named if how != ENDED]


@dataclass(frozen=True, slots=True)
class Begun:
    """How a clock began, and the fact that it rests on."""

    start: Start
    fact: Fact


def begun_by(
    limit: Limit, facts: Sequence[Fact], stopped: Fact | None, waits_for: Sequence[tuple[str, Clock]]
) -> Begun | None:
    """The first fact or clock that starts it, after the last restart if there is one; None where it has not begun."""
    first = _first(limit, facts)
    found = [] if first is None else [Begun(start_of(first), first)]
    found += [begun for how, other in waits_for if (begun := _with(how, other)) is not None]
    if not found:
        return None
    begun = min(found, key=lambda each: each.start.instant)
    if not limit.restarts_on:
        return begun
    again = [fact for fact in facts if fact.type in limit.restarts_on and order(fact) > order(begun.fact)]
    again = [fact for fact in again if stopped is None or order(fact) < order(stopped)]
    return Begun(start_of(again[-1]), again[-1]) if again else begun


def start_of(fact: Fact) -> Start:
    """The start that a fact is."""
    return Start(fact.occurred, fact.on, fact.type)


def stop_of(limit: Limit, facts: Sequence[Fact]) -> Fact | None:
    """The first stop after the last reopening; a withdrawal stops every clock."""
    found = None
    for fact in facts:
        type_ = fact.type
        if type_ in REOPENINGS:
            found = None
        elif found is None and (type_ in limit.stops_on or type_ in WITHDRAWALS):
            found = fact
    return found


def _first(limit: Limit, facts: Sequence[Fact]) -> Fact | None:
    found = None
    for fact in facts:
        type_ = fact.type
        if type_ in limit.starts_on and (found is None or type_ in RESTARTS):
            found = fact
    return found


def _with(how: str, other: Clock) -> Begun | None:
    """The start that another clock's end is. What is deemed accepted is accepted as of its receipt (R5)."""
    if how == ENDED and other.stop is not None and other.state in (State.MET, State.MISSED_DONE):
        return Begun(start_of(other.stop.fact), other.stop.fact)
    if how == EXPIRED and other.due is not None and other.state in LATE:
        return Begun(Start(other.due.late_from, None, f"{EXPIRED}:{other.name}"), other.facts[-1])
    if how == DEEMED and other.deemed and other.start is not None:
        return Begun(other.start, other.facts[-1])
    return None
