"""What a notice changes of the calendar that this build ships, and what of it looks like a slip of the pen."""

from datetime import date, timedelta
from typing import Any

from services.deadline.calendar_files import NoticeFile, edition_of, effective_of
from services.deadline.calendars import Calendars, UnknownCalendar
from services.deadline.rules.calendar import Calendar
from services.deadline.rules.editions import difference
from services.deadline.rules.errors import BadCalendar, YearNotCovered

MOST_OFF_A_YEAR = 160
"""Weekends and holidays together; China has some 118."""


def check_notice(notice: NoticeFile) -> dict[str, Any]:
    """The years' working days before and after, each day that changes, and doubts. Raises DeadlineError where the
    notice makes no calendar."""
    at = effective_of(notice)
    edition = edition_of(notice.authority, notice.code, at, ("/duban/check", "draft"), notice.calendar)
    known = Calendars([edition])
    doubts = []
    if edition in known.ignored(notice.code):
        doubts.append(f"{notice.authority} does not own the code {notice.code}: the version would count for nothing")
        edition = edition_of(_owner(known, notice.code), notice.code, at, edition.identity, notice.calendar)
        known = Calendars([edition])
    new = known.at(notice.code, at)
    try:
        old: Calendar | None = Calendars().at(notice.code, at)
    except (UnknownCalendar, BadCalendar):
        old = None
    first, last = notice.calendar.years
    years = {str(year): {"were": _worked(old, year), "would_be": _worked(new, year)} for year in range(first, last + 1)}
    for year, days in years.items():
        length = (date(int(year) + 1, 1, 1) - date(int(year), 1, 1)).days
        if length - (days["would_be"] or 0) > MOST_OFF_A_YEAR:
            doubts.append(f"{year} would have {length - (days['would_be'] or 0)} days off")
    for day in sorted(edition.work):
        if day.weekday() not in new.weekend and (old is None or old.is_working_day(day)):
            doubts.append(f"{day} is worked anyway: it is no weekend and no day off")
    if not edition.rest and edition.whole:
        doubts.append("the notice names no day off")
    return {
        "code": new.code,
        "version": new.version,
        "working_days": years,
        "changed": _changed(old, new),
        "doubts": doubts,
    }


def _owner(known: Calendars, code: str) -> str:
    return known.editions(code)[0].authority


def _worked(calendar: Calendar | None, year: int) -> int | None:
    if calendar is None:
        return None
    days = (date(year, 1, 1) + timedelta(n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days))
    try:
        return sum(map(calendar.is_working_day, days))
    except YearNotCovered:
        return None


def _changed(old: Calendar | None, new: Calendar) -> list[dict[str, str]]:
    span = None if old is None else difference(old, new)
    if old is None or span is None:
        return []
    found = []
    for ordinal in range(span.first.toordinal(), span.last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        try:
            was, is_now = old.is_working_day(day), new.is_working_day(day)
        except YearNotCovered:
            continue
        if was != is_now:
            told = {"date": day.isoformat(), "weekday": f"{day:%a}"}
            found.append({**told, "was": _told(old, day), "would_be": _told(new, day)})
    return found


def _told(calendar: Calendar, day: date) -> str:
    return calendar.reason(day) or calendar.work_days.get(day) or "worked"
