"""The catalogue of service items 事项 as YAML files: their form, and what makes a file wrong.

The files are authoritative for limits; which version applies to a matter is decided in `rules.catalogue`. A file that
is wrong in any line is refused as a whole, at start, naming file, item and field: a limit is never guessed. The form is
described for people in docs/catalogue.md.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import yaml
from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from services.intake.rules.catalogue import RECORDED, Catalogue, Item, ItemVersion, Limit, RecordedTerms
from shared.events.base import LocalTime, Model, Name, Text, Warned, Zone
from shared.events.intake import MATTER_EVENTS
from shared.events.limits import LimitTerms

STARTS_ON = ("matter.registered",)
STOPS_ON = ("matter.decided", "matter.closed", "matter.refused")
ALWAYS = date(1900, 1, 1)
"""The effective date of a version that states none."""

_FACT_TYPES = frozenset(event.TYPE for event in MATTER_EVENTS)


def _fact_type(name: str) -> str:
    if name not in _FACT_TYPES:
        raise ValueError(f"is not a fact on matter-events: {', '.join(sorted(_FACT_TYPES))}")
    return name


FactType = Annotated[str, AfterValidator(_fact_type)]
FactTypes = Annotated[tuple[FactType, ...], Field(min_length=1)]
Warnings = tuple[Warned, ...]
Code = Annotated[Name, StringConstraints(max_length=150)]


_TERMS = tuple(name for name in LimitTerms.model_fields if name in Limit.__slots__)


class CatalogueError(ValueError):
    """A catalogue file cannot be used; the message says which file, item and field."""


class LimitForm(Model):
    """A limit of an item. Zone, calendar, starts and stops are the item's unless stated here."""

    clock: Name = Field("handling", description="The clock's name; unique within a version.")
    amount: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,4}(wd|d|m|h|wh|min)$")]
    start_rule: Literal["day0", "roll", "inclusive"] = "day0"
    roll: Literal["next", "previous", "none"] = "none"
    zone: Zone | None = None
    day_ends: LocalTime | None = Field(None, description="Local close of business; absent: 24:00.")
    calendar: Name | None = None
    starts_on: FactTypes | None = None
    stops_on: FactTypes | None = None
    warnings: Warnings = Field((), description="What remains when a warning is due: amounts, or a share such as 25%.")
    source: Text = Field("not verified", description="Legal source with its article, or `not verified`.")


class RecordedForm(Model):
    """How a due that a submission states is treated."""

    required: bool = Field(False, description="A submission of this item without a due is refused.")
    warnings: Warnings = ()
    stops_on: FactTypes | None = None


class VersionForm(Model):
    """The limits from a day on, until the next version's."""

    effective_from: date
    limits: tuple[LimitForm, ...] = ()
    recorded: RecordedForm = RecordedForm()


class NameForm(Model):
    """The item's name for people."""

    en: Name
    zh: Name | None = None


class ItemForm(Model):
    """One item. With a single version, its `limits` and `recorded` may stand directly under the item."""

    code: Code
    name: NameForm | None = None
    zone: Zone | None = None
    calendar: Name | None = None
    starts_on: FactTypes = STARTS_ON
    stops_on: FactTypes = STOPS_ON
    versions: tuple[VersionForm, ...] | None = Field(None, min_length=1)
    effective_from: date = ALWAYS
    limits: tuple[LimitForm, ...] = ()
    recorded: RecordedForm = RecordedForm()

    @model_validator(mode="after")
    def _one_form(self) -> "ItemForm":
        if self.versions is not None and self.model_fields_set & {"effective_from", "limits", "recorded"}:
            raise ValueError("has `versions`: its limits stand there, not beside them")
        versions = self.every_version()
        days = [version.effective_from for version in versions]
        if len(set(days)) != len(days):
            raise ValueError("has two versions from the same day")
        for version in versions:
            clocks = [limit.clock for limit in version.limits]
            if len(set(clocks)) != len(clocks) or RECORDED in clocks:
                raise ValueError(f"needs a clock name of its own for each limit, and `{RECORDED}` for none")
        return self

    def every_version(self) -> tuple[VersionForm, ...]:
        """The versions, in ascending order of their effective date."""
        one = VersionForm(effective_from=self.effective_from, limits=self.limits, recorded=self.recorded)
        return tuple(sorted(self.versions or (one,), key=lambda version: version.effective_from))


