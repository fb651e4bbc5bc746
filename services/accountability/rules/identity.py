"""Ids that any replica derives alike: of a case from what was missed (D2), of an event from what caused it.

Neither a case's nor an event's id holds a revision, which is only an order of arrival.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha1
from uuid import UUID

from services.accountability.rules.model import Ref

NAMESPACE = UUID("b3a1f0f8-58f2-5c39-8d2e-1f0f4a7f9a35")
_NAMESPACE = NAMESPACE.bytes
_CASE_SUBJECT = re.compile(r"case:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_RUNG_CLOCK = re.compile(r"rung-([1-9][0-9]?)")


def case_id(matter_key: str, clock: str, subject: str, late_from: datetime) -> UUID:
    """One miss, one case, in every order of arrival."""
    return _derived(f"{matter_key}|{clock}|{subject}|{_in_utc(late_from)}")


@lru_cache(maxsize=1024)
def _in_utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def _derived(name: str) -> UUID:
    """uuid5(NAMESPACE, name), without taking the namespace apart each time: half of its cost."""
    return UUID(bytes=_digest(name), version=5)


def _digest(name: str) -> bytes:
    return sha1(_NAMESPACE + name.encode(), usedforsecurity=False).digest()[:16]


LEAD = "lead:"
"""What stands before the kind of a lead, where a case of a miss has its clock."""


def lead_id(matter_key: str, kind: str, fact: Ref) -> UUID:
    """The case of a lead: one for each fact and what it is found to be."""
    return _derived(f"lead|{matter_key}|{kind}|{caused(fact)}")


def event_id(type_: str, case: UUID, cause: str) -> str:
    """The id of a case's event: one of a type for each cause."""
    raw = bytearray(_digest(f"{type_}|{case}|{cause}"))  # a uuid5 without the object: less than half of its cost
    raw[6], raw[8] = raw[6] & 0x0F | 0x50, raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def caused(ref: Ref) -> str:
    """A cause as `event_id` takes it."""
    return f"{ref.source}|{ref.id}"


def opening_id(case: UUID) -> str:
    """The id of case.opened: a case is opened once, whatever opens it."""
    return event_id("case.opened", case, "")


def reinstatement_id(case: UUID, miss: Ref) -> str:
    """The id of case.reinstated: one for each miss that makes the case stand again."""
    return event_id("case.reinstated", case, caused(miss))


def source_id(source: str) -> UUID:
    """Under which id the record keeps what became of a source."""
    return _derived(f"source|{source}")


def limit_id(matter_key: str, clock: str, subject: str) -> UUID:
    """A limit of a matter, whatever its due: cards are of it (R22)."""
    return _derived(f"limit|{matter_key}|{clock}|{subject}")


def card_id(of: UUID, what: str) -> UUID:
    """The card of a limit and a level, or the red one beside a yellow one."""
    return _derived(f"card|{of}|{what}")


def case_of_subject(subject: str) -> UUID | None:
    """The case whose own clock a deadline event is about; None: it is about a matter."""
    found = _CASE_SUBJECT.fullmatch(subject)
    return UUID(found[1]) if found else None


def rung_of_clock(clock: str) -> int | None:
    """The rung whose limit a case's clock is."""
    found = _RUNG_CLOCK.fullmatch(clock)
    return int(found[1]) if found else None


def clock_of_rung(rung: int) -> str:
    """The clock that runs until the case climbs to `rung`."""
    return f"rung-{rung}"
