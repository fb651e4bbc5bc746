"""The form of a mapping: which column of a log is what (JSON Schema by `duban replay --mapping-schema`).

The file is YAML as a newcomer expects it: dates, `no`, `on` and `007` stay the texts that were typed.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, GetPydanticSchema, StringConstraints, ValidationError, model_validator
from pydantic_core.core_schema import literal_schema

from services.cli.replay.mapping_parts import AnyTime, AnyValue, Conditions, Line, Part
from shared.events.base import Event, Role, Zone
from shared.events.submissions import SUBMISSIONS

MODELS: dict[str, type[Event]] = {event.TYPE: event for event in SUBMISSIONS}
NOT_OF_A_LOG = frozenset({"fact.corrected", "miss.confirmed", "calendar.published"})
"""Corrections are made by `replaces`; a miss is confirmed by people over HTTP; a calendar has a command of its own."""
TYPES = tuple(type_ for type_ in MODELS if type_ not in NOT_OF_A_LOG)
TypeOfALog = Annotated[str, GetPydanticSchema(lambda _source, _handler: literal_schema(list(TYPES)))]
TIMES = frozenset({"occurred_at", "issued_at", "due", "until", "up_to"})
OF_MATTER = "of_matter"
"""Begins the columns that hold what other lines of the matter say."""
OF_THE_ENVELOPE = frozenset({"when", "type", "id", "matter", "post", "issued_at"})


class BadMapping(ValueError):
    """The mapping cannot be used; the message names the file and the field."""


class Fields(Part):
    """What a submission is made of. Stated for the whole log, and again for one rule where it differs."""

    id: AnyValue | None = Field(None, description="Identity of the event in its source; never used for two facts.")
    matter: AnyValue | None = Field(None, description="The matter's id.")
    occurred_at: AnyTime | None = Field(None, description="When it happened: an instant, or a bare date.")
    issued_at: AnyTime | None = Field(None, description="When the source published it, where that is known.")
    item: AnyValue | None = Field(None, description="Code of the catalogue's item.")
    unit: AnyValue | None = None
    person: AnyValue | None = Field(None, description="Pseudonymous id of whoever handles the matter; never a name.")
    title: AnyValue | None = None
    outcome: AnyValue | None = None
    note: AnyValue | None = None


class Rule(Fields):
    """Lines that fit `when` yield one submission of this type, or are left out on purpose (`ignore`)."""

    when: Conditions | None = Field(
        None, description="Column: condition; all must hold. A list: one of its members must. Absent: every line."
    )
    type: TypeOfALog | None = None
    ignore: Line | None = Field(None, description="Why such lines are left out. Then nothing but `when` is given.")
    due: AnyTime | None = Field(None, description="A due date or instant that the log itself records.")
    stage: AnyValue | None = None
    basis: AnyValue | None = Field(None, description="final or provisional, for stage.started.")
    task: AnyValue | None = Field(None, description="The task's own id, for task.assigned and task.finished.")
    activity: AnyValue | None = Field(None, description="What the task is, for task.assigned.")
    ground: AnyValue | None = Field(None, description="Why the matter stands still.")
    pause: AnyValue | None = Field(None, description="Id of the pause, where the log pairs its ends.")
    expected: AnyValue | None = Field(None, description="How long a pause is to last, such as 42d.")
    until: AnyTime | None = Field(None, description="To when a pause or an extension goes.")
    by: AnyValue | None = Field(None, description="By how much it is extended, such as 10wd.")
    clock: AnyValue | None = Field(None, description="Which clock is extended; absent: all that can be.")
    approver: AnyValue | None = Field(None, description="Pseudonymous id of who approved an extension.")
    reason: AnyValue | None = None
    missing: AnyValue | None = Field(None, description="What an application lacks, for correction.requested.")
    up_to: AnyTime | None = Field(None, description="Up to when all is sent, for source.watermark.")
    post: AnyValue | None = Field(None, description="For holder.assigned and holder.ended, instead of the matter.")
    role: AnyValue | None = Field(None, description="direct, leading or principal, for holder.assigned.")
    replaces: AnyValue | None = Field(
        None, description="Id of an earlier event: this one corrects it, or takes it back (type fact.retracted)."
    )

    @model_validator(mode="after")
    def _type_or_ignore(self) -> "Rule":
        if (self.type is None) == (self.ignore is None):
            raise ValueError("give either `type` or `ignore`")
        if self.ignore is not None and self.model_fields_set - {"when", "ignore"}:
            raise ValueError("a rule with `ignore` has nothing else but `when`")
        if self.type == "fact.retracted" and self.replaces is None:
            raise ValueError("fact.retracted needs `replaces`")
        if self.type is not None:
            known = OF_THE_ENVELOPE | {"replaces", "occurred_at"} | set(MODELS[self.type].model_fields)
            if foreign := sorted(self.model_fields_set - known):
                raise ValueError(f"{self.type} has no `{foreign[0]}`")
        return self


class Lookup(Part):
    """What another line of the same matter says."""

    when: Conditions = Field(description="Which lines say it.")
    value: AnyValue
    take: Literal["first", "last"] = Field("last", description="Of several such lines in the order of the files.")


class Holder(Part):
    """Somebody who holds a post from `since` on, made up for a log that does not say who was responsible."""

    role: Role
    person: Line = Field(description="Pseudonymous; `{unit}` and `{authority}` are filled in.")
    post: Line | None = Field(None, description="The post's id; the person's text unless given.")
    unit: Line | None = Field(None, description="Only this unit. Else each one, where a text has {unit}, or all.")
    since: Line | None = Field(None, description="Day or instant; 1900-01-01 unless given.")


class Mapping(Fields):
    """One log's mapping."""

    authority: Line = Field(description="Whose matters these are; the first half of every matter's key.")
    source: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")] = Field(
        description="URI of the system that wrote the log: the CloudEvents source."
    )
    timezone: Zone = Field(description="IANA name; of times without an offset and of bare dates.")
    format: Literal["jsonl", "csv"] | None = Field(None, description="Absent: by the file's name.")
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = Field(",", description="For csv.")
    encoding: Line = "utf-8-sig"
    events: list[Rule] = Field(default=[], description="A line yields one submission for each rule that it fits.")
    of_matter: dict[Annotated[Line, StringConstraints(pattern=r"^[a-z_]+$")], Lookup] = Field(
        default={}, description="Values that other lines of the matter state; used like the columns `of_matter.name`."
    )
    adapter: Annotated[str, StringConstraints(pattern=r"^[^:]+\.py:[A-Za-z_][A-Za-z_0-9]*$")] | None = Field(
        None, description="file.py:function, relative to this file, instead of `events`: line -> list of submissions."
    )
    holders: list[Holder] = Field(default=[])
    catalogue: dict[str, Any] | None = Field(None, description="Items the log needs; see docs/catalogue.md.")

    @model_validator(mode="after")
    def _rules_or_adapter(self) -> "Mapping":
        if bool(self.events) == bool(self.adapter):
            raise ValueError("give either `events` or `adapter`")
        if self.of_matter and self.matter is None:
            raise ValueError("`of_matter` needs `matter` for the whole log")
        for number, rule in enumerate(self.events):
            for name in _needed(rule):
                if getattr(rule, name) is None and getattr(self, name, None) is None:
                    raise ValueError(f"events.{number} ({rule.type}) needs `{name}`, there or for the whole log")
        return self


