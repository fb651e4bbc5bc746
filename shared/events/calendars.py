"""The content of `calendar.published`: one version of a working calendar, as an authority's notice states it (R3).

The event's field `calendar` holds it; its subject is `authority/code`, and its `occurred_at` is the effective instant
of publication: from then on the version counts, whenever it arrives (D4). Of several versions the later one wins, day
by day. Whether a version agrees with the others of its code is found out where they are put together, not here.
"""

from datetime import date, time
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from shared.events.base import EARLIEST, LATEST, LocalTime, Model, Name, Text, Zone

MOST_DAYS = 1000
"""Days named in one version; a notice names some fifty for a year."""


def _day(value: object) -> date:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else None
        except ValueError:  # its message repeats the input
            value = None
    if type(value) is not date or not EARLIEST <= value < LATEST:
        raise ValueError(f"is not a day such as 2026-01-28, from {EARLIEST} on and before {LATEST}")
    return value


Day = Annotated[
    date,
    PlainValidator(_day),
    WithJsonSchema({"type": "string", "format": "date"}),
    PlainSerializer(date.isoformat),
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Monday is 0, as in Python."""
Year = Annotated[int, Field(ge=EARLIEST.year, lt=LATEST.year)]


class Hours(Model):
    """A stretch of working time on the wall, [opens, closes). The last one of a day may close at 00:00: at its end."""

    opens: LocalTime
    closes: LocalTime


Sessions = Annotated[tuple[Hours, ...], Field(min_length=1, max_length=12)]
"""In order and apart: the gaps between them are breaks."""


def in_order(sessions: tuple[Hours, ...]) -> bool:
    """Whether each session ends after it begins and before the next one begins."""
    edges = [edge for each in sessions for edge in (each.opens, each.closes)]
    if edges and edges[-1] == time(0):
        edges[-1] = time.max
    return all(earlier < later for earlier, later in pairwise(edges))


class RestDays(Model):
    """Days off 休, both ends included; one day where `to` is absent."""

    since: Day
    to: Day | None = None
    name: Text


class WorkDay(Model):
    """A day that is worked though its weekday or a former version says otherwise 班."""

    on: Day
    name: Text


class HalfDay(Model):
    """A working day with other working hours than its weekday has: it counts as a day, and its hours as they are."""

    on: Day
    name: Text
    sessions: Sessions


class WeekdayHours(Model):
    """Working hours of one weekday that has other ones than the rest."""

    weekday: Weekday
    sessions: Sessions


class CalendarVersion(Model):
    """What one notice says. A `notice` states its years whole: nothing of a former version stays in them. An
    `amendment` states only the days it names. What else is absent stays as the former version of the code has it; a
    code's first version needs `zone` and `weekend`, or `base`.
    """

    kind: Literal["notice", "amendment"] = "notice"
    years: tuple[Year, Year] = Field(description="First and last year that the notice is about.")
    source: Text = Field(description="The notice: who, number, date, address.")
    name: Text | None = Field(default=None, description="What people call the calendar.")
    base: Name | None = Field(default=None, description="Code of the calendar that this one adds to: a region's.")
    zone: Zone | None = None
    weekend: tuple[Weekday, ...] | None = Field(default=None, max_length=6)
    sessions: Sessions | None = Field(default=None, description="Working hours; breaks are the gaps.")
    weekday_sessions: tuple[WeekdayHours, ...] | None = Field(default=None, max_length=7)
    rest: tuple[RestDays, ...] = Field(default=(), max_length=MOST_DAYS)
    work: tuple[WorkDay, ...] = Field(default=(), max_length=MOST_DAYS)
    half_days: tuple[HalfDay, ...] = Field(default=(), max_length=MOST_DAYS)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "CalendarVersion":
        first, last = self.years
        if last < first:
            raise ValueError("the last of `years` comes before the first")
        rest: set[date] = set()
        for span in self.rest:
            since, to = span.since, span.to or span.since
            if to < since or (to - since).days >= MOST_DAYS:
                raise ValueError("a span of `rest` ends before it begins, or is too long")
            rest |= {date.fromordinal(day) for day in range(since.toordinal(), to.toordinal() + 1)}
        work = {each.on for each in self.work} | {each.on for each in self.half_days}
        if not all(first - 1 <= day.year <= last for day in rest | work):
            raise ValueError("a day lies outside of `years`, the December before them included")
        if rest & work:
            raise ValueError("a day is both off and worked")
        hours = [each.sessions for each in self.half_days] + [each.sessions for each in self.weekday_sessions or ()]
        hours.append(self.sessions or ())
        if not all(map(in_order, hours)):
            raise ValueError("working hours are not in order, or overlap")
        if self.kind == "amendment" and not (rest or work):
            raise ValueError("an amendment names no day")
        return self
