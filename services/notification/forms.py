"""What this service reads of events: of each only the fields that people are told or that decide whom."""

from typing import Any, NotRequired

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from shared.events.base import Origin

_strict = with_config(ConfigDict(strict=True))


class RefText(TypedDict):
    source: str
    id: str


class AddresseeText(TypedDict):
    role: str
    person: NotRequired[str | None]
    skipped: NotRequired[list[str]]


class ResponsibleText(TypedDict):
    role: str
    person: NotRequired[str | None]


class LimitText(TypedDict):
    amount: NotRequired[str | None]
    at: NotRequired[str | None]


class HoldingText(TypedDict):
    unit: NotRequired[str | None]
    person: NotRequired[str | None]


class TeamText(TypedDict):
    project_manager: NotRequired[str | None]
    first_contact: NotRequired[str | None]


class AboutText(TypedDict):
    authority: str
    matter: str
    team: NotRequired[TeamText | None]
    origin: NotRequired[Origin]


@_strict
class WarnedText(AboutText):
    clock: str
    subject: NotRequired[str]
    item: NotRequired[str | None]
    unit: NotRequired[str | None]
    due: str
    late_from: str
    warning: str
    holding: HoldingText


@_strict
class SlipText(AboutText):
    """Of what tells somebody of a slip (R23). `unit` had the matter when the limit passed."""

    level: str
    clock: str
    subject: NotRequired[str]
    item: NotRequired[str | None]
    unit: NotRequired[str | None]
    person: NotRequired[str | None]
    urgent: NotRequired[bool | None]
    due: str
    late_from: str
    grounds: NotRequired[list[str]]
    rulebook: NotRequired[str]
    reason: NotRequired[str]


class CaseText(AboutText):
    case_id: str


class LeadText(TypedDict):
    kind: str
    severity: str
    rule: str


class StandingText(CaseText):
    item: NotRequired[str | None]
    unit: NotRequired[str | None]
    due: str


@_strict
class OpenedText(StandingText):
    clock: str
    subject: NotRequired[str]
    late_from: str
    miss: RefText
    rulebook: str
    responsible: list[ResponsibleText]
    limits: list[LimitText]
    addressee: AddresseeText
    lead: NotRequired[LeadText | None]


@_strict
class EscalatedText(StandingText):
    rung: int
    miss: RefText
    last: bool
    responsible: list[ResponsibleText]
    addressee: AddresseeText


@_strict
class ReinstatedText(StandingText):
    miss: RefText
    responsible: list[ResponsibleText]
    limits: list[LimitText]
    addressee: AddresseeText


@_strict
class WentLiveText(StandingText):
    source: str
    occurred_at: str
    limits: list[LimitText]
    addressee: AddresseeText


@_strict
class DutyText(CaseText):
    """Of what tells somebody of a duty, or that one was not done. `clock` and `due` are the duty's."""

    item: NotRequired[str | None]
    unit: NotRequired[str | None]
    clock: NotRequired[str]
    due: NotRequired[str]
    within: NotRequired[str]
    rectification_id: NotRequired[str]
    addressee: dict[str, Any]


@_strict
class AssignedText(StandingText):
    assignee: str


@_strict
class WithdrawnText(StandingText):
    reason: str
    cause: RefText
    told: list[str]


@_strict
class StepText(StandingText):
    told: NotRequired[list[str]]
    people: NotRequired[list[str]]


@_strict
class RevisedText(CaseText):
    responsible: list[ResponsibleText]
    reason: str
