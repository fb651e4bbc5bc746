"""The judgement of one well-formed submission: accepted with its limits, or refused with every reason.

    submission ─► judge ─┬─► Accepted ─► settle ─┬─► Entered    a new fact: stored, published
                         │                       ├─► Duplicate  known already: answered with the event it became
                         └─► Refused ◄───────────┘              also: its identity stands for another body (D1)

Pure: the same submission, catalogue and instant give the same judgement. What depends on other facts is decided in
`settle`, and only by identity. A correction may enter before its original is known and be refused after it: so it is
the fold, not intake, that decides which corrections count, and only once the original is among the same matter's facts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from services.intake.rules.catalogue import Catalogue, local_day
from services.intake.rules.facts import Fact, known_from
from services.intake.rules.order import INSPECTED
from services.intake.rules.refusal import Reason, Refused
from services.intake.rules.stamps import Stamp, limits_of
from services.intake.rules.topics import (
    CALENDAR,
    DIRECTORY_EVENTS,
    MATTER_EVENTS,
    ORGANISATION,
    WITH_AN_END,
    published_as,
    topic_of,
)

MISS_CONFIRMED = "miss.confirmed"
WATERMARK = "source.watermark"
OF_A_WATERMARK = "watermark"
"""What stands in place of a matter in a watermark's subject; no matter has this name, so no watermark is taken back."""
SUSPENDED = "matter.suspended"
RESERVED = "/duban"
"""The sources of our own services lie at and below it. Their facts are told apart by source and id alone: whoever could
write, correct or retract under it would rewrite the life of a case."""


class Submission(NamedTuple):
    """A well-formed event. A correction has both `fact` and `replaces`, a retraction has only `replaces`, a watermark
    has only `up_to`.
    """

    source: str
    id: str
    type: str
    version: int
    authority: str
    name: str
    subject: str
    issued_at: datetime
    data: Mapping[str, Any]
    fact: Fact | None
    replaces: tuple[str, str] | None
    canonical: str
    digest: bytes
    up_to: datetime | None = None
    of_directory: bool = False
    """A retraction says that what it takes back is a fact of the directory: of itself nobody could tell."""

    @property
    def topic(self) -> str:
        """Where it is published. A correction goes where its fact goes."""
        type_ = self.type if self.fact is None else self.fact.type
        return DIRECTORY_EVENTS if self.of_directory else topic_of(type_)

    @property
    def identity(self) -> tuple[str, str]:
        """(source, id), as CloudEvents says (D1)."""
        return self.source, self.id


@dataclass(frozen=True, slots=True)
class Margins:
    """How far ahead of the clock a fact may lie (D7). Changes of office are announced ahead, so they have their own."""

    facts: timedelta
    holders: timedelta


class Accepted(NamedTuple):
    """What is to be published: on which topic, as which type, with which limits. A correction or retraction is known
    from when it was issued."""

    submission: Submission
    topic: str
    type: str
    fact_type: str | None
    stamp: Stamp | None
    known_from: datetime


def is_reserved(source: str) -> bool:
    """Whether a source is one of our own services'."""
    return source == RESERVED or source.startswith(f"{RESERVED}/")


def judge(submission: Submission, catalogue: Catalogue, now: datetime, margins: Margins) -> Accepted | Refused:
    """Whether a submission may enter at `now`. Never raises for what a publisher can send."""
    reasons: list[Reason] = []
    if is_reserved(submission.source):
        reasons.append(_reserved("/source"))
    if submission.replaces is not None and is_reserved(submission.replaces[0]):
        reasons.append(_reserved("/data/replaces/source"))
    if submission.issued_at > now + margins.facts:
        # Of several corrections the one issued last wins (D4): one from the future would win for ever.
        reasons.append(_ahead("/time", margins.facts))
    if submission.replaces == submission.identity:
        reasons.append(Reason("replaces-itself", "/data/replaces", "is this event's own identity"))
    fact, stamp, since = submission.fact, None, submission.issued_at
    topic = submission.topic
    if submission.up_to is not None:
        since = submission.up_to
        reasons += _watermark_wrong(submission.name, since, now, margins)
    elif submission.name == OF_A_WATERMARK and topic == MATTER_EVENTS:
        reasons.append(
            Reason("reserved-subject", "/subject", f"no matter is called {OF_A_WATERMARK}: it is for watermarks")
        )
    if fact is not None:
        happened = known_from(fact.occurred_at, fact.zone)
        since = happened if submission.replaces is None else since
        reasons += [*_untimely(fact, happened, now, margins), *_told_to_the_inspected(fact)]
        found = limits_of(fact, catalogue)
        if isinstance(found, Reason):
            reasons.append(found)
        else:
            stamp = found
    if reasons:
        return Refused(tuple(reasons))
    return Accepted(
        submission=submission,
        topic=topic,
        type=published_as(submission.type),
        fact_type=published_as(fact.type) if fact is not None else None,
        stamp=stamp,
        known_from=since,
    )


def _untimely(fact: Fact, happened: datetime, now: datetime, margins: Margins) -> Iterator[Reason]:
    """Facts lie behind us, but for what is announced; a pause ends after it began, an office held for some time too."""
    margin = margins.holders if fact.type in ORGANISATION or fact.type == CALENDAR else margins.facts
    if happened > now + margin:
        yield _ahead(f"{fact.pointer}/occurred_at", margin)
    if fact.type == SUSPENDED and fact.until is not None and _ends_first(fact.until, fact):
        yield Reason("ends-before-it-begins", f"{fact.pointer}/until", "lies before occurred_at")
    if fact.type in WITH_AN_END and fact.until is not None and known_from(fact.until, fact.zone) <= happened:
        yield Reason("ends-before-it-begins", f"{fact.pointer}/until", "does not lie after occurred_at")


def _told_to_the_inspected(fact: Fact) -> Iterator[Reason]:
    """明察暗访 is hidden from the inspected, but not from whoever has it in hand: they are warned of its limit."""
    if fact.type == INSPECTED:
        for who in ("unit", "person"):
            if fact.data.get(who) is not None and fact.data[who] == fact.data["about"].get(who):
                yield Reason(
                    "inspects-itself", f"{fact.pointer}/{who}", "is who is inspected, and must not learn of it"
                )


def _ends_first(until: date | datetime, fact: Fact) -> bool:
    """Whether an end lies before its beginning. Of a day and an instant without a zone it cannot be said."""
    begins = fact.occurred_at
    if isinstance(until, datetime) and isinstance(begins, datetime):
        return until < begins
    if fact.zone is None:
        return False
    return local_day(until, fact.zone) < local_day(begins, fact.zone)


def _watermark_wrong(name: str, up_to: datetime, now: datetime, margins: Margins) -> Iterator[Reason]:
    """A watermark from the future would confirm what nobody can know yet (D8)."""
    if name != OF_A_WATERMARK:
        yield Reason("not-a-watermark", "/subject", f"is not authority/{OF_A_WATERMARK}, as of a watermark it is")
    if up_to > now + margins.facts:
        yield _ahead("/data/up_to", margins.facts)


def _reserved(pointer: str) -> Reason:
    return Reason("reserved-source", pointer, f"{RESERVED} and all below it are kept for this system's own events")


def _ahead(pointer: str, margin: timedelta) -> Reason:
    return Reason("in-the-future", pointer, f"lies more than {_words(margin)} ahead of this service's clock")


def _words(margin: timedelta) -> str:
    if margin >= timedelta(days=2):
        return f"{margin.days} days"
    seconds = round(margin.total_seconds())
    return f"{seconds // 60} minutes" if seconds >= 120 else f"{seconds} seconds"
