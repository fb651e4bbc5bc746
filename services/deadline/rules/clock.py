"""One clock as computed, and its verdict.

not_started ──start──► running ──warning──► warned ──late_from──► missed ──stop──► missed_done
                        ▲   │ suspended        │ stop                    (a stop at or after late_from: missed_done)
                resumed │   ▼                  ▼
                       paused ──── stop ────► met ;  void where it is withdrawn, or its pause has lapsed
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.conduct import NO_TEAM, Act, Team
from services.deadline.rules.count import Due, Start
from services.deadline.rules.course import Course
from services.deadline.rules.facts import WITHDRAWALS, Fact
from services.deadline.rules.limits import Limit
from services.deadline.rules.pauses import Finding, Pause
from services.deadline.rules.warnings import Warnings

MISS = "miss"
"""The label of the alarm at `late_from`."""


class State(StrEnum):
    """Of a clock; the words of the public surface."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    PAUSED = "paused"
    WARNED = "warned"
    MET = "met"
    MISSED = "missed"
    MISSED_DONE = "missed_done"
    VOID = "void"


LATE = frozenset({State.MISSED, State.MISSED_DONE})


class Holding(NamedTuple):
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


class Verdict(NamedTuple):
    """What has become of a clock. `warned` is the last that was told of it, `alarms` what lies ahead, `late_from`
    included. `unconfirmed`: it is late, but its publisher has not said that all up to then is sent (D8). `warned_at` is
    when what was last told was due.
    """

    state: State
    warned: str | None = None
    alarms: Warnings = ()
    unconfirmed: bool = False
    warned_at: datetime | None = None


NOT_STARTED = Verdict(State.NOT_STARTED)


class Clock(NamedTuple):
    """One clock as computed. `facts` are the one that states the limit, the one that started it and those that moved
    its due; `holdings` reach up to `late_from`. `problem` says why the limit cannot be counted; `calendar` is the one
    counted with, None where there is none. `pause` is the one in which it stands still now, `lapsed` the one by which
    it ended. `waited_for`: another clock starts with its late end. `acts` and `team` are as of just before `late_from`.
    """

    name: str
    subject: str
    limit: Limit
    verdict: Verdict
    start: Start | None
    course: Course | None
    problem: str | None
    calendar: Calendar | None
    stop: Stop | None
    pause: Pause | None
    lapsed: Pause | None
    findings: tuple[Finding, ...]
    waited_for: bool
    facts: tuple[Fact, ...]
    holdings: tuple[Holding, ...]
    item: str | None
    unit: str | None
    origin: str
    urgent: bool = False
    acts: tuple[Act, ...] = ()
    team: Team = NO_TEAM

    @property
    def due(self) -> Due | None:
        return self.course.due if self.course is not None else None

    @property
    def state(self) -> State:
        return self.verdict.state

    @property
    def warned(self) -> str | None:
        return self.verdict.warned

    @property
    def alarms(self) -> Warnings:
        return self.verdict.alarms

    @property
    def deemed(self) -> bool:
        """Whether silence has become an answer."""
        return self.limit.on_expiry is not None and self.state in LATE


Heard = Mapping[str, datetime]
"""Up to when each source has sent everything (D8); a source that is not among them does not say."""
EVERYBODY: Heard = MappingProxyType({})
"""What was heard where no source says how far it has sent: all are taken to have."""


@dataclass(frozen=True, slots=True)
class Instants:
    """When it is for a matter. Nothing after `now` is known (D7). Up to `confirmed` all that was sent is read: nothing
    is warned of or missed beyond, nor missed beyond what its source was `heard` to have sent (D8).
    """

    now: datetime
    confirmed: datetime
    heard: Heard


def judge(
    due: Due, stop: Fact | None, warnings: Warnings, overdue: Warnings, confirmed: datetime, heard: datetime | None
) -> Verdict:
    """Kept = done < late_from; missed = confirmed ≥ late_from and not kept (D6); but nobody is named while the source
    is `heard` to have sent less than that (D8). None: it does not say, or a person has confirmed the miss."""
    if stop is not None and stop.occurred < due.late_from:
        return Verdict(State.VOID if stop.type in WITHDRAWALS else State.MET)
    passed = [each for each in warnings if each[0] <= confirmed]
    at, warned = passed[-1] if passed else (None, None)
    if confirmed >= due.late_from:
        if heard is None or heard >= due.late_from:
            return _late(stop, (at, warned), overdue, confirmed)
        return Verdict(State.WARNED if warned else State.RUNNING, warned, (), unconfirmed=True, warned_at=at)
    ahead = tuple((instant, label) for instant, label in warnings if instant > confirmed)
    alarms = *ahead, (due.late_from, MISS), *overdue
    return Verdict(State.WARNED if warned else State.RUNNING, warned, alarms, warned_at=at)


def _late(
    stop: Fact | None, warned: tuple[datetime | None, str | None], overdue: Warnings, confirmed: datetime
) -> Verdict:
    """What is told again after a miss is told while nothing is done."""
    if stop is not None:
        told = [each for each in overdue if each[0] <= min(confirmed, stop.occurred)]
        at, label = told[-1] if told else warned
        return Verdict(State.MISSED_DONE, label, warned_at=at)
    told = [each for each in overdue if each[0] <= confirmed]
    ahead = tuple((instant, label) for instant, label in overdue if instant > confirmed)
    at, label = told[-1] if told else warned
    return Verdict(State.MISSED, label, ahead, warned_at=at)
