"""The fold: all clocks of a matter from all of its facts (D1 of architecture). No storage, no arrival order, no clock.

Facts after `now` are not known yet (D7); nothing is warned of or missed beyond what the publishers' feeds are known to
have told (D8). A stop is taken into account whatever its place (D4).

A limit that cannot be counted is never guessed and stops nothing else: its clock has not started, and says why.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.clock import (
    EVERYBODY,
    NOT_STARTED,
    Clock,
    Heard,
    Instants,
    State,
    Stop,
    Verdict,
    judge,
)
from services.deadline.rules.conduct import CONDUCT, NOTHING_DONE, conduct_of
from services.deadline.rules.count import Due
from services.deadline.rules.course import Course, course
from services.deadline.rules.duties import clocks_of_case
from services.deadline.rules.edges import Begun, begun_by, stop_of, waited_for, waiting
from services.deadline.rules.errors import BadLimit, DeadlineError
from services.deadline.rules.extensions import concerns
from services.deadline.rules.facts import (
    AMENDED,
    CONFIRMATION,
    CORRECTION_REQUESTED,
    EXTENSION,
    REGISTRATIONS,
    RESUMPTIONS,
    SUSPENSIONS,
    WITHDRAWALS,
    Confirmed,
    Fact,
    Told,
    disclosed,
    effective,
    order,
)
from services.deadline.rules.findings import doer, found, too_late
from services.deadline.rules.holdings import holdings_of_part, holdings_of_whole
from services.deadline.rules.limits import Limit
from services.deadline.rules.parts import STAGE, Stated, clocks_stated
from services.deadline.rules.pauses import Finding, Pause, interruptions, pauses_of
from services.deadline.rules.plain import plain, within_years
from services.deadline.rules.warnings import overdue_instants, warning_instants

CalendarOf = Callable[[str], Calendar]
_PAUSING = SUSPENSIONS | RESUMPTIONS
_since = attrgetter("since")


@dataclass(frozen=True, slots=True)
class Folded:
    """All clocks, and when to fold again: because a fact lies ahead (D7), or because a pause will have ended or lasted
    too long by then. `registered` are the subjects that have a registration: the matter, its cases.
    """

    clocks: tuple[Clock, ...]
    registered: frozenset[str]
    refold_at: datetime | None


def fold(
    facts: Sequence[Fact],
    calendar_of: CalendarOf,
    now: datetime,
    confirmed: datetime,
    heard: Heard = EVERYBODY,
) -> Folded:
    """All clocks of one matter. `calendar_of` gives the calendar of a code, or raises DeadlineError. Up to `confirmed`
    all that was sent is read; `heard` is up to when the sources have sent everything, where they say so (D8).
    """
    at = Instants(now, confirmed, heard)
    known = effective(disclosed(facts))
    again: list[datetime] = []
    if known and known[-1].occurred > at.now:
        again = [fact.occurred for fact in known if fact.occurred > at.now]
        known = known[: -len(again)]
    registered = frozenset([fact.subject for fact in known if fact.type in REGISTRATIONS])
    clocks: list[Clock] = []
    for subject in sorted(registered):
        told = Told([fact for fact in known if fact.subject == subject])
        part = _Part(told, subject, calendar_of, at)
        clocks += part.clocks()
        again += part.again
    return Folded(tuple(clocks), registered, min(again, default=None))


class _Part:
    """The clocks of one subject, a matter or a case, while they are folded: each once, after those it waits for."""

    def __init__(self, told: Told, subject: str, calendar_of: CalendarOf, at: Instants) -> None:
        facts = told.facts
        self._facts = facts
        self._calendar_of = calendar_of
        self._at = at
        self._registration = next(fact for fact in facts if fact.type in REGISTRATIONS)
        stated = clocks_of_case if subject else clocks_stated
        self._stated = stated(self._registration, told, subject)
        self._interruptions, self._stray = interruptions(facts) if told.has(_PAUSING) else ([], [])
        self._extensions = [fact for fact in facts if fact.type == EXTENSION] if EXTENSION in told.first else []
        apart = {stated.subject for stated in self._stated if stated.limit.per == STAGE}
        self._holdings = holdings_of_whole(self._registration, facts, apart)
        self._conduct = conduct_of(facts) if self._registration.detail is not None or told.has(CONDUCT) else None
        self._done: dict[tuple[str, str], Clock] = {}
        self._under_way: set[tuple[str, str]] = set()
        self._waited_for = {name for stated in self._stated for name in waited_for(stated.limit)}
        self.again: list[datetime] = []

    def clocks(self) -> list[Clock]:
        """All of them, by name and subject."""
        return [self._clock(stated) for stated in self._stated]

    def _clock(self, stated: Stated) -> Clock:
        key = stated.name, stated.subject
        if key not in self._done:
            self._done[key] = self._folded(stated)
        return self._done[key]

    def _folded(self, stated: Stated) -> Clock:
        limit = stated.limit
        stopped = stop_of(limit, stated.told)
        ran = _NOT_RUN
        begun = problem = calendar = None
        try:
            calendar = self._calendar_of(limit.calendar)
            begun = begun_by(limit, stated.told, stopped, self._waits_for(stated))
            if begun is not None:
                ran = self._run(stated, begun, stopped, calendar)
        except DeadlineError as error:
            problem = str(error)
        due = ran.course.due if ran.course is not None else None
        held = holdings_of_part(self._registration, self._holdings, stated.own) if stated.own else self._holdings
        if due is not None and held and held[-1].since >= due.late_from:
            held = held[: bisect_left(held, due.late_from, key=_since)]
        acts, team = NOTHING_DONE if self._conduct is None or due is None else self._conduct.before(due.late_from)
        rests_on: tuple[Fact, ...] = (stated.stated_by,)
        if begun is not None and begun.fact is not stated.stated_by:
            rests_on = (stated.stated_by, begun.fact)
        if ran.course is not None and (moved_by := ran.course.facts):
            rests_on += tuple(fact for fact in moved_by if fact not in rests_on)
        return Clock(
            name=limit.clock,
            subject=stated.subject,
            limit=limit,
            verdict=ran.verdict,
            start=None if begun is None else begun.start,
            course=ran.course,
            problem=problem,
            calendar=calendar,
            stop=None if stopped is None else Stop(stopped.occurred, stopped.on, stopped.type in WITHDRAWALS, stopped),
            pause=ran.pause,
            lapsed=ran.lapsed,
            findings=self._told(ran.findings, stated),
            waited_for=stated.name in self._waited_for,
            facts=rests_on,
            holdings=held,
            item=self._registration.item,
            unit=held[-1].unit if held else self._registration.unit,
            origin=self._registration.origin,
            urgent=self._registration.urgent,
            acts=acts,
            team=team,
        )

    def _run(self, stated: Stated, begun: Begun, stopped: Fact | None, calendar: Calendar) -> "Ran":
        limit, start = stated.limit, begun.start
        pauses, findings = pauses_of(limit, self._interruptions, stopped, calendar, self._at.now)
        if limit.pauses:
            findings += self._stray
        findings += _repeated_notices(limit, stated.told.facts)
        if limit.finds:
            findings += found(limit, stated.told.facts, self._registration)
        if AMENDED in stated.told.first:
            findings += too_late(limit, stated.told.facts)
        extensions = [fact for fact in self._extensions if concerns(limit, fact)]
        if extensions and begun.fact.type in limit.restarts_on:
            extensions = [fact for fact in extensions if order(fact) > order(begun.fact)]
        if not pauses and not extensions:
            alone = plain(limit, start, calendar)
            heard = self._heard(stated, alone.due)
            warnings = alone.warnings_after(start.instant)
            verdict = judge(alone.due, stopped, warnings, alone.overdue, self._at.confirmed, heard)
            return Ran(alone.course, verdict, findings)
        ran = course(limit, start, pauses, extensions, calendar)
        if ran.due is not None:
            within_years(limit, ran.due)
        findings += ran.findings
        counted = [halt.pause for halt in ran.halts] + ([ran.open] if ran.open is not None else [])
        lapsed = self._lapsed(counted, stopped)
        if lapsed is not None:
            return Ran(ran, Verdict(State.VOID), findings, lapsed=lapsed)
        pause = None if stopped is not None else self._standing(counted)
        if ran.due is None:
            return Ran(ran, Verdict(State.PAUSED), findings, pause)
        warnings = warning_instants(limit, ran.due, start, calendar, counted)
        heard = self._heard(stated, ran.due)
        overdue = overdue_instants(limit, ran.due, calendar)
        verdict = judge(ran.due, stopped, warnings, overdue, self._at.confirmed, heard)
        if pause is not None and verdict.state in (State.RUNNING, State.WARNED):
            verdict = verdict._replace(state=State.PAUSED)
        return Ran(ran, verdict, findings, pause)

    def _told(self, findings: Sequence[Finding], stated: Stated) -> tuple[Finding, ...]:
        """Each with whose act it is."""
        if not findings:
            return ()
        held = holdings_of_part(self._registration, self._holdings, stated.own) if stated.own else self._holdings
        return tuple(replace(each, by=doer(each.fact, self._registration, held)) for each in findings)

    def _heard(self, stated: Stated, due: Due) -> datetime | None:
        """Up to when the clock's source has sent everything; None where nobody waits for it: a case's facts are ours, a
        source may not say, and a person may have confirmed the miss. One that was confirmed before the limit, as it
        stands now, had passed was another one.
        """
        if not self._at.heard or self._registration.subject:
            return None
        said = Confirmed(stated.limit.clock, stated.subject)
        sworn = (fact for fact in self._facts if fact.type == CONFIRMATION and fact.occurred >= due.late_from)
        if any(fact.detail == said for fact in sworn):
            return None
        return self._at.heard.get(stated.stated_by.identity[0])

    def _lapsed(self, counted: Sequence[Pause], stopped: Fact | None) -> Pause | None:
        """The pause that ended the clock, by lasting longer than it may."""
        lapsed = []
        for pause in counted:
            if pause.lapses is None:
                continue
            if pause.lapses > self._at.now:
                self.again.append(pause.lapses)
            elif pause.closes and (stopped is None or stopped.occurred >= pause.lapses):
                lapsed.append((pause.lapses, pause))
        return min(lapsed, key=lambda each: each[0])[1] if lapsed else None

    def _standing(self, counted: Sequence[Pause]) -> Pause | None:
        """The pause in which the clock stands still now."""
        standing = next((pause for pause in counted if pause.covers(self._at.now)), None)
        if standing is not None and standing.over is not None:
            self.again.append(standing.over)
        return standing

    def _waits_for(self, stated: Stated) -> list[tuple[str, Clock]]:
        """The clocks that this one starts with, and how. Raises BadLimit where they wait for each other."""
        key = stated.name, stated.subject
        names = waiting(stated.limit.starts_on)
        if not names:
            return []
        if key in self._under_way:
            raise BadLimit(f"limit {stated.name} waits for itself")
        self._under_way.add(key)
        found = [
            (how, self._clock(each))
            for how, name in names
            for each in self._stated
            if each.name == name and each.subject in (stated.subject, self._registration.subject)
        ]
        self._under_way.discard(key)
        return found


@dataclass(slots=True)
class Ran:
    """What became of a clock that has started; nothing of one that has not."""

    course: Course | None = None
    verdict: Verdict = NOT_STARTED
    findings: Sequence[Finding] = ()
    pause: Pause | None = None
    lapsed: Pause | None = None


_NOT_RUN = Ran()


def _repeated_notices(limit: Limit, facts: Sequence[Fact]) -> list[Finding]:
    """All that is missing is told at once (R5): a second notice is a violation."""
    if CORRECTION_REQUESTED not in limit.stops_on:
        return []
    told = [fact for fact in facts if fact.type == CORRECTION_REQUESTED]
    return [Finding("repeated-correction-notice", "what is missing was told before", fact) for fact in told[1:]]
