"""The shipped calendars: data of the `holidays` library, corrected by the overrides of `calendars/*.yaml`.

The YAML file is authoritative where the two differ. Nothing here decides whether a day counts: that is the value
`services.deadline.rules.calendar.Calendar`. A calendar is built when first asked for, once for each process; its
version follows from its content, so new data, an override or a new version of `holidays` make a new version.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.deadline.rules.calendar import Calendar
from services.deadline.rules.errors import BadCalendar, DeadlineError

DIRECTORY = Path(__file__).parent / "calendars"
MAKE_UP = "make-up workday 班"
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SUBSTITUTED = re.compile(r"\D*(\d\d)/(\d\d)/(\d{4})\D*")


class UnknownCalendar(DeadlineError):
    """No calendar has that code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no calendar {code!r}; known are {', '.join(known())}")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Holidays(_Strict):
    """Which data of the `holidays` library to start from. Names are joined from all `languages`, in order."""

    country: str
    subdivision: str | None = None
    languages: tuple[str, ...] = Field(min_length=1)


class Override(_Strict):
    """One day that is not as `holidays` has it: `rest` or `work`, under that name, for that reason."""

    date: date
    day: Literal["rest", "work"]
    name: str
    source: str


class CalendarFile(_Strict):
    """A file in calendars/: which years it covers, which have an official notice, and on what grounds."""

    code: str
    aliases: tuple[str, ...] = ()
    name: str
    zone: str
    weekend: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...]
    holidays: Holidays
    covers: tuple[int, int]
    published: tuple[int, int]
    sessions: tuple[tuple[time, time], ...]
    sources: tuple[str, ...] = Field(min_length=1)
    overrides: tuple[Override, ...]


def load(code: str) -> Calendar:
    """The calendar of that code or alias. Raises UnknownCalendar, naming the known ones."""
    files = _files()
    if code not in files:
        raise UnknownCalendar(code)
    return _built(files[code])


def known() -> tuple[str, ...]:
    """All codes and aliases that `load` accepts, sorted."""
    return tuple(sorted(_files()))


def read_file(path: Path) -> CalendarFile:
    """A calendar file, checked. Raises BadCalendar, saying which field is wrong."""
    try:
        return CalendarFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise BadCalendar(f"{path.name}: {wrong}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadCalendar(f"{path.name} is not YAML: {error}") from error


def build(file: CalendarFile) -> Calendar:
    """The calendar a file describes: the library's days of all covered years, then the overrides, in order."""
    rest, work = _library_days(file)
    base = Calendar(
        code=file.code,
        version="",
        zone=file.zone,
        weekend=frozenset(_WEEKDAYS.index(day) for day in file.weekend),
        rest_days=rest,
        work_days=work,
        covers=file.covers,
        published=file.published,
        sessions=file.sessions,
    )
    overrides: dict[str, dict[date, str]] = {"rest": {}, "work": {}}
    for override in file.overrides:
        if any(override.date in days for days in overrides.values()):
            raise BadCalendar(f"calendar {file.code}: {override.date} is overridden twice")
        overrides[override.day][override.date] = override.name
    return base.amended(overrides["rest"], overrides["work"])


@cache
def _files() -> Mapping[str, Path]:
    """Each code and alias, with the file that holds it."""
    found: dict[str, Path] = {}
    for path in sorted(DIRECTORY.glob("*.yaml")):
        file = read_file(path)
        for code in (file.code, *file.aliases):
            if code in found:
                raise BadCalendar(f"{path.name}: the code {code} is taken by {found[code].name}")
            found[code] = path
    return found


@cache
def _built(path: Path) -> Calendar:
    return build(read_file(path))


def _library_days(file: CalendarFile) -> tuple[dict[date, str], dict[date, str]]:
    """The library's rest days and make-up workdays within the covered years, with their names."""
    import holidays  # costs up to 0.7 s: only for who needs a calendar

    first, last = file.covers
    years = range(first, last + 1)
    sources = [
        holidays.country_holidays(
            file.holidays.country, subdiv=file.holidays.subdivision, years=years, language=language
        )
        for language in file.holidays.languages
    ]
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
        for day in _make_up_days(sources[0])
        if first <= day.year <= last
    }
    return rest, work


def _make_up_days(source: object) -> Iterable[date]:
    """Weekend days that are worked; most countries have none."""
    days: Iterable[date] = getattr(source, "weekend_workdays", ())
    return days
