"""Events of intake and of the deadline service as the rules see them.

Of `deadline-events` only misses and their withdrawals concern cases; warnings, and what a miss comes to mean later,
concern cards. Of these only the fields declared here are read: this service must keep up with a storm of misses. The
other types known today are dropped by their header, unparsed, whatever their version; a type that this build does not
know is counted (D16).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Literal, NotRequired
from uuid import UUID

from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from services.accountability.circumstances_text import ActText, PausedText, TeamText, circumstances_of
from services.accountability.circumstances_text import HoldingText as Holding
from services.accountability.rules.attribution import held_at
from services.accountability.rules.cards import NEVER_WAS, STATUTORY, LimitKey, Word, WordKind
from services.accountability.rules.identity import case_id, case_of_subject, limit_id, rung_of_clock
from services.accountability.rules.ladder import TICK
from services.accountability.rules.model import CaseKey, Held, Missed, Origin, Ref, RungMissed, Untrue, Untruth, Verdict
from services.accountability.rules.overseers import DutyMissed, DutyNotMissed
from shared.errors import Permanent
from shared.events.accountability import CaseOpened, CaseReinstated, CaseWentLive
from shared.events.base import Instant
from shared.events.deadline import (
    DeadlineDeemed,
    DeadlineDeemedRevoked,
    DeadlineMissed,
    DeadlineOverdue,
    DeadlineOverdueRevoked,
    DeadlineVoided,
    DeadlineWarned,
    DeadlineWithdrawn,
)
from shared.inbox import Message
from shared.reading import Heard, Reader

DEADLINES, DIRECTORY = "deadline-events", "directory-events"
TOPICS = (DEADLINES, DIRECTORY)
_STANDINGS = (CaseOpened.TYPE, CaseReinstated.TYPE, CaseWentLive.TYPE)
"""The events of ours by which a case comes to stand, and from which its limits run."""
_strict = with_config(ConfigDict(strict=True))
_INSTANT = TypeAdapter[datetime](Instant)


class LimitUsed(TypedDict):
    zone: str
    calendar: str
    kind: NotRequired[str | None]


class FactUsed(TypedDict):
    type: str
    event: str


class ClockText(TypedDict):
    """What all of them say of the clock they are about; absent fields are not given."""

    authority: str
    matter: str
    clock: str
    subject: NotRequired[str]
    item: NotRequired[str | None]
    unit: NotRequired[str | None]
    origin: NotRequired[Origin]
    urgent: NotRequired[bool | None]


@_strict
class MissedText(ClockText):
    """What a case needs of `deadline.missed`."""

    due: str
    late_from: str
    limit: LimitUsed
    detected_at: str
    holdings: list[Holding]
    facts: list[FactUsed]
    pauses: NotRequired[list[PausedText] | None]
    acts: NotRequired[list[ActText] | None]
    team: NotRequired[TeamText | None]


@_strict
class UntrueText(ClockText):
    """What a case needs of `deadline.withdrawn`."""

    due: str
    late_from: str
    reason: Untruth


@_strict
class ToldText(ClockText):
    """What a card needs of `deadline.warned`, `.overdue`, `.deemed` and `.deemed_revoked`."""

    due: str
    late_from: str
    warning: NotRequired[str]
    overdue: NotRequired[str]
    holding: NotRequired[Holding]


@_strict
class VoidedText(ClockText):
    """What cards need of `deadline.voided`."""

    reason: str


Said = tuple[Verdict | DutyMissed | DutyNotMissed | None, Word | None]
"""What an event means for cases or for their overseers, and for cards."""
_MISSED, _UNTRUE, _TOLD = TypeAdapter(MissedText), TypeAdapter(UntrueText), TypeAdapter(ToldText)
_VOIDED = TypeAdapter(VoidedText)
_NEVER_WAS = frozenset({"registration-retracted", "limit-removed"})
"""Why a limit ends of which nothing was ever due. A matter that was taken back had its warnings rightly."""


def heard_of(
    messages: Iterable[Message], skipped: Callable[[str], None]
) -> tuple[list[tuple[Verdict, bytes]], list[DutyMissed | DutyNotMissed], list[Word]]:
    """What the deadline service says about misses, each with the content of its event; the cases' own limits that
    passed, or did not after all; and all that concerns cards. Raises Unreadable, NewerVersion, and Permanent for a rung
    that runs from no event of its case."""
    verdicts: list[tuple[Verdict, bytes]] = []
    duties: list[DutyMissed | DutyNotMissed] = []
    words: list[Word] = []
    for heard, (said, word) in _SAID.read(messages, skipped):
        if word is not None:
            words.append(word)
        if isinstance(said, DutyMissed | DutyNotMissed):
            duties.append(said)
        elif said is not None:
            verdicts.append((said, heard.data))
    return verdicts, duties, words


def verdicts(messages: Iterable[Message], skipped: Callable[[str], None]) -> list[tuple[Verdict, bytes]]:
    """Of `heard_of`, what concerns cases."""
    return heard_of(messages, skipped)[0]


def _missed(heard: Heard) -> Said:
    said = _MISSED.validate_json(heard.data)
    clock, subject, late_from = said["clock"], said.get("subject", ""), _instant(said["late_from"])
    ref = Ref(heard.source, heard.id)
    case = case_of_subject(subject)
    if case is not None:
        key, rung = CaseKey(said["authority"], said["matter"], case), rung_of_clock(clock)
        if rung is None:
            return DutyMissed(key, ref, clock, said["due"], late_from, heard.revision), None
        return RungMissed(key, ref, rung, late_from, _started_by(case, clock, said["facts"])), None
    held = held_at(tuple(map(_held, said["holdings"])), late_from - TICK)
    limit = said["limit"]
    missed = Missed(
        key=CaseKey(said["authority"], said["matter"], case_id(heard.subject, clock, subject, late_from)),
        ref=ref,
        revision=heard.revision,
        clock=clock,
        subject=subject,
        due=said["due"],
        late_from=late_from,
        detected_at=_instant(said["detected_at"]),
        item=said.get("item"),
        unit=said.get("unit") if held is None or held.unit is None else held.unit,
        held=held,
        origin=said.get("origin", "live"),
        zone=limit["zone"],
        calendar=limit["calendar"],
        kind=limit.get("kind"),
        circumstances=circumstances_of(said["holdings"], said.get("acts"), said.get("team"), said.get("pauses")),
    )
    word = Word(
        LimitKey(missed.key.authority, missed.key.matter, clock, subject, limit_id(heard.subject, clock, subject)),
        ref, heard.revision, "missed", STATUTORY if missed.kind == STATUTORY else "promised", missed.due, late_from,
        missed.origin, missed.item, missed.unit, None if held is None else held.person, bool(said.get("urgent")),
    )  # fmt: skip
    return missed, word


def _untrue(heard: Heard) -> Said:
    """Of a rung nothing: what was escalated stays escalated. Of another limit of a case, that it did not pass."""
    said = _UNTRUE.validate_json(heard.data)
    clock, subject, late_from = said["clock"], said.get("subject", ""), _instant(said["late_from"])
    case, ref = case_of_subject(subject), Ref(heard.source, heard.id)
    if case is not None:
        if rung_of_clock(clock) is not None:
            return None, None
        return DutyNotMissed(CaseKey(said["authority"], said["matter"], case), ref, clock, heard.revision), None
    key = CaseKey(said["authority"], said["matter"], case_id(heard.subject, clock, subject, late_from))
    word = Word(
        LimitKey(key.authority, key.matter, clock, subject, limit_id(heard.subject, clock, subject)), ref,
        heard.revision, "untrue", said["reason"], said["due"], late_from, said.get("origin", "live"), said.get("item"),
        said.get("unit"), None, bool(said.get("urgent")),
    )  # fmt: skip
    return Untrue(key, ref, heard.revision, said["reason"]), word


def _told(kind: WordKind, field: Literal["warning", "overdue"] | None = None) -> Callable[[Heard], Said]:
    """What concerns cards alone; nothing of a case's own limits: they have rungs and no cards."""

    def parse(heard: Heard) -> Said:
        said = _TOLD.validate_json(heard.data)
        clock, subject, holding = said["clock"], said.get("subject", ""), said.get("holding", _NOBODY)
        if case_of_subject(subject) is not None:
            return None, None
        return None, Word(
            LimitKey(said["authority"], said["matter"], clock, subject, limit_id(heard.subject, clock, subject)),
            Ref(heard.source, heard.id), heard.revision, kind, "" if field is None else said[field], said["due"],
            _instant(said["late_from"]), said.get("origin", "live"), said.get("item"),
            holding.get("unit") or said.get("unit"), holding.get("person"), bool(said.get("urgent")),
        )  # fmt: skip

    return parse