class CatalogueForm(Model):
    """A catalogue file. `zone` and `calendar` are those of every item that states none."""

    zone: Zone | None = None
    calendar: Name | None = None
    items: tuple[ItemForm, ...]


def load(files: Sequence[Path], *, calendar: str) -> Catalogue:
    """The catalogue of several files; each adds items. `calendar` counts for a due recorded without an item. Raises
    CatalogueError."""
    found: dict[str, Item] = {}
    origin: dict[str, Path] = {}
    for file in files:
        for item in _items(file):
            if item.code in found:
                raise CatalogueError(f"item {item.code} is both in {origin[item.code]} and in {file}")
            found[item.code], origin[item.code] = item, file
    return Catalogue(items=found, calendar=calendar, starts_on=STARTS_ON, stops_on=STOPS_ON)


def read(file: Path) -> CatalogueForm:
    """One file in its form. Raises CatalogueError."""
    try:
        value = yaml.load(file.read_bytes(), _Loader)  # noqa: S506 - a SafeLoader with fewer implicit types
        return CatalogueForm.model_validate_json(orjson.dumps(value))
    except (OSError, yaml.YAMLError, orjson.JSONEncodeError) as error:
        raise CatalogueError(f"{file}: {error}") from None
    except ValidationError as error:
        lines = [f"{file}: {_place(value, each['loc'])}: {each['msg']}" for each in error.errors(include_input=False)]
        raise CatalogueError("\n".join(lines)) from None


def _items(file: Path) -> Iterator[Item]:
    form = read(file)
    for item in form.items:
        zone, calendar = item.zone or form.zone, item.calendar or form.calendar
        if zone is None or calendar is None:
            missing = "zone" if zone is None else "calendar"
            raise CatalogueError(f"{file}: item {item.code}: {missing}: neither the item nor the file states one")
        names = {"en": item.code} if item.name is None else item.name.model_dump(exclude_none=True)
        versions = tuple(_version(item, version, zone, calendar) for version in item.every_version())
        yield Item(code=item.code, names=names, zone=zone, calendar=calendar, versions=versions)


def _version(item: ItemForm, form: VersionForm, zone: str, calendar: str) -> ItemVersion:
    limits = tuple(_limit(item, limit, zone, calendar) for limit in form.limits)
    recorded = RecordedTerms(
        zone=zone,
        calendar=calendar,
        starts_on=item.starts_on,
        stops_on=form.recorded.stops_on or item.stops_on,
        warnings=form.recorded.warnings,
        required=form.recorded.required,
    )
    content = orjson.dumps([limits, recorded])
    name = f"{item.code}@{form.effective_from}+{hashlib.sha256(content).hexdigest()[:8]}"
    return ItemVersion(name, form.effective_from, limits, recorded)


def _limit(item: ItemForm, form: LimitForm, zone: str, calendar: str) -> Limit:
    return Limit(
        clock=form.clock,
        amount=form.amount,
        at=None,
        start_rule=form.start_rule,
        roll=form.roll,
        zone=form.zone or zone,
        day_ends=form.day_ends,
        calendar=form.calendar or calendar,
        starts_on=form.starts_on or item.starts_on,
        stops_on=form.stops_on or item.stops_on,
        warnings=form.warnings,
        source=form.source,
    )


def terms_of(limit: Limit) -> dict[str, Any]:
    """A limit as it stands in an event, ready for orjson."""
    return {name: value for name in _TERMS if (value := getattr(limit, name)) is not None}


def _place(value: Any, loc: tuple[int | str, ...]) -> str:
    """Where an error lies: the item by its code, then the path below it."""
    match loc:
        case ("items", int(index), *rest):
            item = value["items"][index]
            code = item.get("code") if isinstance(item, dict) else None
            code = code or f"number {index + 1}"
            return f"item {code}" + (f": {'/'.join(map(str, rest))}" if rest else "")
    return "/".join(map(str, loc)) or "the file"


class _Loader(yaml.SafeLoader):
    """YAML without its surprises: 17:00 is no number of minutes, NO is a country, and a key stands once."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own name

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise yaml.constructor.ConstructorError(None, None, f"{', '.join(twice)} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
