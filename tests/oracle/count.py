"""The plain count, walked: start rule, cut-off, amount, roll, end of day, the second limit, warnings (R1 to R4, D6).

A limit is a dict: `amount` (n, unit) or `at` (a day or an instant), `start_rule`, `roll`, `zone`, `day_ends`,
`cut_off`, `choose`, `second`, `warnings`. A start is a dict: `at`, and `on` where only the day is known.
"""

from datetime import UTC, date, datetime, timedelta

from tests.oracle.days import (
    DAY,
    LEAST,
    Case,
    after_months,
    after_working_days,
    after_working_time,
    day_over,
    midnight,
    on_or_after,
    on_or_before,
    span_of,
    wall,
)

DAYS = ("wd", "d", "m")


def start_day(limit: Case, start: Case, calendar: Case) -> date:
    """The day of receipt: what comes at or after the cut-off hour comes on the next working day (R4)."""
    if start["on"] is not None:
        day: date = start["on"]
        return day
    there = wall(start["at"], limit["zone"])
    if limit["cut_off"] is not None and there.time() >= limit["cut_off"]:
        return on_or_after(calendar, there.date() + DAY)
    return there.date()


def first_day(limit: Case, start: Case, calendar: Case) -> date:
    """Day 0, or day 1 where the day of receipt counts (R1, R4)."""
    first = start_day(limit, start, calendar)
    if limit["amount"] is None:
        return first
    inclusive = limit["start_rule"] == "inclusive" and limit["amount"][1] == "wd"
    return on_or_after(calendar, first) if inclusive or limit["start_rule"] == "roll" else first


def begin(limit: Case, start: Case, calendar: Case) -> datetime:
    """The instant hours are counted from: the start, or 00:00 of the day that cut-off or roll put it on."""
    there = start["on"] or wall(start["at"], limit["zone"]).date()
    day = start_day(limit, start, calendar)
    if limit["start_rule"] == "roll":
        day = on_or_after(calendar, day)
    at: datetime = start["at"]
    return midnight(day, limit["zone"]) if day != there else at


def nominal(limit: Case, start: Case, calendar: Case) -> date | datetime:
    """The last day before it rolls, or the last instant."""
    if limit["amount"] is None:
        at: date | datetime = limit["at"]
        return at
    n, unit = limit["amount"]
    if unit == "h":
        return begin(limit, start, calendar) + timedelta(hours=n)
    if unit not in DAYS:
        return after_working_time(calendar, begin(limit, start, calendar), span_of(n, unit), limit["zone"])
    inclusive = bool(limit["start_rule"] == "inclusive")
    first: date = first_day(limit, start, calendar)
    if unit == "wd":
        return after_working_days(calendar, first, n - 1 if inclusive else n)
    last: date = first + (n - 1 if inclusive else n) * DAY if unit == "d" else after_months(first, n)
    if unit == "d":
        return last
    return last - DAY if inclusive and last.day == first.day else last


def rolled(limit: Case, last: date, calendar: Case) -> date:
    """R1: a last day of rest moves, where the limit says so; working days end on one."""
    if limit["roll"] == "next":
        return on_or_after(calendar, last)
    return on_or_before(calendar, last) if limit["roll"] == "previous" else last


def ends(limit: Case, last: date | datetime, calendar: Case) -> tuple[date | None, datetime]:
    """The due day, if there is one, and the first instant that is too late (D6)."""
    if isinstance(last, datetime):
        return None, last.astimezone(UTC) + LEAST
    if limit["amount"] is None or limit["amount"][1] != "wd":
        last = rolled(limit, last, calendar)
    return last, day_over(last, limit["day_ends"], limit["zone"])


def second(limit: Case, start: Case, calendar: Case) -> tuple[date | None, datetime] | None:
    """The other of two limits, counted by itself."""
    if limit["choose"] is None:
        return None
    other = limit | {"choose": None, "second": None} | limit["second"]
    return ends(other, nominal(other, start, calendar), calendar)


def chosen(
    limit: Case, one: tuple[date | None, datetime], other: tuple[date | None, datetime] | None
) -> tuple[date | None, datetime]:
    """The earlier or the later of two; the limit itself where they are the same."""
    if other is None:
        return one
    if limit["choose"] == "earlier":
        return other if other[1] < one[1] else one
    return other if other[1] > one[1] else one


def due(limit: Case, start: Case, calendar: Case) -> tuple[date | None, datetime]:
    """When the limit ends if nothing pauses or extends it."""
    one = ends(limit, nominal(limit, start, calendar), calendar)
    return chosen(limit, one, second(limit, start, calendar))
