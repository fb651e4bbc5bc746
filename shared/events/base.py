"""What all event models are made of: the strict base, points in business time, references, keys, limits."""

import re
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, TypeVar
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)

_T = TypeVar("_T", bound=date)
EARLIEST = date(1900, 1, 1)
LATEST = date(2200, 1, 1)
"""Business time outside [EARLIEST, LATEST) is a typing error in some register, never a fact."""
_FIRST, _END = (datetime.combine(day, time_of_day(), UTC) for day in (EARLIEST - timedelta(1), LATEST + timedelta(1)))
"""An instant may lie a day outside: a midnight east of UTC, and the end of the last plausible day west of it."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")
_NOT_AN_INSTANT = "is not an instant with its offset, such as 2026-01-28T09:30:00+08:00"


def _plausible(when: _T) -> _T:
    if EARLIEST.year < when.year < LATEST.year - 1:  # almost all; to compare instants with offsets is slow
        return when
    # An instant is judged the same whatever its offset: it is read in one and written in another.
    if not (_FIRST <= when < _END if isinstance(when, datetime) else EARLIEST <= when < LATEST):
        raise ValueError(f"lies outside {EARLIEST} to {LATEST}")
    return when


def _instant(value: object) -> datetime:
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:  # its message repeats the input
            raise ValueError(_NOT_AN_INSTANT) from None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(_NOT_AN_INSTANT)
    return _plausible(value)


def _when(value: object) -> datetime | date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise ValueError("is not a day of the calendar") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        return _plausible(value)
    return _instant(value)


def _known_zone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError("is not the name of an IANA time zone, such as Asia/Shanghai")
    return name


def _without_offset(at: time_of_day) -> time_of_day:
    if at.tzinfo is not None:
        raise ValueError("has an offset from UTC; it is local time in the limit's zone")
    return at


def _written(when: datetime | date) -> str:
    if isinstance(when, datetime):
        offset = when.utcoffset()
        if offset is not None and (offset.seconds % 60 or offset.microseconds):
            when = when.astimezone(UTC)  # local mean time: an offset with seconds has no spelling in RFC 3339
    return when.isoformat()


_ZONES = frozenset(available_timezones())

Instant = Annotated[
    datetime,
    PlainValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": f"^{_INSTANT.pattern}$"}),
    PlainSerializer(_written),
]
"""A point in time with its offset."""
When = Annotated[
    datetime | date,
    PlainValidator(_when),
    WithJsonSchema(
        {
            "type": "string",
            "anyOf": [
                {"format": "date-time", "pattern": f"^{_INSTANT.pattern}$"},
                {"format": "date", "pattern": f"^{_DAY.pattern}$"},
            ],
        }
    ),
    PlainSerializer(_written),
]
"""An instant with its offset, or a bare date: then it lies within that day and counts as known from 00:00 (D6)."""
Zone = Annotated[str, AfterValidator(_known_zone)]
LocalTime = Annotated[time_of_day, AfterValidator(_without_offset)]
"""A time of day on the wall; the zone is stated apart."""
PLAIN = r"^[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*$"
_PLAIN = re.compile(PLAIN)
"""No control characters, line ends or bidi overrides: what Postgres, a header or a reader's eye would trip over."""
_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]{1,200}")
"""What percent-encoding leaves as it is."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PLAIN)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]
PersonId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PLAIN)]
"""Pseudonymous (D19): an id that only the directory can turn into a name."""
Origin = Literal["live", "import"]
Role = Literal["direct", "leading", "principal"]
"""direct 直接责任人, leading 分管负责人, principal 主要负责人."""


class Model(BaseModel):
    """Strict, closed and frozen; an error never echoes the input, which may hold personal data (I22)."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


class Event(Model):
    """The `data` of one CloudEvent. Subclasses name their type and version."""

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1

    def to_data(self) -> dict[str, Any]:
        """JSON-ready, without the fields that are absent. A flat event, as most are, is written field by field: that
        is half of what pydantic's way costs."""
        found: dict[str, Any] = {}
        for name, value in self.__dict__.items():
            if isinstance(value, str):
                found[name] = value
            elif isinstance(value, date):
                found[name] = _written(value)
            elif value is not None:
                return self.model_dump(mode="json", exclude_none=True)
        return found


class EventRef(Model):
    """An event's identity, as CloudEvents says (D1)."""

    source: Name
    id: Name


Span = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,4}(wd|d|m|h|wh|min)$")]
"""An amount of time: working days, natural days, months, hours, working hours, working minutes."""
Warned = Annotated[str, StringConstraints(pattern=r"^([1-9][0-9]{0,4}(wd|d|m|h|wh|min)|[1-9][0-9]?%)$")]
"""What remains when a warning is due: an amount, or a share of the whole span."""


@lru_cache(maxsize=16_384)
def aggregate_key(authority: str, name: str) -> str:
    """`authority/name`, each percent-encoded: the Kafka key, the lock key and the CloudEvents subject (D1)."""
    if _UNRESERVED.fullmatch(authority) and _UNRESERVED.fullmatch(name):
        return f"{authority}/{name}"
    return f"{quote(authority, safe='')}/{quote(name, safe='')}"


@lru_cache(maxsize=16_384)  # a batch asks several times about each of its keys, and encoding costs more than all else
def split_key(key: str) -> tuple[str, str]:
    """The (authority, name) of a key. ValueError when it is not one, or not in its one canonical spelling."""
    authority, _, name = key.partition("/")
    if _UNRESERVED.fullmatch(authority) and _UNRESERVED.fullmatch(name):
        return authority, name
    try:
        pair = unquote(authority, errors="strict"), unquote(name, errors="strict")
        plain = all(0 < len(part) <= 200 and _PLAIN.fullmatch(part) for part in pair)
        canonical = plain and aggregate_key(*pair) == key
    except UnicodeError:  # its message repeats the input
        canonical = False
    if not canonical:
        raise ValueError("is not authority/id with both parts percent-encoded")
    return pair


def instant_of(when: datetime | date, zone: str | None) -> datetime:
    """The instant a fact is known from: itself, or the start of a bare date's day in `zone` (D6). Where clocks are put
    forward at 00:00 that is a later hour: the hour that is not there would equal no other spelling of its instant.
    """
    if isinstance(when, datetime):
        return when
    if zone is None:
        raise ValueError("a bare date needs the zone its day is counted in")
    where = ZoneInfo(zone)
    return datetime.combine(when, time_of_day(), where).astimezone(UTC).astimezone(where)
