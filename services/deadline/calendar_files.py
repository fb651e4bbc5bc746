"""Files that say what a calendar is: those shipped in `calendars/*.yaml`, and a notice that somebody is to publish.

A shipped file starts from the data of the `holidays` library and corrects them by its overrides; its editions are
notices, each with the instant from which it counts. The YAML is authoritative where the two differ. What an edition
says is the model of `calendar.published`, so that a file which is published and one that is shipped mean the same.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from services.deadline.holiday_data import MAKE_UP, library_days
from services.deadline.rules.calendar import Calendar, Session, content_version
from services.deadline.rules.editions import Edition, Shipped, effect
from services.deadline.rules.errors import BadCalendar
from shared.events.base import Name, When, Zone, instant_of
from shared.events.calendars import WEEKDAYS, CalendarVersion, Hours, Weekday

DIRECTORY = Path(__file__).parent / "calendars"
SHIPPED = "/duban/shipped"
"""The source of editions that come with a build; nobody publishes under it."""
T = TypeVar("T", bound=BaseModel)


class _Lenient(BaseModel):
    """As YAML writes it: lists for tuples, text for times."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Holidays(_Lenient):
    """Which data of the `holidays` library to start from. Names are joined from all `languages`, in order. From
    `statutory_from` on only what statutes say is taken, without the yearly notices: those are editions.
    """

    country: str
    subdivision: str | None = None
    languages: tuple[str, ...] = Field(min_length=1)
    statutory_from: int | None = None


class Override(_Lenient):
    """One day that is not as `holidays` has it: `rest` or `work`, under that name, for that reason."""

    date: date
    day: Literal["rest", "work"]
    name: str
    source: str


class Yearly(_Lenient):
    """A day off each year that `holidays` has not, or not each year. `month_day` is such as 05-05."""

    month_day: str = Field(pattern=r"^[0-1][0-9]-[0-3][0-9]$")
    name: str
    source: str


