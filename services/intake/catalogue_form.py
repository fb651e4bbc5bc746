"""The form of a catalogue file: its fields, and how it is read. What its limits mean together is judged elsewhere."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import yaml
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationError, model_validator

from services.intake.rules.catalogue import RECORDED, TASK
from shared.events.base import LocalTime, Model, Name, Span, Text, Warned, Zone
from shared.events.intake import MATTER_EVENTS
from shared.events.limits import ExpiryTerms, ExtensionTerms, FindingTerms, PauseTerms, SecondTerms, Started

STARTS_ON = ("matter.registered",)
STOPS_ON = ("matter.decided", "matter.closed", "matter.refused")
ALWAYS = date(1900, 1, 1)
"""The effective date of a version that states none."""

_NO_FACTS = frozenset({"fact.corrected", "fact.retracted", "miss.confirmed", "source.watermark"})
"""On the same topic, and nothing that happens in a matter."""
_FACT_TYPES = frozenset(event.TYPE for event in MATTER_EVENTS) - _NO_FACTS


def _fact_type(name: str) -> str:
    if name not in _FACT_TYPES:
        raise ValueError(f"is not a fact on matter-events: {', '.join(sorted(_FACT_TYPES))}")
    return name


def _start(name: str) -> str:
    return name if ":" in name else _fact_type(name)


def _ground(value: object) -> object:
    return {"ground": value} if isinstance(value, str) else value


def _number(value: object) -> object:
    """Numbers are read as they were typed: a code such as 007 stays what it is."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value


Times = Annotated[int, BeforeValidator(_number), Field(ge=1)]


class PauseForm(PauseTerms):
    """A ground with its rules."""

    times: Times | None = Field(default=None, description="How often; absent: any number.")


class ExtensionForm(ExtensionTerms):
    """How far and by what right."""

    times: Times = 1


class FindingForm(FindingTerms):
    """A fact that is a finding by itself."""

    on: Annotated[Name, AfterValidator(_fact_type)]
    before: Annotated[Name, AfterValidator(_fact_type)] | None = None


FactType = Annotated[str, AfterValidator(_fact_type)]
FactTypes = Annotated[tuple[FactType, ...], Field(min_length=1)]
Starts = Annotated[tuple[Annotated[Started, AfterValidator(_start)], ...], Field(min_length=1)]
AnyPause = Annotated[PauseForm, BeforeValidator(_ground, json_schema_input_type=Name | PauseForm)]
Warnings = tuple[Warned, ...]
Overdue = tuple[Span, ...]
Code = Annotated[Name, StringConstraints(max_length=150)]


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
    starts_on: Starts | None = Field(None, description="Facts, or another clock's `ended:`, `expired:` or `deemed:`.")
    stops_on: FactTypes | None = None
    warnings: Warnings = Field((), description="What remains when a warning is due: amounts, or a share such as 25%.")
    source: Text = Field("not verified", description="Legal source with its article, or `not verified`.")
    kind: Literal["promised", "statutory"] | None = None
    per: Literal["stage", "task"] | None = Field(None, description="A clock for each; absent: for the matter.")
    stage: Name | None = Field(None, description="With `per: stage`: of this stage only.")
    cut_off: LocalTime | None = Field(None, description="Received from then on: on the next working day (R4).")
    choose: Literal["earlier", "later"] | None = Field(None, description="Of this limit and `second`.")
    second: SecondTerms | None = None
    pauses: tuple[AnyPause, ...] = Field((), description="Grounds on which it stands still; a bare one: without rules.")
    extension: ExtensionForm | None = Field(None, description="Absent: it cannot be extended.")
    restarts_on: FactTypes | None = Field(None, description="The last such fact is the start.")
    on_expiry: ExpiryTerms | None = Field(None, description="What silence means (R5, R10, R12).")
    overdue: Overdue = Field((), description="Told again when so much has passed after the miss.")
    finds: tuple[FindingForm, ...] = Field((), description="Facts that are findings by themselves.")

    @model_validator(mode="after")
    def _whole(self) -> "LimitForm":
        if (self.choose is None) != (self.second is None):
            raise ValueError("`choose` and `second` come together")
        if self.stage is not None and self.per != "stage":
            raise ValueError("`stage` needs `per: stage`")
        return self


class RecordedForm(Model):
    """How a due that a submission states is treated."""

    required: bool = Field(False, description="A submission of this item without a due is refused.")
    warnings: Warnings = ()
    overdue: Overdue = ()
    stops_on: FactTypes | None = None
    on_expiry: ExpiryTerms | None = Field(None, description="What silence means (R10).")


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
            if len(set(clocks)) != len(clocks) or any(c == RECORDED or c.startswith(TASK) for c in clocks):
                raise ValueError(
                    f"needs a clock name of its own for each limit, and `{RECORDED}` or `{TASK}…` for none"
                )
        return self

    def every_version(self) -> tuple[VersionForm, ...]:
        """The versions, in ascending order of their effective date."""
        one = VersionForm(effective_from=self.effective_from, limits=self.limits, recorded=self.recorded)
        return tuple(sorted(self.versions or (one,), key=lambda version: version.effective_from))


class CatalogueForm(Model):
    """A catalogue file. `zone` and `calendar` are those of every item that states none; `warnings` and `overdue` those
    of every limit that states none (R21, D20): a limit that has none says so with an empty list.
    """

    zone: Zone | None = None
    calendar: Name | None = None
    warnings: Warnings = ()
    overdue: Overdue = ()
    grounds: dict[Name, NameForm] = Field({}, description="Grounds of a pause beside those that are known, by code.")
    items: tuple[ItemForm, ...]


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
