"""A line of a log becomes submissions, as the mapping says.

Refuses to guess: a line that the mapping does not fit is not mapped at all, and says why. Nothing here knows a log.
"""

import importlib.util
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.cli.replay.mapping_model import MODELS, OF_MATTER, TIMES, BadMapping, Holder, Rule
from services.cli.replay.mapping_model import Mapping as LogMapping
from services.cli.replay.mapping_parts import Conditions, Value
from services.cli.replay.times import read_time, time_reader
from services.cli.replay.values import check_of, getter, text_at
from shared.events.base import EARLIEST, Origin, aggregate_key, instant_of
from shared.events.envelope import problems_of

TASK_ASSIGNED, WATERMARK = "task.assigned", "source.watermark"
OF_A_WATERMARK = "watermark"
Line = Mapping[str, Any]
Fields = dict[str, Any]
Rows = Callable[[Line], list[Fields]]
Check = Callable[[Line], bool]


class Unmapped(ValueError):
    """This line cannot be mapped; the message says why."""


class Ignored(Exception):
    """The mapping leaves this line out on purpose; the message is its reason."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """One submission. `time` is when its source issued it; it is known from `known_at` on, so that as of an earlier
    instant it does not exist. `matter` is None for what is about a post."""

    id: str
    type: str
    key: str
    time: datetime
    known_at: datetime
    data: Fields
    matter: str | None
    unit: str | None


class Mapper:
    """One log's mapping, made ready. `map` maps a line, `holders` names the made-up holders of the units seen. Where
    lines need what other lines of their matter say, all lines go through `learn` first.
    """

    def __init__(self, mapping: LogMapping, path: Path, origin: Origin) -> None:
        self.mapping = mapping
        self._origin = origin
        self._lookups = [
            (name, _fits(lookup.when), getter(lookup.value), lookup.take == "first")
            for name, lookup in mapping.of_matter.items()
        ]
        self._matter = getter(mapping.matter) if mapping.matter is not None else None
        self._learned: dict[str, dict[str, str]] = {}
        self._rows: Rows = _adapter(mapping, path) if mapping.adapter else _rules(mapping)
        for number, holder in enumerate(mapping.holders):
            try:
                read_time(holder.since or EARLIEST.isoformat(), mapping.timezone)
            except ValueError as error:
                raise BadMapping(f"{path}: holders.{number}.since: {error}") from None

    @property
    def learns(self) -> bool:
        """Whether lines need what others say."""
        return bool(self._lookups)

    def learn(self, line: Line) -> None:
        """Remember what a line says for the others of its matter. One that cannot be read says nothing here; it is told
        of when it is mapped."""
        try:
            said = {name: (get(line), first) for name, fits, get, first in self._lookups if fits(line)}
            matter = self._matter(line) if said and self._matter is not None else None
        except ValueError:
            return
        if matter is not None:
            known = self._learned.setdefault(matter, {})
            for name, (text, first) in said.items():
                if text is not None and not (first and name in known):
                    known[name] = text

    def map(self, line: Line) -> list[Mapped]:
        """The submissions of a line, at least one. Raises Unmapped or Ignored."""
        if self._lookups and self._matter is not None:
            try:
                line = {**line, OF_MATTER: self._learned.get(self._matter(line) or "", {})}
            except ValueError as error:
                raise Unmapped(f"matter: {error}") from None
        return [self._submission(fields) for fields in self._rows(line)]

    def holders(self, units: Iterable[str]) -> list[Mapped]:
        """Who holds which post, as the mapping's templates say, for these units."""
        named = sorted(units)
        found: dict[str, Mapped] = {}
        for holder in self.mapping.holders:
            each = "{unit}" in holder.person + (holder.post or "")
            over = [holder.unit] if holder.unit is not None else named if each else [None]
            for unit in over:
                submission = self._submission(self._holding(holder, unit))
                found[submission.id] = submission
        return list(found.values())

    def _holding(self, holder: Holder, unit: str | None) -> Fields:
        def filled(text: str) -> str:
            return text.replace("{unit}", unit or "").replace("{authority}", self.mapping.authority)

        post, person = filled(holder.post or holder.person), filled(holder.person)
        since = read_time(holder.since or EARLIEST.isoformat(), self.mapping.timezone)
        id = f"holder:{post}:{person}:{since.isoformat()}"
        fields: Fields = {"type": "holder.assigned", "id": id, "post": post, "person": person, "role": holder.role}
        return fields | {"occurred_at": since} | ({} if unit is None else {"unit": unit})

    def _submission(self, fields: Fields) -> Mapped:
        """Judge the fields of one submission by the contract's own model. Raises Unmapped."""
        rest = dict(fields)
        type_, id, matter, post = (rest.pop(name, None) for name in ("type", "id", "matter", "post"))
        issued_at, replaces = rest.pop("issued_at", None), rest.pop("replaces", None)
        zone = rest.get("zone") or self.mapping.timezone
        occurred = rest.get("occurred_at")
        model = MODELS.get(type_ or "")
        about = "post" if type_ in ("holder.assigned", "holder.ended") else "matter"
        subject = OF_A_WATERMARK if type_ == WATERMARK else post if about == "post" else matter
        if type_ == WATERMARK:
            occurred = issued_at or rest.get("up_to")
        if model is None:
            raise Unmapped(f"type: {type_!r} is not a type of submission")
        for name, value in (("id", id), (about, subject)):
            if not isinstance(value, str) or not value:
                raise Unmapped(f"{name}: is missing")
        known = [instant_of(when, zone) for when in (occurred, issued_at) if when is not None]
        if not known:
            raise Unmapped("occurred_at: is missing")
        data = {name: when.isoformat() if isinstance(when, date) else when for name, when in rest.items()}
        if "occurred_at" in model.model_fields:
            data["origin"] = self._origin
            if not isinstance(occurred, datetime) or (type_ == TASK_ASSIGNED and "due" in data):
                data["zone"] = zone
        else:
            data.pop("occurred_at", None)
        if isinstance(data.get("missing"), str):
            data["missing"] = (data["missing"],)
        if replaces is not None:
            reference = {"source": self.mapping.source, "id": replaces}
            if type_ == "fact.retracted":
                data["replaces"] = reference
            else:
                _judge(type_, data)
                type_, data = "fact.corrected", {"replaces": reference, "fact": {"type": type_, "data": data}}
        _judge(type_, data)
        return Mapped(
            id=id,
            type=type_,
            key=aggregate_key(self.mapping.authority, subject),
            time=known[-1],
            known_at=max(known),
            data=data,
            matter=matter if about == "matter" and type_ != WATERMARK else None,
            unit=rest.get("unit"),
        )