class _Stated(_Lenient):
    """Whatever holds a version: where its file writes bare days, the plain names are meant."""

    effective: When
    calendar: CalendarVersion

    @field_validator("calendar", mode="before")
    @classmethod
    def _with_names(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        work = [
            {"on": each, "name": MAKE_UP} if isinstance(each, date) else _read_day(each)
            for each in value.get("work") or ()
        ]
        nested = {
            name: [_read_day(each) for each in value[name]]
            for name in ("half_days", "weekday_sessions")
            if isinstance(value.get(name), list)
        }
        if isinstance(value.get("sessions"), list):
            nested["sessions"] = [_read_hours(each) for each in value["sessions"]]
        return CalendarVersion.model_validate({**value, "work": work, **nested}, strict=False)


class ShippedEdition(_Stated):
    """A notice that comes with a build. A bare date is 00:00 in the calendar's zone."""


class NoticeFile(_Stated):
    """A notice to be published: for which code, by whom. `zone` is where the day of a bare `effective` begins."""

    authority: Name
    code: Name
    zone: Zone | None = None


class CalendarFile(_Lenient):
    """A file in calendars/: which years it covers, which need no notice, and on what grounds."""

    code: str
    authority: str = "duban"
    aliases: tuple[str, ...] = ()
    name: str
    zone: str
    weekend: tuple[Weekday, ...]
    holidays: Holidays
    covers: tuple[int, int]
    published: tuple[int, int]
    sessions: tuple[tuple[time, time], ...]
    sources: tuple[str, ...] = Field(min_length=1)
    overrides: tuple[Override, ...]
    yearly: tuple[Yearly, ...] = ()
    editions: tuple[ShippedEdition, ...] = ()


def _read_hours(value: Any) -> Any:
    """`["09:00", "12:00"]`, or opens and closes by name."""
    if not (isinstance(value, list) and len(value) == 2):
        return value
    return {"opens": value[0], "closes": "00:00" if value[1] == "24:00" else value[1]}


def _read_day(value: Any) -> Any:
    """An unquoted `on:` is a truth to YAML."""
    if not isinstance(value, dict):
        return value
    read = {"on" if name is True else name: each for name, each in value.items()}
    if isinstance(read.get("sessions"), list):
        read["sessions"] = [_read_hours(each) for each in read["sessions"]]
    return read


def read_file(path: Path) -> CalendarFile:
    """A calendar file, checked. Raises BadCalendar, saying which field is wrong."""
    return _read(path, CalendarFile.model_validate)


def read_notice(path: Path) -> NoticeFile:
    """A notice to be published, checked. Raises BadCalendar, saying which field is wrong."""
    return _read(path, NoticeFile.model_validate)


def effective_of(notice: NoticeFile) -> datetime:
    """The instant from which a notice counts. Raises BadCalendar where its day lies in no zone."""
    zone = notice.zone or notice.calendar.zone
    if zone is None and not isinstance(notice.effective, datetime):
        raise BadCalendar("`effective` is a bare day: say in `zone` where it begins")
    return instant_of(notice.effective, zone)


def _read(path: Path, parse: Callable[[Any], T]) -> T:
    try:
        return parse(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise BadCalendar(f"{path.name}: {wrong}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadCalendar(f"{path.name} is not YAML: {error}") from error


def build(file: CalendarFile) -> Calendar:
    """The calendar that a file describes with all of its editions."""
    shipped = shipped_of(file)
    return effect(file.code, shipped.calendar, shipped.editions, None)


def shipped_of(file: CalendarFile) -> Shipped:
    """What a file describes: the library's days of all covered years, then the overrides; and the editions, apart."""
    rest, work = library_days(file.holidays, file.covers)
    for each in file.yearly:
        month, day = map(int, each.month_day.split("-"))
        for year in range(file.covers[0], file.covers[1] + 1):
            rest.setdefault(date(year, month, day), each.name)
    weekend = frozenset(WEEKDAYS.index(day) for day in file.weekend)
    seen: set[date] = set()
    for override in file.overrides:
        if override.date in seen:
            raise BadCalendar(f"calendar {file.code}: {override.date} is overridden twice")
        seen.add(override.date)
        rest.pop(override.date, None)
        work.pop(override.date, None)
        if override.day == "rest":
            rest[override.date] = override.name
        elif override.date.weekday() in weekend:
            work[override.date] = override.name
    base = Calendar(
        code=file.code,
        version="",
        zone=file.zone,
        weekend=weekend,
        rest_days=rest,
        work_days=work,
        covers=file.covers,
        published=file.published,
        sessions=file.sessions,
    )
    editions = tuple(
        edition_of(file.authority, file.code, instant_of(each.effective, file.zone), (SHIPPED, str(n)), each.calendar)
        for n, each in enumerate(file.editions)
    )
    if file.holidays.statutory_from is not None and editions:
        names = library_days(file.holidays.model_copy(update={"statutory_from": None}), file.covers)
        editions = tuple(_named(edition, weekend, *names) for edition in editions)
    return Shipped(file.authority, replace(base, version=content_version(base)), editions)


def _named(edition: Edition, weekend: frozenset[int], rest: dict[date, str], work: dict[date, str]) -> Edition:
    """Days under the library's names: it knows for which day another one is worked. A notice's span names weekends,
    too; those that are nothing but a weekend are called so."""
    plain = {day for day in edition.rest if edition.whole and day.weekday() in weekend and day not in rest}
    return replace(
        edition,
        rest={day: rest.get(day, name) for day, name in edition.rest.items() if day not in plain},
        work={day: work.get(day, name) for day, name in edition.work.items()},
    )


def edition_of(
    authority: str, code: str, effective: datetime, identity: tuple[str, str], version: CalendarVersion
) -> Edition:
    """The edition that a version is, by whom and from when on."""
    rest = {
        date.fromordinal(day): span.name
        for span in version.rest
        for day in range(span.since.toordinal(), (span.to or span.since).toordinal() + 1)
    }
    return Edition(
        authority=authority,
        code=code,
        effective=effective,
        identity=identity,
        whole=version.kind == "notice",
        years=version.years,
        source=version.source,
        base=version.base,
        zone=version.zone,
        weekend=None if version.weekend is None else frozenset(map(WEEKDAYS.index, version.weekend)),
        sessions=None if version.sessions is None else _sessions(version.sessions),
        weekday_sessions=None
        if version.weekday_sessions is None
        else {WEEKDAYS.index(each.weekday): _sessions(each.sessions) for each in version.weekday_sessions},
        rest=rest,
        work={each.on: each.name for each in version.work},
        half_days={each.on: (each.name, _sessions(each.sessions)) for each in version.half_days},
    )


def _sessions(hours: Iterable[Hours]) -> tuple[Session, ...]:
    return tuple((each.opens, each.closes) for each in hours)
