"""By which calendars everybody counts now. It is a row for each code, so that all replicas count alike whatever they
have heard and whatever their clocks say.

    published or effective ──► the row moves to the new version ──► a recalculation for the days that changed
                                    (one transaction)                    (services.deadline.recalculation)

Who counts asks first, in its own transaction: one small statement. Whoever finds that a version has taken effect, or
that something was published, moves the rows, one after the other. A transaction that still counts by the former version
began before: the recalculation ends only when all those have ended (`settled`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from services.deadline import calendar_store
from services.deadline.calendar_store import InForce
from services.deadline.calendars import Calendars, UnknownCalendar, canonical, load
from services.deadline.calendars import known as shipped
from services.deadline.rules.calendar import Calendar, content, from_content
from services.deadline.rules.editions import difference
from services.deadline.rules.errors import BadCalendar
from shared.postgres import Connection

log = structlog.get_logger()
CalendarOf = Callable[[str], Calendar]
_by_version: dict[str, Calendar] = {}
"""A version is a digest of its content: one value for the whole process."""


async def calendars(conn: Connection, now: datetime) -> CalendarOf:
    """What everybody counts by at `now`. Raises UnknownCalendar when it is asked for another code."""
    rows, known = await calendar_store.select_in_force(conn)
    if not rows or any(r.editions != known or (r.changes_at is not None and r.changes_at <= now) for r in rows):
        rows = await move(conn, now)
    return await calendars_of(conn, rows)


async def calendars_of(conn: Connection, rows: Sequence[InForce]) -> CalendarOf:
    """The calendars of these rows, by code or alias."""
    for row in rows:
        if row.version not in _by_version and (made := await _content_of(conn, row)) is not None:
            _by_version[row.version] = made
    return lookup({row.code: _by_version[row.version] for row in rows if row.version in _by_version})


async def peek(conn: Connection) -> dict[str, Calendar]:
    """What is in force, by code; nothing is moved. Before anybody has counted: what this build ships."""
    rows, _ = await calendar_store.select_in_force(conn)
    if not rows:
        return {code: load(code) for code in Calendars().codes()}
    await calendars_of(conn, rows)
    return {row.code: _by_version[row.version] for row in rows if row.version in _by_version}


def lookup(found: Mapping[str, Calendar]) -> CalendarOf:
    """Of these calendars the one of a code or alias."""

    def calendar_of(code: str) -> Calendar:
        calendar = found.get(canonical(code))
        if calendar is None:
            raise UnknownCalendar(code, found)
        return calendar

    return calendar_of


async def move(conn: Connection, now: datetime, *, new_build: bool = False) -> list[InForce]:
    """Bring the rows up to `now` and to what is published; what is in force then. A row is left alone where neither a
    version has taken effect since it was written nor anything was published: a build that ships other data changes it
    only when it starts (`new_build`), so that two builds side by side do not undo each other."""
    await calendar_store.lock(conn)
    rows, _ = await calendar_store.select_in_force(conn)  # a new statement after the lock sees what others committed
    published = await calendar_store.select_editions(conn)
    before = {row.code: row for row in rows}
    known = Calendars(published)
    at = max([now, *(row.as_of for row in rows)])
    changes = [each for code in known.codes() if (each := known.changes_after(code, at)) is not None]
    for code in known.codes():
        old = before.get(code)
        former = None if old is None else await _content_of(conn, old)
        calendar = former
        taken_effect = old is not None and any(old.as_of < edition.effective <= at for edition in known.chain(code))
        if former is None or old is None or new_build or old.editions != len(published) or taken_effect:
            try:
                calendar = known.at(code, at)
            except (BadCalendar, UnknownCalendar) as error:  # what is in force, if anything is, stays
                log.error("calendar_cannot_be_made", code=code, reason=str(error))
        if calendar is None:
            continue
        before[code] = InForce(code, calendar.version, at, min(changes, default=None), len(published))
        _by_version[calendar.version] = calendar
        await calendar_store.save_in_force(conn, before[code], content(calendar))
        if old is None and code in shipped():  # the first look: what a former build counted it counted by its own
            continue
        if calendar != former and (days := difference(former, calendar)) is not None:
            was = None if old is None else old.version
            await calendar_store.begin_recalculation(conn, code, calendar.version, was, days, now)
            log.info("calendar_in_force", code=code, version=calendar.version, former=was)
    return [before[code] for code in sorted(before)]


async def _content_of(conn: Connection, old: InForce) -> Calendar | None:
    if old.version in _by_version:
        return _by_version[old.version]
    told = await calendar_store.select_content(conn, old.code, old.version)
    return None if told is None else from_content(told)
