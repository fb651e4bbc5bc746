"""A clock counted again by another calendar from what is stored of it, where that says all that a fold would use.

It does for a plain clock: one fact, its registration, both states its limit and starts it, and nothing has moved or
ended it. All that is known happened before its due then, and before the new one: what lies after a due, which the new
calendar might bring into the count, is not known yet. For any other clock the answer is None, and its matter is folded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from services.deadline.rules import statement
from services.deadline.rules.clock import Holding, State, Verdict, judge
from services.deadline.rules.count import Due, Start
from services.deadline.rules.course import Course, course
from services.deadline.rules.edges import WAITING
from services.deadline.rules.errors import DeadlineError
from services.deadline.rules.facts import REGISTRATIONS
from services.deadline.rules.fold import CalendarOf
from services.deadline.rules.holdings_net import net_minutes
from services.deadline.rules.limits import Limit
from services.deadline.rules.plain import LAST_YEAR, by_days
from services.deadline.rules.span import local_date, zone_of
from services.deadline.rules.stored import Stored
from services.deadline.rules.warnings import Warnings, overdue_instants, warning_instants

LimitOf = Callable[[Any], Limit | None]
"""The limit of its text; None where the text is not the one that this build would write of it."""
_SAID = frozenset({"about", "facts", "counted", "holdings"})
_SHARED = _SAID | {"net"}
_OPEN = frozenset({State.RUNNING, State.WARNED})
_ZONES = timedelta(hours=15)
"""No zone is further from UTC."""


@dataclass(frozen=True, slots=True)
class _Count:
    """What clocks of one limit that started on one day have in common. `warnings` are those after the day's begin; who
    starts before `all_ahead` has all of them before them. `verdicts` are those of whom none has passed by an instant.
    """

    due: Due
    course: Course
    counted: statement.Statement
    warnings: Warnings
    overdue: Warnings
    all_ahead: datetime | None
    verdicts: dict[datetime, Verdict]

    def verdict(self, start: Start, confirmed: datetime) -> Verdict | None:
        """None where only a fold can tell."""
        if self.all_ahead is not None and start.instant >= self.all_ahead:
            if start.on is not None:
                return None  # its instant depends on a zone that is not said here
            ahead = tuple(each for each in self.warnings if each[0] > start.instant)
            return judge(self.due, None, ahead, self.overdue, confirmed, None)
        if confirmed not in self.verdicts:
            self.verdicts[confirmed] = judge(self.due, None, self.warnings, self.overdue, confirmed, None)
        return self.verdicts[confirmed]


class Recount:
    """Counts for one batch: each limit and day once."""

    def __init__(self, calendar_of: CalendarOf, limit_of: LimitOf, now: datetime) -> None:
        self._calendar_of = calendar_of
        self._limit_of = limit_of
        self._now = now
        self._counts: dict[tuple[int, date | datetime], tuple[Limit, _Count | None]] = {}

    def again(self, row: Stored, confirmed: datetime) -> Stored | None:
        """The row as a fold of its matter would make it now; None where only a fold can tell."""
        says = row.says
        if row.state not in _OPEN or row.unconfirmed or row.miss is not None or row.late_from is None:
            return None
        if row.late_from <= self._now or len(says["facts"]) != 1:
            return None
        if says.keys() != (_SHARED if len(says["holdings"]) > 1 else _SAID):
            return None
        (fact,) = says["facts"]
        limit = self._limit_of(says["counted"]["limit"])
        if limit is None or fact["type"] not in REGISTRATIONS or not _by_itself(limit, fact["type"]):
            return None
        start = _start(fact)
        count = self._count(limit, start)
        if count is None or count.due.late_from <= self._now:
            return None
        verdict = count.verdict(start, confirmed)
        if verdict is None:
            return None
        told = {**says, "counted": count.counted}
        if "net" in says:
            net = net_minutes(limit, start, count.course, _held(says["holdings"]), self._calendar_of(limit.calendar))
            if net is None:
                return None
            told["net"] = list(net)
        return row._replace(
            state=verdict.state,
            due_on=count.due.due_on,
            late_from=count.due.late_from,
            warned=verdict.warned,
            warned_at=verdict.warned_at,
            alarms=verdict.alarms,
            says=told,
            digest=statement.digest(told),
            known=self._now,
            confirmed=confirmed,
        )

    def _count(self, limit: Limit, start: Start) -> _Count | None:
        """By the day where only that matters."""
        at: date | datetime = start.instant
        if by_days(limit):
            at = start.on or local_date(start.instant, zone_of(limit.zone))
        elif start.on is not None:
            return None
        key = id(limit), at  # the limit stays beside its count: no other one is given its id
        if key not in self._counts:
            self._counts[key] = limit, self._counted(limit, start)
        return self._counts[key][1]

    def _counted(self, limit: Limit, start: Start) -> _Count | None:
        try:
            calendar = self._calendar_of(limit.calendar)
            ran = course(limit, start, (), (), calendar)
            due = ran.due
            if due is None or (due.due_on or due.late_from).year > LAST_YEAR - 1:
                return None
            if by_days(limit):  # whoever starts later on that day leaves out what is before that
                midnight = datetime.combine(due.start_on, time.min, UTC)
                start = start._replace(instant=min(start.instant, midnight - _ZONES))
            warnings = warning_instants(limit, due, start, calendar)
            overdue = overdue_instants(limit, due, calendar)
        except DeadlineError:
            return None
        counted = statement.counted_text(limit, due, calendar.version)
        all_ahead = warnings[0][0] - _ZONES * 2 if warnings else None
        return _Count(due, ran, counted, warnings, overdue, all_ahead, {})


def _held(told: list[statement.Statement]) -> list[Holding]:
    instants = [datetime.fromisoformat(each["since"]) for each in told]
    return [Holding(since, until, None, None) for since, until in zip(instants, [*instants[1:], None], strict=True)]


@lru_cache(maxsize=1024)
def _by_itself(limit: Limit, type_: str) -> bool:
    """Whether the clock is the matter's own and starts with this fact alone."""
    return limit.per is None and type_ in limit.starts_on and not any(on.startswith(WAITING) for on in limit.starts_on)


def _start(fact: statement.Statement) -> Start:
    said: str = fact["occurred_at"]
    if "T" in said:
        return Start(datetime.fromisoformat(said), None, fact["type"])
    day = date.fromisoformat(said)
    return Start(datetime.combine(day, time.min, UTC), day, fact["type"])
