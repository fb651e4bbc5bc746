"""Times as logs write them: ISO 8601, seconds since 1970, or any form strptime knows."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from services.cli.replay.mapping_parts import Value

Line = Mapping[str, Any]
_TIME_OF_DAY = re.compile(r"%[-]?[HIMSfpcXz]")
_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}")


def read_time(text: str, zone: str, formats: tuple[str, ...] = ("iso",)) -> date | datetime:
    """A bare date, or an instant with its offset; without one it is local in `zone` (an hour that comes twice: its
    first). Raises ValueError."""
    for form in formats:
        try:
            found = _read(text, form)
        except (ValueError, OverflowError):
            continue
        return _placed(found, ZoneInfo(zone)) if isinstance(found, datetime) else found
    raise ValueError(f"{text!r} is not a time of the form {' or '.join(formats)}")


def time_reader(
    value: Value, get: Callable[[Line], str | None], timezone: str
) -> Callable[[Line], date | datetime | None]:
    """Reads the text that `get` finds, as the mapping's longer form of a time says."""
    formats: tuple[str, ...] = tuple(getattr(value, "formats", ("iso",)))
    zone = getattr(value, "zone", None) or timezone
    date_only = getattr(value, "date_only", False)

    def read(line: Line) -> date | datetime | None:
        text = get(line)
        if text is None:
            return None
        found = read_time(text, zone, formats)
        if date_only and isinstance(found, datetime):
            return found.astimezone(ZoneInfo(zone)).date()
        return found

    return read


def _read(text: str, form: str) -> date | datetime:
    match form:
        case "iso":
            return date.fromisoformat(text) if _DAY.fullmatch(text) else datetime.fromisoformat(text)
        case "unix":
            return datetime.fromtimestamp(0, UTC) + timedelta(seconds=float(text))
        case "unix_ms":
            return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=float(text))
    found = datetime.strptime(text, form)  # noqa: DTZ007 - its zone is added by the caller
    return found if _TIME_OF_DAY.search(form) else found.date()


def _placed(found: datetime, zone: ZoneInfo) -> datetime:
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    offset = found.utcoffset()
    if offset is None or offset.seconds % 60 or offset.microseconds:
        return found.astimezone(UTC)  # local mean time: RFC 3339 writes offsets in minutes
    return found.replace(tzinfo=timezone(offset))
