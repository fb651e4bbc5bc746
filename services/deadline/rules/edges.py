"""What starts a clock and what stops it: the facts, or other clocks."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from services.deadline.rules.clock import LATE, Clock, State
from services.deadline.rules.count import Start
from services.deadline.rules.facts import REOPENINGS, RESTARTS, WITHDRAWALS, Fact, Told, order
from services.deadline.rules.limits import Limit

ENDED, EXPIRED, DEEMED = "ended", "expired", "deemed"
WAITING = (f"{ENDED}:", f"{EXPIRED}:", f"{DEEMED}:")
"""How a limit says that its clock starts with another's stop, its late_from, or silence that counts as an answer."""
_FOR_ALL = REOPENINGS | WITHDRAWALS
"""What stops or reopens every clock."""


@lru_cache(maxsize=1024)
def waiting(starts_on: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The clocks with whose end a limit starts: how, and their names."""
    named = (text.partition(":") for text in starts_on if text.startswith(WAITING))
    return tuple((how, name) for how, _, name in named)


def waited_for(limit: Limit) -> list[str]:
    """The clocks with whose late end this one starts."""
    return [name for how, name in waiting(limit.starts_on) if how != ENDED]


class Begun(NamedTuple):
    """How a clock began, and the fact that it rests on."""

    start: Start
    fact: Fact


def begun_by(limit: Limit, told: Told, stopped: Fact | None, waits_for: Sequence[tuple[str, Clock]]) -> Begun | None:
    """The first fact or clock that starts it, after the last restart if there is one; None where it has not begun."""
    first = _first(limit, told)
    begun = None if first is None else Begun(start_of(first), first)
    if waits_for:
        found = [] if begun is None else [begun]
        found += [each for how, other in waits_for if (each := _with(how, other)) is not None]
        begun = min(found, key=lambda each: each.start.instant, default=None)
    if begun is None or not limit.restarts_on:
        return begun
    again = [fact for fact in told.facts if fact.type in limit.restarts_on and order(fact) > order(begun.fact)]
    again = [fact for fact in again if stopped is None or order(fact) < order(stopped)]
    return Begun(start_of(again[-1]), again[-1]) if again else begun


def start_of(fact: Fact) -> Start:
    """The start that a fact is."""
    return Start(fact.occurred, fact.on, fact.type)


def stop_of(limit: Limit, told: Told) -> Fact | None:
    """The first stop after the last reopening; a withdrawal stops every clock."""
    if not told.has(_FOR_ALL):
        return told.earliest(limit.stops_on)
    found = None
    for fact in told.facts:
        type_ = fact.type
        if type_ in REOPENINGS:
            found = None
        elif found is None and (type_ in limit.stops_on or type_ in WITHDRAWALS):
            found = fact
    return found


def _first(limit: Limit, told: Told) -> Fact | None:
    if not told.has(RESTARTS):
        return told.earliest(limit.starts_on)
    found = None
    for fact in told.facts:
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
