"""A rectification as JSON for those who read it. Persons are pseudonyms here as everywhere (D19)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.accountability.evidence_store import Piece
from services.accountability.rules.rectification import Rectification
from shared.postgres import Record


def summary(held: Rectification) -> dict[str, Any]:
    """One line of the list. `state` is overdue where the limit of the round passed and nothing is reported."""
    overdue = held.state == "issued" and held.overdue_at is not None
    return {
        "rectification_id": str(held.id),
        "authority": held.authority,
        "matter": held.matter,
        "case_id": None if held.case_id is None else str(held.case_id),
        "unit": held.unit,
        "person": held.person,
        "state": "overdue" if overdue else held.state,
        "round": held.round,
        "within": held.within,
        "clock": f"rectification:{held.part}",
        "ordered_by": held.ordered_by,
        "ordered_at": held.ordered_at.isoformat(),
        "reported_by": held.reported_by,
        "overdue_at": _told(held.overdue_at),
        "ended_at": _told(held.ended_at),
        "rulebook": held.rulebook,
        "revision": held.revision,
    }


def shown(
    held: Rectification, steps: Sequence[Record], words: Mapping[UUID, str | None], pieces: Sequence[Piece]
) -> dict[str, Any]:
    """The whole of it; `words` of a step is None where nothing was written, or the text was erased."""
    return {
        **summary(held),
        "steps": [
            {
                "n": row["n"],
                "kind": row["kind"],
                "round": row["round"],
                "by": row["by_person"],
                "at": row["taken_at"].isoformat(),
                "words": words.get(row["words"]),
                "evidence": [str(each) for each in row["evidence"]],
            }
            for row in steps
        ],
        "evidence": [piece_shown(piece) for piece in pieces],
    }


def piece_shown(piece: Piece) -> dict[str, Any]:
    """A piece of evidence, without its content."""
    return {
        "evidence_id": str(piece.id),
        "rectification_id": str(piece.rectification),
        "media_type": piece.media_type,
        "bytes": piece.size,
        "sha256": piece.sha256.hex(),
        "given_by": piece.given_by,
        "given_at": piece.given_at.isoformat(),
    }


def _told(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
