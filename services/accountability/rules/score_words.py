"""What the deadline service says of limits that end: in time, late, or after all not yet. The last word counts (D3)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from services.accountability.rules.cards import LimitKey

Kind = Literal["met", "late", "moved", "open"]
"""Ended in time; ended too late; its due is another, which of what ended in time says nothing else; not ended."""


class EndWord(NamedTuple):
    """`at` is the act that ended it as it is written, empty where none did; `due` is empty where none is said."""

    limit: LimitKey
    revision: int
    kind: Kind
    unit: str | None
    item: str | None
    due: str
    late_from: datetime | None
    at: str


def last_words(words: Iterable[EndWord]) -> list[EndWord]:
    """One for each limit. Of what ended in time and whose due moved then, that it ended, by the new due."""
    found: dict[LimitKey, EndWord] = {}
    for word in sorted(words, key=lambda word: word.revision):
        before = found.get(word.limit)
        if before is not None and before.kind == "met" and word.kind == "moved":
            found[word.limit] = before._replace(due=word.due, late_from=word.late_from, revision=word.revision)
        else:
            found[word.limit] = word
    return list(found.values())
