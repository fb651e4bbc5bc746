"""Which calendar counts at an instant: the editions of a code that are published by then, put together (R3, D4).

An edition counts from its effective instant on, whenever it arrives. Of two that speak of the same day the one that
took effect later wins; at the same instant the greater identity. A code belongs to the authority that ships it, else to
that of its first edition: what others publish under it is kept and counts for nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from services.deadline.rules.calendar import Calendar, HalfDay, Session, content_version
from services.deadline.rules.errors import BadCalendar, YearNotCovered
from services.deadline.rules.span import add_days

Identity = tuple[str, str]
LONGEST_REST_DAYS = 40
"""No calendar rests for longer in one piece."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One notice. A whole one replaces all that was said of its `years`, an amendment only the days that it names;
    what is None stays as it was. `base` makes the code a layer over another one: a region's.
    """

    authority: str
    code: str
    effective: datetime
    identity: Identity
    whole: bool
    years: tuple[int, int]
    source: str
    base: str | None = None
    zone: str | None = None
    weekend: frozenset[int] | None = None
    sessions: tuple[Session, ...] | None = None
    weekday_sessions: Mapping[int, tuple[Session, ...]] | None = None
    rest: Mapping[date, str] = field(default_factory=dict)
    work: Mapping[date, str] = field(default_factory=dict)
    half_days: Mapping[date, HalfDay] = field(default_factory=dict)

    @property
    def order(self) -> tuple[datetime, Identity]:
        return self.effective, self.identity


@dataclass(frozen=True, slots=True)
class Shipped:
    """What a build brings for a code: a calendar that needs no notice (statutes and projections), and the notices."""

    authority: str
    calendar: Calendar
    editions: tuple[Edition, ...]


def counting(editions: Iterable[Edition], owner: str | None, at: datetime | None) -> list[Edition]:
    """The editions of one code that count at that instant (None: all there are), in order."""
    ordered = sorted(editions, key=lambda edition: edition.order)
    owner = owner or (ordered[0].authority if ordered else None)
    return [each for each in ordered if each.authority == owner and (at is None or each.effective <= at)]


def base_of(editions: Sequence[Edition]) -> str | None:
    """The code that a layer lies over, as the last edition that names one says."""
    return next((edition.base for edition in reversed(editions) if edition.base is not None), None)


def effect(code: str, shipped: Calendar | None, editions: Sequence[Edition], under: Calendar | None) -> Calendar:
    """The calendar that these editions, in order, make of what is shipped, or over the calendar `under` a layer. Raises
    BadCalendar where they make none."""
    if shipped is not None:
        return _edited(shipped, editions)
    if not editions:
        raise BadCalendar(f"calendar {code}: nothing is published of it yet")
    if under is None:
        return _edited(_first(code, editions[0]), editions)
    layer = _edited(replace(under, code=code, rest_days={}, work_days={}, half_days={}), editions)
    over = replace(layer, rest_days=under.rest_days, work_days=under.work_days, half_days=under.half_days)
    made = _amended(over, layer.rest_days, layer.work_days, layer.half_days)
    return _versioned(replace(made, covers=under.covers, published=under.published))


def _first(code: str, edition: Edition) -> Calendar:
    if edition.zone is None or edition.weekend is None or not edition.whole:
        raise BadCalendar(f"calendar {code}: its first version needs `zone` and `weekend`, or `base`, and whole years")
    return Calendar(
        code=code,
        version="",
        zone=edition.zone,
        weekend=edition.weekend,
        rest_days={},
        work_days={},
        covers=edition.years,
        published=edition.years,
    )


def _edited(calendar: Calendar, editions: Sequence[Edition]) -> Calendar:
    stated = set(range(calendar.published[0], calendar.published[1] + 1))
    for edition in editions:
        first, last = edition.years
        if edition.whole:
            stated |= set(range(first, last + 1))
            calendar = _without(calendar, first, last)
        calendar = _amended(calendar, edition.rest, edition.work, edition.half_days)
        calendar = replace(
            calendar,
            covers=(min(calendar.covers[0], first), max(calendar.covers[1], last)),
            zone=edition.zone or calendar.zone,
            weekend=calendar.weekend if edition.weekend is None else edition.weekend,
            sessions=calendar.sessions if edition.sessions is None else edition.sessions,
            weekday_sessions=calendar.weekday_sessions
            if edition.weekday_sessions is None
            else edition.weekday_sessions,
        )
    since = until = calendar.published[0]
    while since - 1 in stated:
        since -= 1
    while until + 1 in stated:
        until += 1
    return _versioned(replace(calendar, published=(since, until)))


def _without(calendar: Calendar, first: int, last: int) -> Calendar:
    """Nothing said of these years."""
    return replace(
        calendar,
        rest_days={day: name for day, name in calendar.rest_days.items() if not first <= day.year <= last},
        work_days={day: name for day, name in calendar.work_days.items() if not first <= day.year <= last},
        half_days={day: half for day, half in calendar.half_days.items() if not first <= day.year <= last},
    )


def _amended(
    calendar: Calendar, rest: Mapping[date, str], work: Mapping[date, str], half_days: Mapping[date, HalfDay]
) -> Calendar:
    """A day named here loses what it was. Work on a day that is no weekend only takes its rest away."""
    made_up = {day: name for day, name in work.items() if day.weekday() in calendar.weekend}
    return replace(
        calendar,
        rest_days={day: name for day, name in calendar.rest_days.items() if day not in work} | dict(rest),
        work_days={day: name for day, name in calendar.work_days.items() if day not in rest} | made_up,
        half_days={day: half for day, half in calendar.half_days.items() if day not in rest and day not in work}
        | dict(half_days),
    )


def _versioned(calendar: Calendar) -> Calendar:
    return replace(calendar, version=content_version(calendar))


@dataclass(frozen=True, slots=True)
class Difference:
    """What a clock must touch to be counted otherwise: days from `first` to `last`, both included. `wider`: years are
    covered that were not, so what could not be counted may be now. Who rolled back over one of them ended on
    `rolled_from` or later: the last day worked before them."""

    first: date
    last: date
    wider: bool
    rolled_from: date


def difference(old: Calendar | None, new: Calendar) -> Difference | None:
    """The days on which two calendars differ, or on which one is published and the other is not; None where there are
    none. Without an old one, or with another zone, weekend or hours, it is all days."""
    if old is None or (old.zone, old.sessions, old.weekend) != (new.zone, new.sessions, new.weekend):
        return _all_days(new)
    if old.weekday_sessions != new.weekday_sessions:
        return _all_days(new)
    changed = [
        day
        for before, after in (
            (old.rest_days, new.rest_days),
            (old.work_days, new.work_days),
            (old.half_days, new.half_days),
        )
        for day in before.keys() | after.keys()
        if before.get(day) != after.get(day)
    ]
    for before, after in ((old.published, new.published), (old.covers, new.covers)):
        for year in set(range(before[0], before[1] + 1)) ^ set(range(after[0], after[1] + 1)):
            changed += [date(year, 1, 1), date(year, 12, 31)]
    if not changed:
        return None
    wider = not (old.covers[0] <= new.covers[0] and new.covers[1] <= old.covers[1])
    return Difference(min(changed), max(changed), wider, _worked_before(old, min(changed)))


def _all_days(calendar: Calendar) -> Difference:
    first, last = date(calendar.covers[0], 1, 1), date(calendar.covers[1], 12, 31)
    return Difference(first, last, wider=True, rolled_from=add_days(first, -LONGEST_REST_DAYS))


def _worked_before(calendar: Calendar, day: date) -> date:
    try:
        return calendar.on_or_before(add_days(day, -1))
    except YearNotCovered:
        return add_days(day, -LONGEST_REST_DAYS)