def _judge(type_: str, data: Fields) -> None:
    try:
        MODELS[type_].model_validate(data)
    except ValidationError as error:
        first = problems_of(error)[0]
        raise Unmapped(f"{first.pointer.removeprefix('/') or type_}: {first.detail}") from None


def _adapter(mapping: LogMapping, path: Path) -> Rows:
    """The function that the mapping names. Its times are ISO 8601 texts, dates or datetimes."""
    file, _, name = (mapping.adapter or "").partition(":")
    spec = importlib.util.spec_from_file_location(f"duban_adapter_{Path(file).stem}", path.parent / file)
    if spec is None or spec.loader is None:
        raise BadMapping(f"{path}: adapter: {file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BadMapping(f"{path}: adapter: {file} does not load: {type(error).__name__}: {error}") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise BadMapping(f"{path}: adapter: {file} has no function {name}")

    def rows(line: Line) -> list[Fields]:
        try:
            found = [_timed(dict(fields), mapping.timezone) for fields in function(dict(line))]
        except Unmapped:
            raise
        except Exception as error:
            raise Unmapped(f"adapter: {type(error).__name__}: {error}") from error
        if not found:
            raise Ignored("the adapter makes nothing of it")
        return found

    return rows


def _timed(fields: Fields, zone: str) -> Fields:
    for name in TIMES:
        value = fields.get(name)
        if value is None:
            fields.pop(name, None)
        elif isinstance(value, str):
            try:
                fields[name] = read_time(value, fields.get("zone") or zone)
            except ValueError as error:
                raise Unmapped(f"{name}: {error}") from None
    return fields


def _rules(mapping: LogMapping) -> Rows:
    prepared = [_rule(rule, mapping) for rule in mapping.events]
    columns = sorted({column for rule in mapping.events for condition in rule.when or () for column in condition})

    def rows(line: Line) -> list[Fields]:
        found, ignored = [], None
        for fits, ignore, make in prepared:
            if fits(line):
                if ignore is None:
                    found.append(make(line))
                else:
                    ignored = ignored or ignore
        if found:
            return found
        if ignored:
            raise Ignored(ignored)
        seen = ", ".join(f"{column} is {text_at(line, column)!r}" for column in columns)
        raise Unmapped(f"fits no rule: {seen}")

    return rows


def _all(checks: Sequence[Check]) -> Check:
    return checks[0] if len(checks) == 1 else lambda line: all(check(line) for check in checks)


def _any(checks: Sequence[Check]) -> Check:
    return checks[0] if len(checks) == 1 else lambda line: any(check(line) for check in checks)


def _fits(when: Conditions | None) -> Check:
    conditions = [_all([check_of(column, check) for column, check in one.items()]) for one in when or ()]
    return _any(conditions) if conditions else lambda _: True


def _rule(rule: Rule, mapping: LogMapping) -> tuple[Check, str | None, Callable[[Line], Fields]]:
    wanted = set(MODELS[rule.type].model_fields) if rule.type else set()
    wanted |= {"id", "matter", "post", "issued_at", "replaces", "occurred_at"}
    zone = getattr(rule.occurred_at or mapping.occurred_at, "zone", None)
    getters: list[tuple[str, Callable[[Line], Any]]] = []
    for name in type(rule).model_fields:
        value = getattr(rule, name)
        if value is None and not (rule.type == "limits.changed" and name == "item"):
            value = getattr(mapping, name, None)
        if name in wanted and isinstance(value, Value):
            timed = name in TIMES
            getters.append((name, time_reader(value, getter(value), mapping.timezone) if timed else getter(value)))

    def make(line: Line) -> Fields:
        fields: Fields = {"type": rule.type}
        for name, get in getters:
            try:
                value = get(line)
            except ValueError as error:
                raise Unmapped(f"{name}: {error}") from None
            if value is not None:
                fields[name] = value
        if zone is not None:
            fields["zone"] = zone
        return fields

    return _fits(rule.when), rule.ignore, make
