"""The fold: all clocks of a matter from all of its facts (D1 of architecture). No storage, no arrival order, no clock.

    not_started ──start──► running ──warning──► warned ──late_from──► missed ──stop──► missed_done
                              └───────── stop ────┴──────► met          (a stop at or after late_from: missed_done)
                              └──────── withdrawn ┴──────► void         (withdrawn at or after late_from: missed_done)

Two instants govern it: facts after `now` are not known yet (D7); nothing is warned of or missed beyond `confirmed`, up
to which the publishers' feeds are known to be complete (D8). A stop is taken into account whatever its place (D4).

A limit that cannot be counted is never guessed and stops nothing else: its clock has not started, and says why.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Due, Start, Warnings, count, warning_instants
from services.deadline.rules.errors import DateOutOfRange, DeadlineError
from services.deadline.rules.facts import (
    HAND_OVERS,
    LIMIT_CHANGES,
    REGISTRATIONS,
    REOPENINGS,
    RESTARTS,
    WITHDRAWALS,
    Fact,
    effective,
)
from services.deadline.rules.limits import Limit
from services.deadline.rules.span import local_date, zone_of

CalendarOf = Callable[[str], Calendar]
RECORDED = "recorded"
"""The clock of a due date that the publisher recorded: it is not the item's, and outlives a change of item."""
LAST_YEAR = 2199
"""A due beyond it is a typing error in some limit: no event can say it."""


class State(StrEnum):
    """Of a clock; the words of the public surface."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    WARNED = "warned"
    MET = "met"
    MISSED = "missed"
    MISSED_DONE = "missed_done"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Holding:
    """In whose hands the matter was, [since, until)."""

    since: datetime
    until: datetime | None
    unit: str | None
    person: str | None


@dataclass(frozen=True, slots=True)
class Stop:
    """What ended a clock, and whether by withdrawal. `on` where only the day is known."""

    at: datetime
    on: date | None
    withdrawn: bool
    fact: Fact


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock as computed. `warned` is the last warning that has passed, `alarms` those ahead, `late_from` included.
    `facts` are the one that states the limit and the one that started it; `holdings` reach up to `late_from`.
    `problem` says why the limit cannot be counted; `calendar` is the version counted with, None where there is none.
    """

    name: str
    subject: str
    limit: Limit
    state: State
    due: Due | None
    problem: str | None
    calendar: str | None
    stop: Stop | None
    warned: str | None
    alarms: tuple[tuple[datetime, str], ...]
    facts: tuple[Fact, ...]
    holdings: tuple[Holding, ...]
    item: str | None
    unit: str | None
    origin: str


@dataclass(frozen=True, slots=True)
class Folded:
    """All clocks, and when to fold again because a fact lies ahead (D7). `registered` are the subjects that have a
    registration: the matter, its cases.
    """

    clocks: tuple[Clock, ...]
    registered: frozenset[str]
    refold_at: datetime | None


MISS = "miss"
"""The label of the alarm at `late_from`."""


def fold(facts: Sequence[Fact], calendar_of: CalendarOf, now: datetime, confirmed: datetime) -> Folded:
    """All clocks of one matter. `calendar_of` gives the calendar of a code, or raises DeadlineError."""
    ordered = effective(facts)
    known = [fact for fact in ordered if fact.occurred <= now]
    ahead = [fact.occurred for fact in ordered if fact.occurred > now]
    registered = frozenset(fact.subject for fact in known if fact.type in REGISTRATIONS)
    clocks: list[Clock] = []
    for subject in sorted(registered):
        clocks += _clocks_of([fact for fact in known if fact.subject == subject], subject, calendar_of, confirmed)
    return Folded(tuple(clocks), registered, min(ahead, default=None))


def _clocks_of(facts: Sequence[Fact], subject: str, calendar_of: CalendarOf, confirmed: datetime) -> list[Clock]:
    registration = next(fact for fact in facts if fact.type in REGISTRATIONS)
    holdings = _holdings(registration, facts)
    return [
        _clock(limit, stated_by, registration, facts, subject, holdings, calendar_of, confirmed)
        for limit, stated_by in _limits(registration, facts)
    ]


def _limits(registration: Fact, facts: Sequence[Fact]) -> list[tuple[Limit, Fact]]:
    """The limits in force and the fact that states each (D5). Another item's limits replace the former item's; a
    recorded due date is replaced only by another one."""
    found = {limit.clock: (limit, registration) for limit in registration.limits}
    for fact in facts:
        if fact.type in LIMIT_CHANGES:
            if fact.item is not None:
                found = {name: stated for name, stated in found.items() if name == RECORDED}
            found |= {limit.clock: (limit, fact) for limit in fact.limits}
    return [found[name] for name in sorted(found)]