def _needed(rule: Rule) -> tuple[str, ...]:
    match rule.type:
        case None:
            return ()
        case "holder.assigned":
            return "id", "occurred_at", "post", "person", "role"
        case "holder.ended":
            return "id", "occurred_at", "post", "person"
        case "matter.submitted":
            return "id", "matter", "occurred_at", "item", "unit"
        case "stage.started" | "stage.finished":
            return "id", "matter", "occurred_at", "stage"
        case "task.assigned":
            return "id", "matter", "occurred_at", "task", "activity"
        case "task.finished":
            return "id", "matter", "occurred_at", "task"
        case "matter.suspended":
            return "id", "matter", "occurred_at", "ground"
        case "source.watermark":
            return "id", "up_to"
        case _:
            return "id", "matter", "occurred_at"


class _PlainLoader(yaml.SafeLoader):
    """YAML whose plain scalars are texts, but for null, true, false and decimal numbers (as YAML 1.2 has it)."""


_PlainLoader.yaml_implicit_resolvers = {}
for _tag, _form, _first in (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("tag:yaml.org,2002:int", r"0|-?[1-9]\d*", list("-0123456789")),
    ("tag:yaml.org,2002:merge", r"<<", ["<"]),
):
    _PlainLoader.add_implicit_resolver(_tag, re.compile(f"^(?:{_form})$"), _first)


def plain_yaml(path: Path) -> Any:
    """What a YAML file says, texts as they were typed."""
    return yaml.load(path.read_text(encoding="utf-8"), _PlainLoader)  # noqa: S506 - a SafeLoader, narrowed


def load_mapping(path: Path) -> Mapping:
    """The mapping in a file. Raises BadMapping."""
    try:
        content = plain_yaml(path)
    except OSError as error:
        raise BadMapping(f"{path}: {error.strerror or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadMapping(f"{path}: is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise BadMapping(f"{path}: a mapping is a list of fields (authority, source, timezone, events …)")
    try:
        return Mapping.model_validate(content)
    except ValidationError as error:
        raise BadMapping("\n".join(f"{path}: {line}" for line in _findings(error))) from None


def _findings(error: ValidationError) -> list[str]:
    """One line for each finding, field first."""
    lines = []
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        name = ".".join(map(str, found["loc"]))
        message = found["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {message}" if name else message)
    return lines


def catalogue_text(path: Path) -> str | None:
    """The mapping's catalogue as a catalogue file of its own, its scalars as they were typed."""
    root = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)  # noqa: S101 - load_mapping has read it as one
    for key, node in root.value:
        if key.value == "catalogue":
            text: str = yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True)
            return text
    return None


def mapping_schema() -> dict[str, Any]:
    """JSON Schema of a mapping."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Mapping.model_json_schema()}
