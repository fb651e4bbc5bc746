"""When so much is left, walked backwards from the end. No time is left within a pause: its warnings come at its end."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise

from tests.oracle.days import (
    DAY,
    EPOCH,
    LEAST,
    MINUTE,
    Case,
    after_months,
    at_work,
    midnight,
    minute_of,
    on_or_before,
    span_of,
    wall,
    works,
)

Spans = list[tuple[datetime, datetime]]


def warnings(limit: Case, start: Case, calendar: Case, found: Case) -> list[tuple[datetime, str]]:
    """The warnings of a course that has an end; those between start and end only."""
    late_from, days, spans = found["late_from"], found["days"], found["spans"]
    zone = limit["zone"]
    end = late_from if found["due"] else late_from - LEAST
    last = found["due"] or wall(end, zone).date()
    told = []
    for label in limit["warnings"]:
        if label.endswith("%"):
            net = running(start["at"], late_from, spans) * int(label[:-1]) / 100
            at = back(late_from, net, spans, lambda minute: True)
        else:
            unit = label.lstrip("0123456789")
            n = int(label[: -len(unit)])
            at = left(n, unit, end, last, calendar, zone, days, spans)
        if start["at"] < at < late_from:
            told.append((at, label))
    return sorted(told)


def left(
    n: int, unit: str, end: datetime, last: date, calendar: Case, zone: str, days: set[date], spans: Spans
) -> datetime:
    """The instant at which so much is left."""
    if unit == "h":
        return back(end, span_of(n, unit), spans, lambda minute: True)
    if unit in ("wh", "min"):
        return back(end, span_of(n, unit), spans, lambda minute: at_work(calendar, minute, zone))
    if unit == "m":
        day = after_months(last, -n)
    else:
        day = on_or_before(calendar, last) if unit == "wd" else last
        while n:  # so many days are left behind the day, those of pauses left out
            n -= day not in days
            day -= DAY
            while unit == "wd" and not works(calendar, day):
                day -= DAY
    at = midnight(day, zone)
    while later := [until for since, until in spans if since <= at < until]:
        at = max(later)
    return at


def back(end: datetime, span: timedelta, spans: Spans, runs: Callable[[int], bool]) -> datetime:
    """The latest instant from which so much is left, a minute at a time."""
    at = end
    edges = sorted(edge for pair in spans for edge in pair)
    while span:
        since = max([EPOCH + minute_of(end - LEAST) * MINUTE, *(edge for edge in edges if edge < end)])
        if runs(minute_of(since)) and not any(begun <= since < until for begun, until in spans):
            piece = min(end - since, span)
            span -= piece
            at = end - piece
        end = since
    return at


def running(since: datetime, until: datetime, spans: Spans) -> timedelta:
    """The time between two instants that lies in no pause."""
    found = timedelta(0)
    edges = sorted({since, until, *(edge for pair in spans for edge in pair if since < edge < until)})
    for begun, ended in pairwise(edges):
        if not any(first <= begun < last for first, last in spans):
            found += ended - begun
    return found