def _clock(
    limit: Limit,
    stated_by: Fact,
    registration: Fact,
    facts: Sequence[Fact],
    subject: str,
    holdings: tuple[Holding, ...],
    calendar_of: CalendarOf,
    confirmed: datetime,
) -> Clock:
    begun = _start(limit, facts)
    stopped = _stop(limit, facts)
    due = warned = problem = version = None
    alarms: tuple[tuple[datetime, str], ...] = ()
    state = State.NOT_STARTED
    try:
        calendar = calendar_of(limit.calendar)
        version = calendar.version
        if begun is not None:
            due, warnings = _counted(limit, start_of(begun), calendar)
            state, warned, alarms = _verdict(due, stopped, warnings, confirmed)
    except DeadlineError as error:
        problem = str(error)
    held = tuple(h for h in holdings if due is None or h.since < due.late_from)
    return Clock(
        name=limit.clock,
        subject=subject,
        limit=limit,
        state=state,
        due=due,
        problem=problem,
        calendar=version,
        stop=None if stopped is None else Stop(stopped.occurred, stopped.on, stopped.type in WITHDRAWALS, stopped),
        warned=warned,
        alarms=alarms,
        facts=(stated_by,) if begun is None or begun is stated_by else (stated_by, begun),
        holdings=held,
        item=registration.item,
        unit=held[-1].unit if held else registration.unit,
        origin=registration.origin,
    )


def start_of(fact: Fact) -> Start:
    """The start that a fact is."""
    return Start(fact.occurred, fact.on, fact.type)


def _counted(limit: Limit, start: Start, calendar: Calendar) -> tuple[Due, Warnings]:
    """The due and what warns of it; both or nothing, so that nobody relies on a clock that warns of nothing."""
    due = count(limit, start, calendar)
    last = due.due_on or local_date(due.due_at, zone_of(limit.zone))
    if last.year > LAST_YEAR:
        raise DateOutOfRange(f"limit {limit.clock} ends after the year {LAST_YEAR}")
    return due, warning_instants(limit, due, start, calendar)


def _start(limit: Limit, facts: Sequence[Fact]) -> Fact | None:
    """The first fact that starts the clock, after the last restart if there is one."""
    restarts = [i for i, fact in enumerate(facts) if fact.type in RESTARTS and fact.type in limit.starts_on]
    return next((fact for fact in facts[restarts[-1] if restarts else 0 :] if fact.type in limit.starts_on), None)


def _stop(limit: Limit, facts: Sequence[Fact]) -> Fact | None:
    """The first stop after the last reopening; a withdrawal stops every clock."""
    reopened = [i for i, fact in enumerate(facts) if fact.type in REOPENINGS]
    rest = facts[reopened[-1] + 1 :] if reopened else facts
    return next((fact for fact in rest if fact.type in limit.stops_on or fact.type in WITHDRAWALS), None)


def _verdict(
    due: Due, stop: Fact | None, warnings: Sequence[tuple[datetime, str]], confirmed: datetime
) -> tuple[State, str | None, tuple[tuple[datetime, str], ...]]:
    """Kept = done < late_from; missed = confirmed ≥ late_from and not kept (D6, D8)."""
    if stop is not None and stop.occurred < due.late_from:
        return (State.VOID if stop.type in WITHDRAWALS else State.MET), None, ()
    passed = [label for at, label in warnings if at <= confirmed]
    warned = passed[-1] if passed else None
    if confirmed >= due.late_from:
        return (State.MISSED if stop is None else State.MISSED_DONE), warned, ()
    ahead = tuple((at, label) for at, label in warnings if at > confirmed)
    return (State.WARNED if warned else State.RUNNING), warned, (*ahead, (due.late_from, MISS))


def _holdings(registration: Fact, facts: Sequence[Fact]) -> tuple[Holding, ...]:
    """In whose hands the matter was: each hand-over ends the one before; one that names only a unit has no person, one
    that names only a person stays within the unit, at first the registration's.

    A registration hands over only what nobody has yet: not what was given to somebody before its instant, and no later
    one does (the earliest wins, D4).
    """
    found: list[Holding] = []
    for fact in facts:
        if fact.type not in HAND_OVERS or (fact.unit is None and fact.person is None):
            continue
        if fact.type in REGISTRATIONS and (found or fact is not registration):
            continue
        unit = fact.unit or (found[-1].unit if found else registration.unit)
        if found:
            found[-1] = Holding(found[-1].since, fact.occurred, found[-1].unit, found[-1].person)
        found.append(Holding(fact.occurred, None, unit, fact.person))
    return tuple(h for h in found if h.until is None or h.since < h.until)
