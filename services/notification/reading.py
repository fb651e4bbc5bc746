"""Events of the contract in the words of the rules: of each only the fields that people are told or that decide whom.

This service must not take long over a storm. The other types known today are dropped by their header, unparsed, but for
what subscribers take; a type that this build does not know is counted (D16).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from pydantic import TypeAdapter

from services.notification.forms import (
    AddresseeText,
    AssignedText,
    DutyText,
    EscalatedText,
    OpenedText,
    ReinstatedText,
    RevisedText,
    SlipText,
    StepText,
    WarnedText,
    WentLiveText,
    WithdrawnText,
)
from services.notification.rules.directory import Reach
from services.notification.rules.directory_facts import RETRACTED, HolderFact
from services.notification.rules.notices import Case, Ref
from shared.events.accountability import (
    CaseEscalated,
    CaseOpened,
    CaseReinstated,
    CaseRevised,
    CaseWentLive,
    CaseWithdrawn,
)
from shared.events.base import Event, instant_of, split_key
from shared.events.catalog import UnknownVersion, model_of
from shared.events.deadline import DeadlineWarned
from shared.events.envelope import Received
from shared.events.facts import Fact
from shared.events.intake import FactCorrected, FactRetracted, Recorded
from shared.events.oversight import CaseAssigned, CaseOverseerLate
from shared.events.proceedings import (
    AnswerServed,
    CaseDismissed,
    CaseServed,
    CaseUpheld,
    CaseVaried,
    NoticeGiven,
    PeopleExonerated,
)
from shared.events.rectification import (
    RectificationNotOverdue,
    RectificationOpened,
    RectificationOrdered,
    RectificationOverdue,
    RectificationRejected,
)
from shared.events.slips import SlipIssued, SlipRevoked
from shared.inbox import Message
from shared.reading import Heard, Reader

CASES, DEADLINES, DIRECTORY = "case-events", "deadline-events", "directory-events"
TOPICS = (CASES, DEADLINES, DIRECTORY)


@dataclass(frozen=True, slots=True)
class Told:
    """An event that people are told of: what it says of its case, and all that it says. `at` is the instant as of which
    the directory is asked where nobody is named: a warning's, or just before a slip's limit had passed."""

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


def overseer_of(addressee: dict[str, Any]) -> Reach:
    """Which office accountability addressed."""
    return Reach(addressee.get("person"), addressee["office"], tuple(addressee.get("skipped", ())))


def hands_of(said: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """In whose hands a matter was, unit and person: as a warning says, or a slip."""
    holding = said.get("holding", said)
    return holding.get("unit") or said.get("unit"), holding.get("person")


def holder_fact(received: Received, event: Event) -> HolderFact | None:
    """A fact of the directory; its subject names the entry, its submission orders it. None for what is none."""
    if not isinstance(event, Recorded):
        return None
    authority, entry = split_key(received.subject)
    identity = event.submission.source, event.submission.id
    said: Event = event
    replaces = None
    if isinstance(event, FactCorrected | FactRetracted):
        replaces = event.replaces.source, event.replaces.id
        if isinstance(event, FactRetracted):
            return HolderFact(
                authority, entry, *identity, event.issued_at, kind=RETRACTED, issued_at=event.issued_at,
                replaces=replaces,
            )  # fmt: skip
        model = model_of("submissions", event.fact.type, 1)
        if model is None or isinstance(model, UnknownVersion):
            return None
        said = model.model_validate_json(orjson.dumps(event.fact.data), extra="ignore")
    kind = KINDS.get(said.TYPE)
    if kind is None or not isinstance(said, Fact):
        return None
    fields = vars(said)
    until = fields.get("until")
    return HolderFact(
        authority, entry, *identity, instant_of(said.occurred_at, said.zone), fields.get("person"), fields.get("role"),
        fields.get("parent") if kind == "placed" else fields.get("unit"), kind,
        None if until is None else instant_of(until, said.zone), bool(fields.get("acting")), fields.get("deputy"),
        fields.get("post"), fields.get("kind"), event.issued_at, replaces,
    )  # fmt: skip


KINDS = {
    "holder.assigned": "assigned", "holder.ended": "ended", "post.established": "established",
    "post.abolished": "abolished", "unit.placed": "placed", "unit.dissolved": "dissolved",
    "leave.taken": "leave-taken", "leave.ended": "leave-ended",
}  # fmt: skip


def _named(said: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((r["role"], r["person"]) for r in said.get("responsible", ()) if r.get("person") is not None)


def _warned(kind: str, text: TypeAdapter[Any]) -> Callable[[Heard], Told]:
    def parse(heard: Heard) -> Told:
        said = text.validate_json(heard.data)
        at = datetime.fromisoformat(heard.time.decode())
        return Told(Ref(heard.source, heard.id), kind, heard.subject, said.get("origin", "live"), said, at=at)

    return parse


def _slip(kind: str, text: TypeAdapter[Any]) -> Callable[[Heard], Told]:
    def parse(heard: Heard) -> Told:
        said = text.validate_json(heard.data)
        at = datetime.fromisoformat(said["late_from"]) - TICK
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


def _of_duty(kind: str, text: TypeAdapter[Any]) -> Callable[[Heard], Told]:
    """What it says of limits and units is of the duty: nothing of the case is learned but that it is there."""

    def parse(heard: Heard) -> Told:
        said = text.validate_json(heard.data)
        case = Case(heard.subject, said["case_id"], heard.revision)
        return Told(Ref(heard.source, heard.id), kind, heard.subject, said.get("origin", "live"), said, case)

    return parse


DUTIES = (
    CaseOverseerLate, RectificationOrdered, RectificationOpened, RectificationRejected, RectificationOverdue,
    RectificationNotOverdue,
)  # fmt: skip


SLIPS = (SlipIssued, SlipRevoked)
TICK = timedelta(microseconds=1)
STEPS = (NoticeGiven, CaseServed, AnswerServed, CaseUpheld, CaseVaried, CaseDismissed, PeopleExonerated)
"""Steps of due process of which those whom they name as told learn."""


def _cases() -> dict[type[Event], Callable[[Heard], Told]]:
    texts: dict[type[Event], TypeAdapter[Any]] = {
        CaseOpened: TypeAdapter(OpenedText), CaseEscalated: TypeAdapter(EscalatedText),
        CaseReinstated: TypeAdapter(ReinstatedText), CaseWithdrawn: TypeAdapter(WithdrawnText),
        CaseRevised: TypeAdapter(RevisedText), CaseWentLive: TypeAdapter(WentLiveText),
        CaseAssigned: TypeAdapter(AssignedText),
    }  # fmt: skip
    duty, step, slip = TypeAdapter[Any](DutyText), TypeAdapter[Any](StepText), TypeAdapter[Any](SlipText)
    return (
        {event: _of_case(event.TYPE, text) for event, text in texts.items()}
        | {event: _of_duty(event.TYPE, duty) for event in DUTIES}
        | {event: _of_case(event.TYPE, step) for event in STEPS}
        | {event: _slip(event.TYPE, slip) for event in SLIPS}
    )


_READERS: dict[str, Reader[Told]] = {
    CASES: Reader(CASES, _cases()),
    DEADLINES: Reader(DEADLINES, {DeadlineWarned: _warned(DeadlineWarned.TYPE, TypeAdapter(WarnedText))}),
}
