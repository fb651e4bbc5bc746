"""Events of `deadline-events` that say of a limit that it ended, or has not ended after all: what scores count (R24).

A limit that is scheduled for the first time says nothing of that, and is not parsed.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import NotRequired

from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from services.accountability.rules.cards import LimitKey
from services.accountability.rules.identity import case_of_subject, limit_id
from services.accountability.rules.score_words import EndWord, Kind
from shared.events.base import Instant
from shared.events.deadline import (
    DeadlineMet,
    DeadlinePaused,
    DeadlineRescheduled,
    DeadlineScheduled,
    DeadlineStoppedLate,
    DeadlineVoided,
)
from shared.inbox import Message
from shared.reading import Heard, Reader

TOPIC = "deadline-events"
_INSTANT = TypeAdapter[datetime](Instant)


@with_config(ConfigDict(strict=True))
class EndText(TypedDict):
    """What a score needs of them; absent fields are not given."""

    authority: str
    matter: str
    clock: str
    subject: NotRequired[str]
    item: NotRequired[str | None]
    unit: NotRequired[str | None]
    due: NotRequired[str]
    late_from: NotRequired[str]
    done_at: NotRequired[str]


_END = TypeAdapter(EndText)


def ends(messages: Iterable[Message], skipped: Callable[[str], None]) -> list[EndWord]:
    """Nothing of the cases' own limits: they are no work of a unit. Raises Unreadable and NewerVersion."""
    return [word for _, word in _ENDS.read(messages, skipped) if word is not None]


def _word(kind: Kind) -> Callable[[Heard], EndWord | None]:
    def parse(heard: Heard) -> EndWord | None:
        if heard.revision == 1 and kind == "open":
            return None
        said = _END.validate_json(heard.data)
        clock, subject = said["clock"], said.get("subject", "")
        if case_of_subject(subject) is not None:
            return None
        late_from = said.get("late_from")
        return EndWord(
            LimitKey(said["authority"], said["matter"], clock, subject, limit_id(heard.subject, clock, subject)),
            heard.revision, kind, said.get("unit"), said.get("item"), said.get("due", ""),
            None if late_from is None else _instant(late_from), said.get("done_at", ""),
        )  # fmt: skip

    return parse


_ENDS: Reader[EndWord | None] = Reader(
    TOPIC,
    {
        DeadlineMet: _word("met"),
        DeadlineStoppedLate: _word("late"),
        DeadlineRescheduled: _word("moved"),
        DeadlineScheduled: _word("open"),
        DeadlinePaused: _word("open"),
        DeadlineVoided: _word("open"),
    },
)


@lru_cache(maxsize=1024)
def _instant(text: str) -> datetime:
    return _INSTANT.validate_python(text)
