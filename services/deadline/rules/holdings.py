"""In whose hands a matter, or a stage or task of it, was and when (R25): from its facts alone."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.deadline.rules.clock import Holding
from services.deadline.rules.facts import HAND_OVERS, REGISTRATIONS, Fact

_Hands = tuple[datetime, str | None, str | None]
"""Since when, which unit, which person."""


def holdings_of_whole(registration: Fact, facts: Sequence[Fact], apart: Collection[str] = ()) -> tuple[Holding, ...]:
    """In whose hands the matter was: each hand-over ends the one before; one that names only a unit has no person, one
    that names only a person stays within the unit, at first the registration's.

    A registration hands over only what nobody has yet: not what was given to somebody before its instant, and no later
    one does (the earliest wins, D4). A stage that is `apart`, with a clock of its own, is in hands of its own.
    """
    found: list[_Hands] = []
    for fact in facts:
        if fact.type not in HAND_OVERS or (fact.unit is None and fact.person is None):
            continue
        if fact.type in REGISTRATIONS and (found or fact is not registration):
            continue
        if fact.part and fact.part in apart:
            continue
        _hand_over(found, fact, registration.unit)
    return _lasting(found) if found else ()


def holdings_of_part(registration: Fact, of_matter: Sequence[Holding], own: Sequence[Fact]) -> tuple[Holding, ...]:
    """Of a stage or task: whoever was given it has it, even while the matter is with somebody else. Where nobody is
    named, it is with whoever has the matter."""
    found: list[_Hands] = []
    for fact in own:
        if fact.unit is not None or fact.person is not None:
            _hand_over(found, fact, registration.unit)
    return _lasting(found) if found else tuple(of_matter)


def _hand_over(found: list[_Hands], fact: Fact, first_unit: str | None) -> None:
    found.append((fact.occurred, fact.unit or (found[-1][1] if found else first_unit), fact.person))


def _lasting(found: Sequence[_Hands]) -> tuple[Holding, ...]:
    """Each up to the next; what ended as it began is left out."""
    ends = [since for since, _, _ in found[1:]]
    return tuple(
        Holding(since, until, unit, person)
        for (since, unit, person), until in zip(found, [*ends, None], strict=True)
        if until is None or since < until
    )
