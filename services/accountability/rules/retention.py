"""When a text may be erased (R31): after its time, or before it on a legal ground; never while its matter is held.
Erasing is proposed by one person and done by another who says the same (I20).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

Ground = Literal["court-order", "right-of-the-person", "kept-unlawfully"]
"""Why a text may be erased before its time: a court says so, the person may demand it by law, or it should not have
been kept at all."""
GROUNDS: tuple[Ground, ...] = get_args(Ground)


@dataclass(frozen=True, slots=True)
class KeptText:
    """`last_event_at`: of the case that it belongs to, if any."""

    id: UUID
    kept_at: datetime
    last_event_at: datetime | None
    held: bool
    erased: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """An erasure that one person asked for."""

    id: UUID
    by: str
    legal_basis: str
    ground: Ground | None


@dataclass(frozen=True, slots=True)
class Refused:
    """`texts` are those that stand in the way; `until`: when the last of them may be erased without a ground."""

    why: Literal["erased-already", "legal-hold", "retention", "same-person"]
    texts: tuple[UUID, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Propose:
    """Nobody has asked for it yet."""


@dataclass(frozen=True, slots=True)
class Erase:
    """Somebody else has asked for the same."""

    confirms: UUID


def kept_until(text: KeptText, years: int) -> datetime:
    """So many years after the last event of its case, or after it was kept; on 1 March for the 29 February."""
    last = max(text.kept_at, text.last_event_at or text.kept_at)
    try:
        return last.replace(year=last.year + years)
    except ValueError:
        return last.replace(year=last.year + years, month=3, day=1)


def on_erasure(
    texts: Sequence[KeptText],
    by: str,
    legal_basis: str,
    ground: Ground | None,
    proposals: Sequence[Proposal],
    years: int,
    now: datetime,
) -> Refused | Propose | Erase:
    """What asking to erase these texts comes to. `proposals` are the open ones for exactly these texts."""
    if erased := tuple(text.id for text in texts if text.erased):
        return Refused("erased-already", erased)
    if held := tuple(text.id for text in texts if text.held):
        return Refused("legal-hold", held)
    if ground is None and (early := [text for text in texts if kept_until(text, years) > now]):
        until = max(kept_until(text, years) for text in early)
        return Refused("retention", tuple(text.id for text in early), until)
    same = [p for p in proposals if (p.legal_basis, p.ground) == (legal_basis, ground)]
    if others := [p for p in same if p.by != by]:
        return Erase(others[0].id)
    return Refused("same-person") if same else Propose()
