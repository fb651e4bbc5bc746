"""Pauses and extensions that nobody reported: of a what-if, and of an explanation that is counted again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.count import Start
from services.deadline.rules.course import Course, course
from services.deadline.rules.errors import BadLimit
from services.deadline.rules.explain import Explanation, explanation
from services.deadline.rules.facts import EXTENSION, Detail, Extended, Fact, Suspended
from services.deadline.rules.limits import Amount, ExtensionTerms, Limit
from services.deadline.rules.pauses import Pause
from services.deadline.rules.points import Point

GROUND = "pause"


def what_if(
    limit: Limit,
    start: Start,
    calendar: Calendar,
    pauses: Sequence[tuple[Point, Point]] = (),
    extensions: Sequence[Amount] = (),
) -> Explanation:
    """What a limit would come to with these pauses and with these extensions, each granted in time, and why. Raises as
    `course` does, and BadLimit for a pause that ends before it begins."""
    if extensions:
        terms = limit.extension or ExtensionTerms()
        limit = replace(limit, extension=replace(terms, times=len(extensions), late=True, approver=False))
    for begin, end in pauses:
        if end.at < begin.at:
            raise BadLimit("a pause ends before it begins")
    supposed = [supposed_pause(begin, end, GROUND, n) for n, (begin, end) in enumerate(pauses)]
    granted = [supposed_extension(Extended(by), start.instant, n) for n, by in enumerate(extensions)]
    return explained(limit, start, course(limit, start, supposed, granted, calendar), calendar)


def explained(limit: Limit, start: Start, ran: Course, calendar: Calendar, facts: Sequence[str] = ()) -> Explanation:
    """The explanation of a course without an open pause. Raises BadLimit of one with: there is no due to explain."""
    if ran.due is None:
        raise BadLimit("a pause has no end: there is no due")
    return explanation(limit, start, ran, ran.due, calendar, facts)


def supposed_pause(begin: Point, end: Point, ground: str, number: int, *, assumed: bool = False) -> Pause:
    """A pause from one point to another; `number` is its place among several of the same instant."""
    fact = _fact("matter.suspended", begin, number, Suspended(ground))
    return Pause(begin, end, ground, assumed, (fact,), over=end.at)


def supposed_extension(said: Extended, asked_at: datetime, number: int) -> Fact:
    """A request for extension, as it was granted."""
    return _fact(EXTENSION, Point(asked_at), number, replace(said, reason=True))


def _fact(type_: str, at: Point, number: int, detail: Detail) -> Fact:
    return Fact(type_, at.at, at.on, ("", f"{number:06}"), at.at, "", detail=detail)
