"""What the deadline service says of a limit beside misses and withdrawals, for tests of cards."""

from datetime import date
from typing import Any, Literal

from shared.events.deadline import (
    DeadlineDeemed,
    DeadlineDeemedRevoked,
    DeadlineOverdue,
    DeadlineOverdueRevoked,
    DeadlineVoided,
    DeadlineWarned,
)
from tests.support.case_world import AUTHORITY, LIMIT, UNIT, in_hands_of, late_from

STATUTORY = LIMIT.model_copy(update={"kind": "statutory"})


def _of(matter: str, due: str, clock: str) -> dict[str, Any]:
    return {
        "authority": AUTHORITY, "matter": matter, "clock": clock, "item": "business-licence", "unit": UNIT,
        "due": date.fromisoformat(due), "late_from": late_from(due),
    }  # fmt: skip


def warned(
    label: str, matter: str = "M1", due: str = "2026-03-10", *, person: str | None = "zhang", clock: str = "promised"
) -> DeadlineWarned:
    """So much is left, with the matter in the hands of that person."""
    return DeadlineWarned(**_of(matter, due, clock), warning=label, holding=in_hands_of(person))


def overdue(
    label: str = "5wd", matter: str = "M1", due: str = "2026-03-10", *, clock: str = "promised"
) -> DeadlineOverdue:
    return DeadlineOverdue(**_of(matter, due, clock), overdue=label, facts=())


def overdue_revoked(label: str = "5wd", matter: str = "M1", due: str = "2026-03-10") -> DeadlineOverdueRevoked:
    return DeadlineOverdueRevoked(**_of(matter, due, "promised"), overdue=label, facts=())


def deemed(matter: str = "M1", due: str = "2026-03-10", *, clock: str = "promised") -> DeadlineDeemed:
    return DeadlineDeemed(**_of(matter, due, clock), outcome="consent", legal_basis="R12", facts=())


def deemed_revoked(matter: str = "M1", due: str = "2026-03-10", *, clock: str = "promised") -> DeadlineDeemedRevoked:
    return DeadlineDeemedRevoked(**_of(matter, due, clock), facts=())


def voided(reason: Literal["withdrawn", "registration-retracted"], matter: str = "M1") -> DeadlineVoided:
    return DeadlineVoided(
        authority=AUTHORITY, matter=matter, clock="promised", item="business-licence", unit=UNIT, reason=reason,
        facts=(),
    )  # fmt: skip
