"""A year of a calendar as it hangs on a wall: what the API answers and `duban calendar show` prints."""

from datetime import date, time, timedelta
from typing import Any

from services.deadline.rules.calendar import MIDNIGHT, Calendar
from shared.events.calendars import WEEKDAYS


def year_of(calendar: Calendar, year: int) -> dict[str, Any]:
    """A year of a calendar as a wall calendar has it. Raises YearNotCovered."""
    first = date(year, 1, 1) if 1 <= year <= 9998 else date.min
    days = [first + timedelta(n) for n in range((date(first.year + 1, 1, 1) - first).days)]
    listed = [_day(calendar, day) for day in days]
    return {
        "code": calendar.code,
        "version": calendar.version,
        "year": year,
        "zone": calendar.zone,
        "official": calendar.provisional_from(first, days[-1]) is None,
        "working_days": sum(each["worked"] for each in listed),
        "days": listed,
    }


def _hours(opens: time, closes: time) -> str:
    return f"{opens:%H:%M}-{'24:00' if closes == MIDNIGHT else f'{closes:%H:%M}'}"


def _day(calendar: Calendar, day: date) -> dict[str, Any]:
    worked = calendar.is_working_day(day)
    half = calendar.half_days.get(day)
    told: dict[str, Any] = {"date": day.isoformat(), "weekday": WEEKDAYS[day.weekday()], "worked": worked}
    note = calendar.reason(day) or calendar.work_days.get(day) or (half[0] if half else None)
    if note:
        told["note"] = note
    if worked and half:
        told["half"] = True
    if worked:
        told["hours"] = [_hours(*session) for session in calendar.sessions_on(day)]
    return told
