"""Which events travel on which topic, in which versions."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from shared.events import (
    accountability,
    attribution,
    deadline,
    directory,
    intake,
    notification,
    organisation,
    oversight,
    proceedings,
    record,
    rectification,
    rejections,
    slips,
    submissions,
)
from shared.events.base import Event, Model, Name

HERE = Path(__file__).parent


class Topic(Model):
    """One file of `topics/`: who writes, who reads, how long it is kept, and why that many partitions."""

    name: Name
    key: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    partitions: int
    why_partitions: str
    retention_days: int | None = None
    compacted: bool = False
    """Whether the broker keeps the last message of each key only; then nothing is deleted for its age."""
    max_message_bytes: int
    broker_timestamps: bool = False
    """Whether a message is dated by the broker that takes it, and not by its sender."""
    description: str


EVENTS: dict[str, tuple[type[Event], ...]] = {
    "submissions": (*submissions.SUBMISSIONS, *directory.ORGANISATION_FACTS),
    "matter-events": intake.MATTER_EVENTS,
    "directory-events": organisation.DIRECTORY_EVENTS,
    "calendar-events": intake.CALENDAR_EVENTS,
    "deadline-events": deadline.DEADLINE_EVENTS,
    "case-events": (
        *accountability.CASE_EVENTS,
        *accountability.GOING_LIVE_EVENTS,
        *slips.SLIP_EVENTS,
        *oversight.OVERSIGHT_EVENTS,
        *rectification.RECTIFICATION_EVENTS,
        *proceedings.PROCEEDING_EVENTS,
        *attribution.ATTRIBUTION_EVENTS,
    ),
    "case-states": record.STATES,
    "record-heads": record.HEADS,
    "notification-events": notification.NOTIFICATION_EVENTS,
    "rejections": (rejections.SubmissionRejected,),
}


@dataclass(frozen=True, slots=True)
class UnknownVersion:
    """A version of a known type that this build does not know."""

    type: str
    version: int


@cache
def _index(topic: str) -> dict[str, dict[int, type[Event]]]:
    found: dict[str, dict[int, type[Event]]] = {}
    for event in EVENTS[topic]:
        found.setdefault(event.TYPE, {})[event.VERSION] = event
    return found


def model_of(topic: str, type_: str, version: int) -> type[Event] | UnknownVersion | None:
    """The model; None for an unknown type; UnknownVersion for a version that is not known of a known type (D16)."""
    versions = _index(topic).get(type_)
    return None if versions is None else versions.get(version, UnknownVersion(type_, version))


@cache
def topics() -> dict[str, Topic]:
    """Every declared topic, by name."""
    files = sorted((HERE / "topics").glob("*.yaml"))
    found = [Topic.model_validate(yaml.safe_load(file.read_text()), strict=False) for file in files]
    return {topic.name: topic for topic in found}


PARTITIONS = 6
"""Of every topic that carries aggregates: equal, so that an outbox bucket is a partition wherever a row goes (D14)."""
