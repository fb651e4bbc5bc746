"""A file of directory facts, line by line: from what was written to facts, or to what is wrong with it."""

from datetime import datetime
from typing import Any

from pydantic import Field, ValidationError

from services.accountability.directory_reading import KINDS, fact
from services.accountability.rules.directory_checks import Finding, Proposed
from services.accountability.rules.directory_facts import DirectoryFact, PostKey
from services.accountability.rules.model import Ref
from shared.events.base import Instant, Model, Name
from shared.events.catalog import UnknownVersion, model_of
from shared.events.envelope import problems_of
from shared.events.facts import Fact

MOST_LINES = 20_000
RETRACTED = "retracted"
"""Stands in place of a type where a line takes back the fact that it `replaces`."""


class LineText(Model):
    """A line: a fact of the directory as intake takes it. `about` is the post, unit or person it is about; `replaces`
    the id of the fact of the same source that it corrects or takes back."""

    line: int = Field(ge=1)
    id: Name
    type: Name
    about: Name
    data: dict[str, Any]
    replaces: Name | None = None
    issued_at: Instant | None = None


class CheckText(Model):
    """A whole file, as it would be sent."""

    source: Name
    authority: Name
    facts: tuple[LineText, ...] = Field(min_length=1, max_length=MOST_LINES)


def proposals(given: CheckText, now: datetime) -> tuple[list[Proposed], list[Finding]]:
    """The lines that can be read, and what is wrong with the others."""
    proposed: list[Proposed] = []
    found: list[Finding] = []
    for line in given.facts:
        made = _made(given, line, now)
        if isinstance(made, Finding):
            found.append(made)
        else:
            proposed.append(Proposed(line.line, made))
    return proposed, found


def _made(given: CheckText, line: LineText, now: datetime) -> DirectoryFact | Finding:
    entry, ref = PostKey(given.authority, line.about), Ref(given.source, line.id)
    replaces = None if line.replaces is None else Ref(given.source, line.replaces)
    issued_at = line.issued_at or now
    if replaces == ref:
        return Finding(line.line, "replaces-itself", "a line cannot replace itself: it needs an id of its own")
    if line.type == RETRACTED:
        if replaces is None:
            return Finding(line.line, "missing", "says no fact that it takes back, by its id")
        return DirectoryFact(
            entry, ref, "", "retracted", issued_at, None, None, None, now, issued_at=issued_at, replaces=replaces
        )
    model = model_of("submissions", line.type, 1) if line.type in KINDS else None
    if model is None or isinstance(model, UnknownVersion):
        return Finding(line.line, "unknown-type", "is not a fact of the directory")
    try:
        said = model.model_validate(line.data)
    except ValidationError as error:
        problems = problems_of(error)
        detail = "; ".join(f"{p.pointer.removeprefix('/')} {p.detail}".strip() for p in problems)
        return Finding(line.line, problems[0].code, detail)
    made = fact(entry, ref, "", said, now, issued_at, replaces) if isinstance(said, Fact) else None
    if made is None:
        return Finding(line.line, "unknown-type", "is not a fact of the directory")
    if made.until is not None and made.until <= made.at:
        return Finding(line.line, "ends-before-it-begins", "until does not lie after occurred_at")
    return made
