"""Events of the contract in the words of the rules: of each only the fields that people are told or that decide whom.

This service must not take long over a storm. The other types known today are dropped by their header, unparsed, but for
what subscribers take; a type that this build does not know is counted (D16).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NotRequired

from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from services.notification.rules.directory import HolderFact, Reach
from services.notification.rules.notices import Case, Ref
from shared.events.accountability import (
    CaseEscalated,
    CaseOpened,
    CaseReinstated,
    CaseRevised,
    CaseWentLive,
    CaseWithdrawn,
)
from shared.events.base import Event, Origin, instant_of, split_key
from shared.events.deadline import DeadlineWarned
from shared.events.envelope import Received
from shared.events.intake import HolderAssigned, HolderEnded
from shared.inbox import Message
from shared.reading import Heard, Reader

CASES, DEADLINES, DIRECTORY = "case-events", "deadline-events", "directory-events"
TOPICS = (CASES, DEADLINES, DIRECTORY)
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


class CaseText(AboutText):
    case_id: str


class StandingText(CaseText):
    item: NotRequired[str | None]
    unit: NotRequired[str | None]
    due: str
class LeadText(TypedDict):
    kind: str
    severity: str
    rule: str




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


@_strict
class EscalatedText(StandingText):
    lead: NotRequired[LeadText | None]
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
class WithdrawnText(StandingText):
    reason: str
    cause: RefText
@_strict
class WentLiveText(StandingText):
    source: str
    occurred_at: str
    limits: list[LimitText]
    addressee: AddresseeText


    told: list[str]


@_strict
class RevisedText(CaseText):
    responsible: list[ResponsibleText]
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """An event that people are told of: what it says of its case, and all that it says. `at` is a warning's instant."""

    about: Ref
    kind: str
    key: str
    origin: str
    said: dict[str, Any]
    case: Case | None = None
    at: datetime | None = None


def told(messages: Iterable[Message], skipped: Callable[[str], None]) -> list[Told]:
    """What people are told of a batch, of each topic in order. Raises Unreadable, NewerVersion."""
    by_topic: dict[str, list[Message]] = {}
    for m in messages:
        by_topic.setdefault(m.topic, []).append(m)
    return [event for topic, read in by_topic.items() for _, event in _READERS[topic].read(read, skipped)]


def type_of(message: Message) -> str | None:
    """By the header; None where it cannot be read."""
    type_ = next((value for name, value in message.headers if name == "ce_type"), None)
    try:
        return None if type_ is None else type_.decode()
    except UnicodeDecodeError:
        return None


def reach_of(addressee: AddresseeText) -> Reach:
    """Whom accountability addressed."""
    return Reach(addressee.get("person"), addressee["role"], tuple(addressee.get("skipped", ())))


def unit_of(said: WarnedText) -> str | None:
    """In whose hands a matter was."""
    return said["holding"].get("unit") or said.get("unit")


def holder_fact(received: Received, event: HolderAssigned | HolderEnded) -> HolderFact:
    """A fact of the directory; its subject names the post, its submission orders it."""
    authority, post = split_key(received.subject)
    role, unit = (event.role, event.unit) if isinstance(event, HolderAssigned) else (None, None)
    at = instant_of(event.occurred_at, event.zone)
    return HolderFact(authority, post, event.submission.source, event.submission.id, at, event.person, role, unit)


def _named(said: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((r["role"], r["person"]) for r in said.get("responsible", ()) if r.get("person") is not None)


def _warned(kind: str, text: TypeAdapter[Any]) -> Callable[[Heard], Told]:
    def parse(heard: Heard) -> Told:
        said = text.validate_json(heard.data)
        at = datetime.fromisoformat(heard.time.decode())
        return Told(Ref(heard.source, heard.id), kind, heard.subject, said.get("origin", "live"), said, at=at)

    return parse


def _of_case(kind: str, text: TypeAdapter[Any]) -> Callable[[Heard], Told]:
    def parse(heard: Heard) -> Told:
        said = text.validate_json(heard.data)
        case = Case(
            heard.subject, said["case_id"], heard.revision, _named(said), said.get("item"), said.get("unit"),
            said.get("clock"), said.get("due"),
        )  # fmt: skip
        return Told(Ref(heard.source, heard.id), kind, heard.subject, said.get("origin", "live"), said, case)

    return parse


def _cases() -> dict[type[Event], Callable[[Heard], Told]]:
    texts: dict[type[Event], TypeAdapter[Any]] = {
        CaseOpened: TypeAdapter(OpenedText), CaseEscalated: TypeAdapter(EscalatedText),
        CaseReinstated: TypeAdapter(ReinstatedText), CaseWithdrawn: TypeAdapter(WithdrawnText),
        CaseRevised: TypeAdapter(RevisedText), CaseWentLive: TypeAdapter(WentLiveText),
    }  # fmt: skip
    return {event: _of_case(event.TYPE, text) for event, text in texts.items()}


_READERS: dict[str, Reader[Told]] = {
    CASES: Reader(CASES, _cases()),
    DEADLINES: Reader(DEADLINES, {DeadlineWarned: _warned(DeadlineWarned.TYPE, TypeAdapter(WarnedText))}),
}
