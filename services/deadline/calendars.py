"""The calendars of this process: what is shipped, and on top of it what authorities have published.

Nothing here decides whether a day counts: that is the value `services.deadline.rules.calendar.Calendar`; which editions
count at an instant is decided in `services.deadline.rules.editions`. A calendar is built when first asked for; its
version follows from its content, so a new edition, an override or a new version of `holidays` make a new version.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from services.deadline.calendar_files import DIRECTORY, CalendarFile, build, read_file, read_notice, shipped_of
from services.deadline.rules.calendar import Calendar
from services.deadline.rules.editions import Edition, Shipped, base_of, counting, effect
from services.deadline.rules.errors import BadCalendar, DeadlineError

__all__ = ["DIRECTORY", "CalendarFile", "Calendars", "UnknownCalendar", "build", "load", "read_file", "read_notice"]


class UnknownCalendar(DeadlineError):
    """No calendar has that code."""

    def __init__(self, code: str, codes: Iterable[str] = ()) -> None:
        super().__init__(f"no calendar {code!r}; known are {', '.join(sorted({*known(), *codes}))}")


class Calendars:
    """All editions there are, shipped or published. An instant of None means: with all of them, whenever they count."""

    def __init__(self, published: Iterable[Edition] = ()) -> None:
        self._published: dict[str, list[Edition]] = {}
        for edition in published:
            self._published.setdefault(canonical(edition.code), []).append(edition)
        self._built: dict[tuple[str, int, str], Calendar] = {}

    def codes(self) -> tuple[str, ...]:
        """Of all calendars, without aliases, sorted."""
        return tuple(sorted({*(_file(path).code for path in _files().values()), *self._published}))

    def editions(self, code: str, at: datetime | None = None) -> list[Edition]:
        """Those of a code that count at the instant, in order."""
        code = canonical(code)
        shipped = _shipped(code)
        own = self._published.get(code, [])
        if shipped is None:
            return counting(own, None, at)
        return counting([*shipped.editions, *own], shipped.authority, at)

    def ignored(self, code: str) -> list[Edition]:
        """Those of a code that another authority than its own has published: they never count."""
        counted = {edition.order for edition in self.editions(code)}
        return [edition for edition in self._published.get(canonical(code), []) if edition.order not in counted]

    def at(self, code: str, at: datetime | None = None) -> Calendar:
        """The calendar of a code or alias as it counts at the instant. Raises UnknownCalendar, naming the known ones,
        or BadCalendar where what is published makes none."""
        return self._at(canonical(code), at, ())

    def _at(self, code: str, at: datetime | None, layers: tuple[str, ...]) -> Calendar:
        shipped = _shipped(code)
        editions = self.editions(code, at)
        if shipped is None and not editions:
            raise UnknownCalendar(code, self.codes())
        if code in layers:
            raise BadCalendar(f"calendar {code} is a layer over itself")
        under = base_of(editions) if shipped is None else None
        base = None if under is None else self._at(canonical(under), at, (*layers, code))
        key = code, len(editions), "" if base is None else base.version
        if key not in self._built:
            self._built[key] = effect(code, shipped.calendar if shipped else None, editions, base)
        return self._built[key]

    def chain(self, code: str) -> list[Edition]:
        """All editions that the code rests on: its own, and those of the calendars below it."""
        seen: set[str] = set()
        found: list[Edition] = []
        below = [canonical(code)]
        while below:
            each = below.pop()
            if each not in seen:
                seen.add(each)
                editions = self.editions(each)
                found += editions
                below += [canonical(edition.base) for edition in editions if edition.base is not None]
        return found

    def changes_after(self, code: str, at: datetime) -> datetime | None:
        """When the next edition that the code rests on takes effect."""
        return min((edition.effective for edition in self.chain(code) if edition.effective > at), default=None)


def load(code: str) -> Calendar:
    """The shipped calendar of that code or alias, with all of its editions. Raises UnknownCalendar, naming the known
    ones."""
    return _alone().at(code)


def known() -> tuple[str, ...]:
    """All codes and aliases that `load` accepts, sorted."""
    return tuple(sorted(_files()))


def canonical(code: str) -> str:
    """The code that an alias stands for, else itself."""
    path = _files().get(code)
    return code if path is None else _file(path).code


def described(code: str) -> CalendarFile | None:
    """The file of a shipped calendar."""
    path = _files().get(code)
    return None if path is None else _file(path)


@cache
def _alone() -> Calendars:
    return Calendars()


@cache
def _files() -> Mapping[str, Path]:
    """Each code and alias, with the file that holds it."""
    found: dict[str, Path] = {}
    for path in sorted(DIRECTORY.glob("*.yaml")):
        file = _file(path)
        for code in (file.code, *file.aliases):
            if code in found:
                raise BadCalendar(f"{path.name}: the code {code} is taken by {found[code].name}")
            found[code] = path
    return found


@cache
def _file(path: Path) -> CalendarFile:
    return read_file(path)


@cache
def _shipped(code: str) -> Shipped | None:
    path = _files().get(code)
    return None if path is None else shipped_of(_file(path))
