"""The CSV of directory facts, and of names: from a file to lines. What each column means is in docs/directory.md."""

import csv
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

FACTS = {
    "unit.placed": {"parent", "kind", "title"},
    "unit.dissolved": set[str](),
    "post.established": {"role", "unit"},
    "post.abolished": set[str](),
    "holder.assigned": {"person", "role", "unit", "acting", "until", "takes_over_from"},
    "holder.ended": {"person"},
    "leave.taken": {"until", "deputy", "post"},
    "leave.ended": {"post"},
    "retracted": set[str](),
}
"""Which columns a fact has, beside those of every fact."""
ENVELOPE = {"id", "fact", "about", "occurred_at", "zone", "note", "replaces", "issued_at"}
COLUMNS = ENVELOPE.union(*FACTS.values())
_YES, _NO = {"yes", "true", "1", "是"}, {"no", "false", "0", "否"}


class BadFile(Exception):
    """The file cannot be read as a whole; the message says why."""


class Line(NamedTuple):
    """A line as it is checked and sent."""

    line: int
    id: str
    type: str
    about: str
    data: dict[str, Any]
    replaces: str | None
    issued_at: str

    def checked(self) -> dict[str, Any]:
        """As the check takes it."""
        return {name: value for name, value in self._asdict().items() if value is not None}

    def event(self, source: str, authority: str) -> dict[str, Any]:
        """As intake takes it."""
        from shared.events.base import aggregate_key

        type_, data = self.type, self.data
        if self.replaces is not None:
            replaces = {"source": source, "id": self.replaces}
            type_, data = "fact.corrected", {"replaces": replaces, "fact": {"type": self.type, "data": self.data}}
            if self.type == "retracted":
                type_, data = "fact.retracted", {"replaces": replaces, "of": "directory"} | self.data
        return {
            "specversion": "1.0", "id": self.id, "source": source, "type": type_, "version": 1,
            "subject": aggregate_key(authority, self.about), "time": self.issued_at, "data": data,
        }  # fmt: skip


class Wrong(NamedTuple):
    """What is wrong with a line, as the service's check says it too."""

    line: int
    code: str
    detail: str


def read(file: Path, zone: str, today: date) -> tuple[list[Line], list[Wrong]]:
    """The lines, and what is wrong with those that cannot be read. Raises BadFile."""
    lines: list[Line] = []
    wrong: list[Wrong] = []
    for number, row in _rows(file, COLUMNS, {"fact", "about"}):
        found = _line(number, row, zone, today)
        if isinstance(found, Line):
            lines.append(found)
        else:
            wrong.append(found)
    if not lines and not wrong:
        raise BadFile("has no lines below its header")
    return lines, wrong


def read_people(file: Path) -> list[dict[str, str]]:
    """Pseudonyms and names. Raises BadFile."""
    found = [{"person": row.get("person", ""), "name": row.get("name", "")}
             for _, row in _rows(file, {"person", "name"}, {"person", "name"})]  # fmt: skip
    if not found:
        raise BadFile("has no lines below its header")
    return found


def _rows(file: Path, columns: set[str], required: set[str]) -> list[tuple[int, dict[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            header: Sequence[str] = reader.fieldnames or ()
            if unknown := [name for name in header if name not in columns]:
                raise BadFile(f"has columns that nobody knows: {', '.join(unknown)}")
            if missing := sorted(required - set(header)):
                raise BadFile(f"lacks the columns {', '.join(missing)}")
            found = []
            for row in reader:
                if None in row or None in row.values():
                    raise BadFile(f"line {reader.line_num} has not as many fields as the header")
                found.append((reader.line_num, {name: value.strip() for name, value in row.items() if value.strip()}))
            return found
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadFile(f"cannot be read: {error}") from None


def _line(number: int, row: dict[str, str], zone: str, today: date) -> Line | Wrong:
    type_, about = row.get("fact", ""), row.get("about", "")
    if type_ not in FACTS:
        return Wrong(number, "unknown-type", f"the fact is one of {', '.join(FACTS)}")
    if not about:
        return Wrong(number, "missing", "`about` names the unit, the post or the person on leave")
    if type_ == "retracted" and "replaces" not in row:
        return Wrong(number, "missing", "says no fact that it takes back: give its id as `replaces`")
    strange = sorted(set(row) - ENVELOPE - FACTS[type_])
    if strange:
        return Wrong(number, "extra-forbidden", f"{type_} has no {', '.join(strange)}")
    data: dict[str, Any] = {name: row[name] for name in sorted(FACTS[type_] | {"note"}) if name in row}
    if "acting" in data:
        if data["acting"].lower() not in _YES | _NO:
            return Wrong(number, "value-error", "acting is yes or no")
        data |= {"acting": True} if data["acting"].lower() in _YES else {"acting": None}
    if type_ != "retracted":
        data["occurred_at"] = row.get("occurred_at", "")
        if any("T" not in data.get(name, "T") for name in ("occurred_at", "until")):
            data["zone"] = row.get("zone", zone)
    data = {name: value for name, value in data.items() if value is not None}
    issued = row.get("issued_at") or _issued(data, today)
    if issued is None:
        issued = datetime.combine(today, time(), UTC).isoformat()
        if "id" in row:
            detail = "give issued_at to what lies ahead and has an id: sent again it must be the same event"
            return Wrong(number, "issued-at-required", detail)
    told = json.dumps([type_, about, data, row.get("replaces"), issued], sort_keys=True, ensure_ascii=False)
    id = row.get("id") or f"csv-{sha256(told.encode()).hexdigest()[:20]}"
    return Line(number, id, type_, about, data, row.get("replaces"), issued)


def _issued(data: dict[str, Any], today: date) -> str | None:
    """What lies behind is said to have been issued when it happened: so that the same line is the same event on every
    day. None for what lies ahead, or cannot be read."""
    try:
        text = data.get("occurred_at", "")
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=ZoneInfo(data["zone"])) if "T" not in text else at
        return at.isoformat() if at < datetime.combine(today, time(), UTC) else None
    except (ValueError, TypeError, KeyError, OSError):
        return datetime.combine(today, time(), UTC).isoformat()
