"""What a person reads: one template for each kind of notice and language; its first line is the subject.

The texts say which matter, which limit and when, what is asked, why this person, and what it rests on. They name no
other person (D19), and call a finding what it is: proposed, until a person confirms it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from services.notification.rules.notices import VACANT, Notice, Text
from services.notification.texts.facts import read
from services.notification.texts.words import LANGUAGES, Language, filters

DIGEST = "notices.digest"
"""The kind of what tells of further notices."""
TEMPLATES = Path(__file__).parent.parent / "templates"


def environment(language: Language) -> Environment:
    """Plain text, so nothing is escaped for HTML; what others wrote passes the filter `plain` in every template."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES / language),
        autoescape=False,  # noqa: S701 - text/plain
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(filters(language))
    return made


ENVIRONMENTS: Mapping[Language, Environment] = {language: environment(language) for language in LANGUAGES}


@cache
def template(kind: str, language: Language) -> Template:
    """Compiled once. `kind` is one of the types that people are told of, or DIGEST."""
    return ENVIRONMENTS[language].get_template(f"{kind}.txt.j2")


def render(facts: Mapping[str, Any], notice: Notice, language: Language) -> Text:
    """The text of one notice; `facts` as `facts_of` has them."""
    said = template(notice.kind, language).render(read(facts), notice=notice, vacant=notice.recipient == VACANT)
    return _text(said)


def gathering(gathered: int, since: datetime, subjects: Sequence[str], where: str, language: Language) -> Text:
    """The text of a digest: how many notices it gathers, the subjects of the first, and where all are read."""
    said = template(DIGEST, language).render(gathered=gathered, since=since, subjects=subjects, where=where)
    return _text(said)


def _text(said: str) -> Text:
    subject, _, body = said.partition("\n")
    return Text(subject, body.strip("\n") + "\n")
