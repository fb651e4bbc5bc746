"""Findings of the deadline service as the rules of leads see them. Apart from the verdicts: a storm of misses has none,
and is not read for them beyond one header."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NotRequired

from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from services.accountability.reading import DEADLINES
from services.accountability.rules.identity import case_of_subject, lead_id
from services.accountability.rules.leads import Act, Word
from services.accountability.rules.model import CaseKey, Origin, Ref
from shared.events.deadline import DeadlineFinding, DeadlineFindingRevoked
from shared.inbox import Message
from shared.reading import Heard, Reader

_FINDING = DeadlineFinding.TYPE.encode()
"""What the type of either event begins with."""


class FactFound(TypedDict):
    source: str
    id: str


class DoerText(TypedDict):
    at: str
    unit: NotRequired[str | None]
    person: NotRequired[str | None]


@with_config(ConfigDict(strict=True))
class FoundText(TypedDict):
    """What a lead needs of `deadline.finding` and `.finding_revoked`."""

    authority: str
    matter: str
    clock: str
    subject: NotRequired[str]
    item: NotRequired[str | None]
    unit: NotRequired[str | None]
    origin: NotRequired[Origin]
    code: str
    facts: list[FactFound]
    by: NotRequired[DoerText | None]
    zone: NotRequired[str | None]
    calendar: NotRequired[str | None]
    evidence: NotRequired[list[str] | None]


_TEXT = TypeAdapter(FoundText)


def findings(messages: Sequence[Message], skipped: Callable[[str], None]) -> list[tuple[Word, bytes]]:
    """What was found and taken back, each with the content of its event. A finding about a case's own clock, or of a
    build that did not say whose act it was, opens nothing. Raises Unreadable, NewerVersion."""
    about = [
        m for m in messages if any(v is not None and v.startswith(_FINDING) for n, v in m.headers if n == "ce_type")
    ]
    if not about:
        return []
    return [(word, heard.data) for heard, word in _READER.read(about, skipped) if word is not None]


def _found(heard: Heard) -> Word | None:
    said = _TEXT.validate_json(heard.data)
    by = said.get("by")
    if by is None:
        return None
    act = Act(
        datetime.fromisoformat(by["at"]), by["at"], by.get("unit") or said.get("unit"), by.get("person"),
        said.get("zone") or "UTC", said.get("calendar") or "", said.get("item"), said.get("origin", "live"),
        tuple(said.get("evidence") or ()),
    )  # fmt: skip
    return _word(heard, said, act)


def _revoked(heard: Heard) -> Word | None:
    return _word(heard, _TEXT.validate_json(heard.data), None)


def _word(heard: Heard, said: FoundText, act: Act | None) -> Word | None:
    clock, subject, code = said["clock"], said.get("subject", ""), said["code"]
    if case_of_subject(subject) is not None:
        return None
    fact = Ref(said["facts"][-1]["source"], said["facts"][-1]["id"])
    key = CaseKey(said["authority"], said["matter"], lead_id(heard.subject, code, fact))
    at = datetime.fromisoformat(heard.time.decode())
    return Word(key, Ref(heard.source, heard.id), heard.revision, code, fact, clock, subject, at, act)


_READER: Reader[Word | None] = Reader(DEADLINES, {DeadlineFinding: _found, DeadlineFindingRevoked: _revoked})
