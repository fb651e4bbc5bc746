"""What intake answers on `rejections`: what was refused, for whom and why."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.events.base import Event, EventRef, Instant, Model, Name, Text


class Problem(Model):
    """One reason for a refusal. It names the field and never repeats its content."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    pointer: str = Field(description="JSON Pointer into the event; empty for the whole.")
    detail: Text


class Position(Model):
    """Where a Kafka message stands."""

    topic: Name
    partition: int
    offset: int


class SubmissionRejected(Event):
    """Intake's answer on `rejections`: what was refused, for whom and why. The raw bytes stay with intake."""

    TYPE = "submission.rejected"
    reasons: tuple[Problem, ...] = Field(min_length=1)
    transport: Literal["kafka", "http"]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    size: int = Field(ge=0, description="Bytes.")
    received_at: Instant
    event: EventRef | None = None
    position: Position | None = None
