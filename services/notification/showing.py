"""Rows of the inbox with their texts: made of the facts kept with a notice, when somebody reads it.

A notice of a build that kept texts is shown with those.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notification.rules.notices import Notice, Ref, Text
from services.notification.texts import gathering, render
from services.notification.texts.words import Language
from shared.postgres import Record

Row = Record | Mapping[str, Any]

FIRST = 10
"""So many of its notices a digest names by their subjects."""


@dataclass(slots=True)
class Digest:
    """How many notices it gathers, and the rows of the first."""

    gathered: int = 0
    first: list[Record] = field(default_factory=list)


NONE = Digest()
"""What was opened a moment ago and gathers nothing yet."""


def texts_of(row: Row, languages: Sequence[Language]) -> dict[str, Any]:
    """By language: the subject and the body of a notice."""
    if row["facts"] is None:
        return {code: {"subject": row[f"subject_{code}"], "body": row[f"body_{code}"]} for code in languages}
    return {code: _members(_render(row, code)) for code in languages}


def digests_of(rows: Iterable[Record]) -> dict[UUID, Digest]:
    """As `select_digests` has them."""
    found: dict[UUID, Digest] = {}
    for row in rows:
        digest = found.setdefault(row["digest"], Digest(row["gathered"]))
        digest.first.append(row)
    return found


def texts_of_digest(digest: Digest, since: datetime, where: str, languages: Sequence[Language]) -> dict[str, Any]:
    """By language: the subject and the body of a digest."""
    made: dict[str, Any] = {}
    for code in languages:
        subjects = [_render(row, code).subject for row in digest.first]
        made[code] = _members(gathering(digest.gathered, since, subjects, where, code))
    return made


def _render(row: Row, language: Language) -> Text:
    facts = row["facts"]
    about = Ref(row["about_source"], row["about_id"])
    notice = Notice(about, row["kind"], row["recipient"], facts["why"], row["role"], tuple(facts["skipped"]))
    return render(facts, notice, language)


def _members(text: Text) -> dict[str, str]:
    return {"subject": text.subject, "body": text.body}
