"""What a mapping is put together from: values and times found in a line, and conditions on it."""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from shared.events.base import Zone

Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Part(BaseModel):
    """Closed, so that a misspelt field is an error and not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _scalar(value: object) -> object:
    """A constant may be typed as a number or a truth value; a log's cells are compared as texts anyway."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_scalar)]


def _long_value(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


def _long_check(value: object) -> object:
    if isinstance(value, list):
        return {"one_of": value}
    return value if isinstance(value, dict) else {"equals": value}


def _listed(value: object) -> object:
    return [value] if isinstance(value, dict) else value


class Value(Part):
    """Where a value comes from: exactly one of column, first_of, template, constant. A bare text names a column."""

    column: Line | None = Field(None, description="A column; `attrs.queue` is the field queue of the object attrs.")
    first_of: list["AnyValue"] | None = Field(None, min_length=1, description="The first of these that is not empty.")
    template: Line | None = Field(
        None, description="Text with columns in braces: `{id}/closed`; empty where one of them is."
    )
    constant: Text | None = Field(None, description="The same for every line.")
    map: dict[str, Text] | None = Field(None, description="Log's value: our value. A value not listed is an error.")
    default: Text | None = Field(None, description="Used where the value is empty, or not in `map`.")

    @model_validator(mode="after")
    def _one_origin(self) -> "Value":
        given = [n for n in ("column", "first_of", "template", "constant") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of column, first_of, template, constant")
        return self


AnyValue = Annotated[Value, BeforeValidator(_long_value, json_schema_input_type=Line | Value)]


class Time(Value):
    """A value that is a time, with how it is written."""

    formats: list[Line] = Field(
        ["iso"],
        min_length=1,
        description="Tried in order: iso, unix, unix_ms, or strptime's such as `%d-%m-%Y %H:%M` (without a time of day"
        " in it: a bare date).",
    )
    zone: Zone | None = Field(None, description="Of times written without an offset; else the mapping's timezone.")
    date_only: bool = Field(False, description="Only the day is meant: drop the time of day.")


AnyTime = Annotated[Time, BeforeValidator(_long_value, json_schema_input_type=Line | Time)]


class Check(Part):
    """A condition on one column; all that is given must hold. A bare text means equals, a list means one_of."""

    equals: Text | None = None
    one_of: list[Text] | None = Field(None, min_length=1)
    not_one_of: list[Text] | None = Field(None, min_length=1)
    matches: Line | None = Field(None, description="A regular expression, found anywhere in the text.")
    present: bool | None = Field(None, description="true: not empty; false: empty or missing.")

    @model_validator(mode="after")
    def _says_something(self) -> "Check":
        if all(value is None for value in (self.equals, self.one_of, self.not_one_of, self.matches, self.present)):
            raise ValueError("a condition gives equals, one_of, not_one_of, matches or present")
        if self.matches is not None:
            try:
                re.compile(self.matches)
            except re.error as error:
                raise ValueError(f"matches: is not a regular expression ({error})") from None
        return self


AnyCheck = Annotated[Check, BeforeValidator(_long_check, json_schema_input_type=Text | list[Text] | Check)]
Condition = dict[Line, AnyCheck]
Conditions = Annotated[
    list[Condition], BeforeValidator(_listed, json_schema_input_type=Condition | list[Condition]), Field(min_length=1)
]
