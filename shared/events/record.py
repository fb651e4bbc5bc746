"""What accountability publishes of its record: signed heads over all chains, on `record-heads`; and the standing state
of each case, on the compacted `case-states`.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.events.accountability import CaseEvent, Responsible
from shared.events.base import Event, Instant, Name, PersonId, When

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Signature = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]


class RecordSealed(Event):
    """A head over the 64 chains of the record. The Ed25519 `signature` is of the canonical JSON of all else: keys
    sorted, no spaces, UTF-8. Keep these: a chain that is shorter later than a head says was cut off.
    """

    TYPE = "record.sealed"
    format: Literal["duban record 1"]
    n: int = Field(ge=1, description="Heads are counted without gaps.")
    at: Name
    previous: Digest | None = Field(default=None, description="SHA-256 of the head before, as it was signed.")
    key: Name = Field(description="How the SHA-256 of the public key begins.")
    lengths: tuple[int, ...] = Field(min_length=64, max_length=64, description="Of each chain.")
    hashes: tuple[Digest, ...] = Field(min_length=64, max_length=64, description="The last hash of each chain.")
    signature: Signature


class CaseState(CaseEvent):
    """Where a case stands. It replaces all that was said on this topic of the same case with a lower revision; the
    revision is that of the event on `case-events` that led here, which is named as the cause. `occurred_at` is that
    event's. A withdrawn case stays, as such: nothing is deleted.
    """

    TYPE = "case.state"
    state: Literal["standing", "withdrawn"]
    stage: Name | None = Field(default=None, description="Of the proceedings, where somebody took the case up.")
    clock: Name
    subject: str = ""
    item: Name | None = None
    unit: Name | None = None
    due: When
    late_from: Instant
    opened_at: Instant
    standing_since: Instant
    standing_no: int = Field(ge=1, description="How often it has come to stand.")
    withdrawn_at: Instant | None = None
    withdrawn_because: Literal["met", "due-moved", "voided", "revoked"] | None = None
    answered_at: Instant | None = None
    answered_by: PersonId | None = None
    rung: int = Field(ge=0)
    at_last_rung: bool
    rulebook: Name
    responsible: tuple[Responsible, ...]
    addressed: tuple[PersonId, ...]


HEADS: tuple[type[Event], ...] = (RecordSealed,)
STATES: tuple[type[Event], ...] = (CaseState,)
