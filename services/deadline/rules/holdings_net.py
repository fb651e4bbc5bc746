"""For how long each pair of hands had a matter, in the time that its limit counts: pauses and rest days left out (R25).

Nobody carries what another sat on. A limit in days begins with its first counted day, and a pause takes its days
(begin, end] from everybody; one in hours begins with its start. What natural days and hours count is elapsed time, all
else is working time. Where a matter was in one pair of hands nothing is counted: they had all of it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from functools import lru_cache

from services.deadline.rules.calendar import Calendar, Session
from services.deadline.rules.clock import Holding
from services.deadline.rules.count import DAY_UNITS, Due, Start
from services.deadline.rules.course import Course
from services.deadline.rules.errors import DeadlineError
from services.deadline.rules.limits import Limit, StartRule, Unit
from services.deadline.rules.span import add_days, midnight, working_time_between, zone_of

_ELAPSED = frozenset({Unit.NATURAL_DAYS, Unit.MONTHS, Unit.HOURS})
_MINUTE, _DAY_LONG = timedelta(minutes=1), timedelta(days=1)
TOLD_HOLDINGS = 20
"""A miss tells the last so many hands before its due, whatever its history: it must fit into a message, and who had the
matter at the due is among them. The digest covers what is told, no more: a change further back tells nobody anything.
"""
_Stretch = tuple[datetime, datetime]


def net_minutes(
    limit: Limit, start: Start, ran: Course, held: Sequence[Holding], calendar: Calendar
) -> tuple[int, ...] | None:
    """Whole minutes, one for each of `held`; None where there is nothing to share out, or a calendar cannot say."""
    due = ran.due
    if due is None or len(held) < 2:
        return None
    first = _begin(limit, start, due)
    pauses = sorted(_pauses(limit, ran, due))
    elapsed = (limit.amount is not None and limit.amount.unit in _ELAPSED) or not calendar.sessions
    found = []
    try:
        for holding in held:
            total = timedelta()
            until = due.late_from if holding.until is None else min(holding.until, due.late_from)
            for begin, end in _without(pauses, max(holding.since, first), until):
                total += end - begin if elapsed else _worked(begin, end, calendar, limit.zone)
            found.append(total // _MINUTE)
    except DeadlineError:
        return None
    return tuple(found)


def _begin(limit: Limit, start: Start, due: Due) -> datetime:
    if limit.amount is None or limit.amount.unit not in DAY_UNITS:
        return start.instant
    first = due.counted_from if limit.start_rule is StartRule.INCLUSIVE else add_days(due.counted_from, 1)
    return midnight(first, zone_of(limit.zone))


def _pauses(limit: Limit, ran: Course, due: Due) -> Iterator[_Stretch]:
    zone = zone_of(limit.zone)
    for halt in ran.halts:
        begin, end = halt.pause.begin, halt.pause.passed
        if end is None:
            continue
        if due.due_on is None:
            yield begin.at, end.at
        else:
            yield midnight(add_days(begin.day(zone), 1), zone), midnight(add_days(end.day(zone), 1), zone)


def _without(pauses: Sequence[_Stretch], begin: datetime, end: datetime) -> Iterator[_Stretch]:
    """What is left of [begin, end) beside these stretches, which are in order of their begin."""
    for since, until in pauses:
        if since >= end:
            break
        if begin < since:
            yield begin, since
        begin = max(begin, until)
    if begin < end:
        yield begin, end


def _worked(begin: datetime, end: datetime, calendar: Calendar, zone_name: str) -> timedelta:
    """Working time in [begin, end): by the clock on the wall and the number of whole days, where all days have the same
    hours and none of it is moved by a change of summer time."""
    zone = zone_of(zone_name)
    opens, closes = begin.astimezone(zone), end.astimezone(zone)
    if opens.utcoffset() != closes.utcoffset() or calendar.weekday_sessions or calendar.half_days:
        return working_time_between(begin, end, calendar, zone)
    first, last, sessions = opens.date(), closes.date(), _on_the_wall(calendar.sessions)
    if first == last:
        return _within(sessions, opens, closes) if calendar.is_working_day(first) else timedelta()
    total = timedelta()
    if calendar.is_working_day(first):
        total += _within(sessions, opens, None)
    if calendar.is_working_day(last):
        total += _within(sessions, None, closes)
    whole = calendar.working_days_between(first, add_days(last, -1))
    return total + whole * _within(sessions, None, None)


@lru_cache(maxsize=64)
def _on_the_wall(sessions: tuple[Session, ...]) -> tuple[tuple[timedelta, timedelta], ...]:
    """Opening and closing as time since midnight; 00:00 closes the day."""
    return tuple((_of_day(opens), _of_day(closes) or _DAY_LONG) for opens, closes in sessions)


def _within(
    sessions: tuple[tuple[timedelta, timedelta], ...], begin: datetime | None, end: datetime | None
) -> timedelta:
    """Of one day's sessions what lies between two times of that day."""
    first = timedelta() if begin is None else _of_day(begin)
    last = _DAY_LONG if end is None else _of_day(end)
    spent = timedelta()
    for opens, closes in sessions:
        if first < closes and opens < last:
            spent += min(closes, last) - max(opens, first)
    return spent


def _of_day(at: datetime | time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
