"""What the demo's log must come to, counted from the file alone.

It shares nothing with the services: no calendar data, no rules, only 5 U.S.C. § 6103(a) and the twenty days of
§ 552(a)(6)(A)(i). If both agree, the numbers on the screen are right.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

LIMIT = 20
MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the log, and the last day on which it is in time."""

    id: str
    unit: str
    received: date
    closed: date
    due: date

    @property
    def late(self) -> bool:
        return self.closed > self.due


def requests(file: Path) -> list[Request]:
    """The log, in order of receipt."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        received = date.fromisoformat(row["received"])
        closed = date.fromisoformat(row["closed"])
        found.append(Request(row["id"], row["unit"], received, closed, due_of(received)))
    return sorted(found, key=lambda request: (request.received, request.id))


def due_of(received: date) -> date:
    """The twentieth day after receipt, "excepting Saturdays, Sundays, and legal public holidays"."""
    day, left = received, LIMIT
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < SATURDAY and day not in federal_holidays(day)
    return day


def federal_holidays(near: date) -> set[date]:
    """5 U.S.C. § 6103(a) with the days on which they are observed, of the years around a day."""
    found: set[date] = set()
    for year in (near.year, near.year + 1):
        fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
        if year >= 2021:
            fixed.append(date(year, 6, 19))
        found.update(_observed(day) for day in fixed)
        found.update(
            {
                _nth(year, 1, MONDAY, 3),
                _nth(year, 2, MONDAY, 3),
                _nth(year, 6, MONDAY, 1) - timedelta(days=7),
                _nth(year, 9, MONDAY, 1),
                _nth(year, 10, MONDAY, 2),
                _nth(year, 11, THURSDAY, 4),
            }
        )
    return found


def _observed(day: date) -> date:
    return day + timedelta(days={SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0))


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))