def _voided(heard: Heard) -> Said:
    """A limit that never was has had no warnings; its misses are withdrawn by events of their own."""
    said = _VOIDED.validate_json(heard.data)
    clock, subject = said["clock"], said.get("subject", "")
    if case_of_subject(subject) is not None or said["reason"] not in _NEVER_WAS:
        return None, None
    return None, Word(
        LimitKey(said["authority"], said["matter"], clock, subject, limit_id(heard.subject, clock, subject)),
        Ref(heard.source, heard.id), heard.revision, "untrue", NEVER_WAS, "", _instant(heard.time.decode()),
        said.get("origin", "live"), said.get("item"), said.get("unit"), None, bool(said.get("urgent")),
    )  # fmt: skip


_NOBODY: Holding = {"since": ""}
_SAID: Reader[Said] = Reader(
    DEADLINES,
    {
        DeadlineMissed: _missed,
        DeadlineWithdrawn: _untrue,
        DeadlineWarned: _told("warned", "warning"),
        DeadlineVoided: _voided,
        DeadlineOverdue: _told("overdue", "overdue"),
        DeadlineOverdueRevoked: _told("overdue-revoked", "overdue"),
        DeadlineDeemed: _told("deemed"),
        DeadlineDeemedRevoked: _told("deemed-revoked"),
    },
)


@lru_cache(maxsize=4096)  # in a storm all were due at one instant, and what comes of it compares by identity
def _instant(text: str) -> datetime:
    return _INSTANT.validate_python(text)


def _started_by(case: UUID, clock: str, facts: Sequence[FactUsed]) -> str:
    """The event of the case from which its limit ran."""
    for fact in reversed(facts):
        if fact["type"] in _STANDINGS:
            return fact["event"]
    raise Permanent(f"the clock {clock} of case {case} runs from no event of its case")


def _held(holding: Holding) -> Held:
    until = holding.get("until")
    since = _instant(holding["since"])
    return Held(since, None if until is None else _instant(until), holding.get("unit"), holding.get("person"))
