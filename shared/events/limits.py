"""A limit as it travels with a matter or a case: all that is needed to count it, no catalogue required (D5)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.events.base import LocalTime, Model, Name, Span, Text, Warned, When, Zone

StartRule = Literal["day0", "roll", "inclusive"]
Roll = Literal["next", "previous", "none"]
Started = Name
"""What a clock starts on: a type of fact, or another clock's end (`ended:`), late_from (`expired:`), or silence that
counts as an answer (`deemed:`)."""


def _empty(value: tuple[object, ...]) -> bool:
    return not value


def _no(value: bool) -> bool:
    return not value


class PauseTerms(Model):
    """A ground on which the limit stands still (R9)."""

    ground: Name = Field(description="As `matter.suspended` names it; `*` is any; `correction` is a correction notice.")
    longest: Span | None = Field(default=None, description="Absent: without end.")
    then: Literal["resume", "close", "alarm"] = Field(default="alarm", description="What happens after the longest.")
    times: Annotated[int, Field(ge=1)] | None = Field(default=None, description="How often; absent: any number.")


class ExtensionTerms(Model):
    """How far the limit may be extended, and by what right (R6). A request that does not meet this is refused."""

    most: Span | None = Field(default=None, description="All extensions together; absent: without limit.")
    times: Annotated[int, Field(ge=1)] = 1
    base: Literal["nominal", "rolled"] = Field(default="nominal", description="What an extension is added to.")
    after_expiry: Literal["refused", "taken"] = Field(default="refused", description="Asked for when it is late (R13).")
    approver: bool = Field(default=False, description="An approver must be named.")
    reason: bool = Field(default=False, description="Reasons must be given.")


class ExpiryTerms(Model):
    """What silence means once the limit has passed (R5, R10, R12). The miss stands all the same."""

    outcome: Name = Field(description="consent, accepted, renewed …")
    legal_basis: Text


class SecondTerms(Model):
    """The other of two limits."""

    amount: Span | None = None
    at: When | None = None
    start_rule: StartRule = "day0"
    roll: Roll = "none"

    @model_validator(mode="after")
    def _one(self) -> "SecondTerms":
        if (self.amount is None) == (self.at is None):
            raise ValueError("a limit has either an amount or a stated end")
        return self


class FindingTerms(Model):
    """A fact that is a finding by itself, whatever the limit: it is on record, and may open a case (rulebook)."""

    code: Name
    on: Name = Field(description="The type of fact.")
    result: tuple[Name, ...] = Field(default=(), exclude_if=_empty, description="Only with one of these results.")
    before: Name | None = Field(default=None, description="Only where no such fact has happened yet.")
    returned: bool = Field(
        default=False, exclude_if=_no, description="Only where it gives the matter back to a unit that has had it."
    )


class LimitTerms(Model):
    """A limit as stamped. What is absent means: as the plainest limit has it."""

    clock: Name
    amount: Span | None = None
    at: When | None = None
    start_rule: StartRule = "day0"
    roll: Roll = "none"
    zone: Zone
    day_ends: LocalTime | None = Field(default=None, description="Local close of business; absent: 24:00.")
    calendar: Name
    starts_on: tuple[Started, ...]
    stops_on: tuple[Name, ...]
    warnings: tuple[Warned, ...] = ()
    source: Text = Field(description="Legal source with its article, or `not verified`.")
    kind: Literal["promised", "statutory"] | None = None
    per: Literal["stage", "task"] | None = Field(default=None, description="A clock for each; absent: for the matter.")
    stage: Name | None = Field(default=None, description="With `per: stage`: of this stage only.")
    cut_off: LocalTime | None = Field(default=None, description="Received from then on: on the next working day (R4).")
    choose: Literal["earlier", "later"] | None = Field(default=None, description="Of this limit and `second`.")
    second: SecondTerms | None = None
    pauses: tuple[PauseTerms, ...] = Field(default=(), exclude_if=_empty, description="Empty: nothing pauses it.")
    extension: ExtensionTerms | None = Field(default=None, description="Absent: it cannot be extended.")
    restarts_on: tuple[Name, ...] = Field(
        default=(), exclude_if=_empty, description="The last such fact is the start, whatever was before."
    )
    on_expiry: ExpiryTerms | None = None
    overdue: tuple[Span, ...] = Field(
        default=(), exclude_if=_empty, description="Told again when so much has passed after the miss."
    )
    finds: tuple[FindingTerms, ...] = Field(
        default=(), exclude_if=_empty, description="Facts that are findings by themselves."
    )

    @model_validator(mode="after")
    def _whole(self) -> "LimitTerms":
        if (self.amount is None) == (self.at is None):
            raise ValueError("a limit has either an amount or a stated end")
        if (self.choose is None) != (self.second is None):
            raise ValueError("`choose` and `second` come together")
        counts = [int(amount.rstrip("abcdefghijklmnopqrstuvwxyz")) for amount in self.overdue]
        if counts != sorted(set(counts)) or len({amount.lstrip("0123456789") for amount in self.overdue}) > 1:
            raise ValueError("`overdue` is in one unit, the least first")
        if self.stage is not None and self.per != "stage":
            raise ValueError("`stage` needs `per: stage`")
        return self
