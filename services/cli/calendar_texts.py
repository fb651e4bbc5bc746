"""Calendars and previews for people: a year as it hangs on the wall, and what a notice would move."""

from collections.abc import Iterator
from datetime import date
from itertools import zip_longest
from typing import Any

HEAD = "Mo  Tu  We  Th  Fr  Sa  Su"
WIDTH = 30
IN_A_ROW = 3
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_SAID = {
    "moved": "clocks move",
    "adverse": "of these come due earlier (adverse to whoever is to act)",
    "favourable": "of these come due later (favourable)",
    "certain": "clocks are provisional no more",
    "provisional": "clocks become provisional",
    "countable": "clocks can be counted now",
    "uncountable": "clocks cannot be counted any more",
    "warnings_appear": "warnings appear",
    "warnings_fall_away": "warnings fall away",
    "misses_appear": "misses appear",
    "misses_fall_away": "misses fall away",
    "cases_appear": "cases open",
    "cases_fall_away": "cases are withdrawn",
}


def wall_calendar(told: dict[str, Any]) -> str:
    """Twelve months, three in a row, and below them each named day."""
    days = {date.fromisoformat(day["date"]): day for day in told["days"]}
    state = "" if told["official"] else "; NOT OFFICIAL: there is no notice for all of it, dates may move"
    lines = [
        f"{told['code']} {told['year']}: {told['working_days']} working days ({told['version']}{state})",
        "休 day off   班 worked all the same   ½ half day   · weekend",
        "",
    ]
    months = [list(_month(told["year"], month, days)) for month in range(1, 13)]
    for first in range(0, 12, IN_A_ROW):
        for row in zip_longest(*months[first : first + IN_A_ROW], fillvalue=" " * WIDTH):
            lines.append("  ".join(row).rstrip())
        lines.append("")
    return "\n".join([*lines, *_named(told["days"])])


def _month(year: int, month: int, days: dict[date, dict[str, Any]]) -> Iterator[str]:
    yield f"{MONTHS[month - 1]:<{WIDTH}}"
    yield f"{HEAD:<{WIDTH}}"
    of_month = [(day, told) for day, told in days.items() if day.month == month]
    cells = ["    "] * of_month[0][0].weekday() + [_cell(day, told) for day, told in of_month]
    for first in range(0, len(cells), 7):
        week = cells[first : first + 7]
        yield "".join(week) + " " * (WIDTH - 4 * len(week))


def _cell(day: date, told: dict[str, Any]) -> str:
    """Four columns: a Chinese character takes two of them."""
    if told["worked"]:
        if day.weekday() >= 5 and "note" in told:
            return f"{day.day:2}班"
        return f"{day.day:2}½ " if "note" in told and "half" in told else f"{day.day:2}  "
    return f"{day.day:2}· " if told.get("note") == "weekend" else f"{day.day:2}休"


def _named(days: list[dict[str, Any]]) -> Iterator[str]:
    """Runs of days with one note."""
    runs: list[list[dict[str, Any]]] = []
    for day in days:
        if day.get("note") in (None, "weekend"):
            continue
        joins = runs and _next(runs[-1][-1]["date"], day["date"])
        if joins and (runs[-1][-1]["note"], runs[-1][-1]["worked"]) == (day["note"], day["worked"]):
            runs[-1].append(day)
        else:
            runs.append([day])
    for run in runs:
        until = f" to {run[-1]['date']}" if len(run) > 1 else ""
        hours = f" ({', '.join(run[0]['hours'])})" if "half" in run[0] else ""
        mark = "½ " if hours else "班" if run[0]["worked"] else "休"
        yield f"{mark} {run[0]['date']}{until}  {run[0]['note']}{hours}"


def _next(before: str, day: str) -> bool:
    return date.fromisoformat(day).toordinal() - date.fromisoformat(before).toordinal() == 1


def preview_text(told: dict[str, Any]) -> str:
    """The totals, and the first clocks."""
    lines = []
    for code, each in told["calendars"].items():
        lines.append(
            f"{code}: {each['former']} → {each['version']}; what changes lies in {each['from']} to {each['to']}"
        )
        if each.get("ignored"):
            lines.append("  this authority does not own the code: the version would be kept and count for nothing")
    if not told["calendars"]:
        lines.append("nothing changes: what the notice says is in force already")
    lines.append(
        f"{told['examined']} clocks counted anew" + ("" if told["complete"] else "; there are more: not complete")
    )
    lines += [f"{told['totals'][name]:>7} {words}" for name, words in _SAID.items() if name in told["totals"]]
    for clock in told["clocks"]:
        subject = f" {clock['subject']}" if clock["subject"] else ""
        moved = f"{clock['due']} → {clock['would_be_due']}"
        lines.append(f"  {clock['matter']} {clock['clock']}{subject}: {moved}  {', '.join(clock['effects'])}")
    return "\n".join(lines)
