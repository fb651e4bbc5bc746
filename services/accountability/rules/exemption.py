"""Grounds on which nobody is held responsible 免责 (R30): a list of the rulebook, each with what has to be shown.

An exemption is an outcome like a decision: after notice and defence, by collective deliberation and by two people.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExemptionGround:
    """`proof` says in words what has to be on record."""

    code: str
    name: str
    proof: str


def ground_of(grounds: Sequence[ExemptionGround], code: str | None) -> ExemptionGround | None:
    """The ground of that code."""
    return next((ground for ground in grounds if ground.code == code), None)
