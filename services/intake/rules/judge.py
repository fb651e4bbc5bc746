"""The judgement of one well-formed submission: accepted with its limits, or refused with every reason.

    submission ─► judge ─┬─► Accepted ─► settle ─┬─► Entered    a new fact: stored, published
                         │                       ├─► Duplicate  known already: answered with the event it became
                         └─► Refused ◄───────────┘              also: its identity stands for another body (D1)

Pure: the same submission, catalogue and instant give the same judgement. What depends on other facts is decided in
`settle`, and only by identity. A correction may enter before its original is known and be refused after it: so it is
the fold, not intake, that decides which corrections count, and only once the original is among the same matter's facts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from services.intake.rules.catalogue import (
    Catalogue,
    ItemVersion,
    Limit,
    RecordedTerms,
    local_day,
    recorded_limit,
    task_limit,
)
from services.intake.rules.refusal import Reason, Refused
from services.intake.rules.topics import (
    CALENDAR,
    DIRECTORY_EVENTS,
    MATTER_EVENTS,
    ORGANISATION,
    RATED,
    REGISTERING,
    WITH_AN_END,
    published_as,
    topic_of,
)

LIMITS_CHANGED = "limits.changed"
AMENDED = "commitment.amended"
COMMITMENT = "commitment"
BAD = 2
"""Of five levels, the highest that is bad (R20)."""
TASK_ASSIGNED = "task.assigned"
MISS_CONFIRMED = "miss.confirmed"
WATERMARK = "source.watermark"
OF_A_WATERMARK = "watermark"
"""What stands in place of a matter in a watermark's subject; no matter has this name, so no watermark is taken back."""
SUSPENDED = "matter.suspended"
RESERVED = "/duban"
"""The sources of our own services lie at and below it. Their facts are told apart by source and id alone: whoever could
write, correct or retract under it would rewrite the life of a case."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What happened, and when by business time; `data` is validated and JSON-ready, `pointer` is where it stands."""

    type: str
    occurred_at: date | datetime
    zone: str | None
    item: str | None
    due: date | datetime | None
    data: Mapping[str, Any]
    pointer: str = "/data"
    task: str | None = None
    until: date | datetime | None = None


@dataclass(frozen=True, slots=True)
class Submission:
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


@dataclass(frozen=True, slots=True)
class Stamp:
    """The limits of a registration or of changed limits: those of the item's version in force, and a recorded due."""

    version: ItemVersion | None
    recorded: Limit | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What is to be published: on which topic, as which type, with which limits. A correction or retraction is known
    from when it was issued."""

    submission: Submission
    topic: str
    type: str
    fact_type: str | None
    stamp: Stamp | None
    known_from: datetime


def known_from(when: date | datetime, zone: str | None) -> datetime:
    """The instant a fact is known from: itself, or 00:00 in its zone for a bare date (D6)."""
    if isinstance(when, datetime):
        return when
    if zone is None:
        raise ValueError("a bare date needs the zone its day is counted in")
    return datetime.combine(when, time(), ZoneInfo(zone))


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
        reasons += _untimely(fact, happened, now, margins)
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


def limits_of(fact: Fact, catalogue: Catalogue) -> Stamp | Reason | None:
    """The limits that a registration or a change of limits brings, by the version in force when it happened (D4); or
    the one that a task's recorded due is. None for all other facts."""
    if fact.type == TASK_ASSIGNED:
        return None if fact.due is None else _task_alone(fact, fact.due, catalogue)
    if fact.type == AMENDED:
        return None if fact.due is None else _amended(fact, fact.due, catalogue)
    if fact.type not in REGISTERING and fact.type != LIMITS_CHANGED:
        return None
    if fact.item is None:
        return _recorded_alone(fact, catalogue)
    item = catalogue.items.get(fact.item)
    if item is None:
        return Reason("unknown-item", f"{fact.pointer}/item", "is not an item of the catalogue: see GET /v1/items")
    version = item.in_force(local_day(fact.occurred_at, item.zone))
    if version is None:
        first = item.versions[0].effective_from
        detail = f"lies before {first}, from when on the catalogue knows this item"
        return Reason("no-version-in-force", f"{fact.pointer}/occurred_at", detail)
    if fact.due is None and version.recorded.required:
        return Reason("due-required", f"{fact.pointer}/due", "this item has no limit of its own: state when it is due")
    if fact.due is None and not version.limits and fact.type == LIMITS_CHANGED:
        return Reason("no-limits", f"{fact.pointer}/item", "this item has no limits, and no due is stated")
    if fact.type == RATED and not (fact.data["named"] and fact.data["level"] <= BAD):
        return Stamp(_without_limits(version), None)
    recorded = None if fact.due is None else recorded_limit(fact.due, version.recorded, fact.zone)
    return Stamp(version, recorded)


def _amended(fact: Fact, due: date | datetime, catalogue: Catalogue) -> Stamp | Reason:
    """A commitment's new date, on the terms of the item of commitments where there is one."""
    item = catalogue.items.get(COMMITMENT)
    version = None if item is None else item.in_force(local_day(fact.occurred_at, item.zone))
    if version is None:
        return _recorded_alone(fact, catalogue)
    return Stamp(None, recorded_limit(due, version.recorded, fact.zone))


@cache
def _without_limits(version: ItemVersion) -> ItemVersion:
    return replace(version, limits=())


def _recorded_alone(fact: Fact, catalogue: Catalogue) -> Stamp | Reason:
    """A changed due without an item. The registration may not have arrived yet, so its item cannot be asked."""
    if fact.zone is None:
        return Reason("zone-required", f"{fact.pointer}/zone", "a due without an item needs the zone its day ends in")
    if fact.due is None:
        return Reason("no-limits", fact.pointer, "names neither an item nor a due")
    terms = RecordedTerms(
        zone=fact.zone,
        calendar=catalogue.calendar,
        starts_on=catalogue.starts_on,
        stops_on=catalogue.stops_on,
        warnings=(),
        required=True,
    )
    return Stamp(None, recorded_limit(fact.due, terms, fact.zone))


def _task_alone(fact: Fact, due: date | datetime, catalogue: Catalogue) -> Stamp | Reason:
    """A task's due. Which item its matter is of is not said here, and the matter may not have arrived yet."""
    if fact.zone is None:
        return Reason("zone-required", f"{fact.pointer}/zone", "a task's due needs the zone its day ends in")
    return Stamp(None, task_limit(fact.task or "", due, fact.zone, catalogue.calendar))
