"""Days off and make-up workdays as the `holidays` library has them, with their names in several languages."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Protocol

MAKE_UP = "make-up workday 班"
_SUBSTITUTED = re.compile(r"\D*(\d\d)/(\d\d)/(\d{4})\D*")


class Wanted(Protocol):
    """Which data: a country's, in these languages."""

    @property
    def country(self) -> str: ...
    @property
    def subdivision(self) -> str | None: ...
    @property
    def languages(self) -> tuple[str, ...]: ...
    @property
    def statutory_from(self) -> int | None: ...


def library_days(wanted: Wanted, covers: tuple[int, int]) -> tuple[dict[date, str], dict[date, str]]:
    """The library's rest days and make-up workdays within the covered years, with their names. From `statutory_from`
    on without what single years had by a notice of their own."""
    first, last = covers
    if wanted.statutory_from is None:
        return _days(wanted, first, last, noticed=True)
    rest, work = _days(wanted, first, wanted.statutory_from - 1, noticed=True)
    later, _ = _days(wanted, wanted.statutory_from, last, noticed=False)
    return rest | later, work


def _days(wanted: Wanted, first: int, last: int, *, noticed: bool) -> tuple[dict[date, str], dict[date, str]]:
    import holidays  # costs up to 0.7 s: only for who needs a calendar

    sources = []
    for language in wanted.languages:
        source = holidays.country_holidays(wanted.country, subdiv=wanted.subdivision, language=language)
        if not noticed:
            for name in ("special_public_holidays", "special_public_holidays_observed"):
                setattr(source, name, {})
        for year in range(first, last + 2):  # a holiday of the year after may be observed in the last
            source.get(date(year, 1, 1))  # the library fills a year when it is asked for
        sources.append(source)
    rest: dict[date, str] = {}
    made_up: dict[date, date] = {}
    for day in sources[0]:
        if not first <= day.year <= last:
            continue
        names = [source[day] for source in sources]
        if substituted := _SUBSTITUTED.fullmatch(names[0]):
            month, of_month, year = map(int, substituted.groups())
            worked = date(year, month, of_month)
            made_up[worked] = day
            rest[day] = f"day off 调休, worked on {worked}"
        else:
            rest[day] = " ".join(dict.fromkeys(names))
    work = {
        day: f"{MAKE_UP} for {made_up[day]}" if day in made_up else MAKE_UP
        for day in (_make_up_days(sources[0]) if noticed else ())
        if first <= day.year <= last
    }
    return rest, work


def _make_up_days(source: object) -> Iterable[date]:
    """Weekend days that are worked; most countries have none."""
    days: Iterable[date] = getattr(source, "weekend_workdays", ())
    return days
