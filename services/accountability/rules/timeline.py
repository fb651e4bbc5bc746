"""The time line of holding: whose hands a matter was in, and for which share of the time that counted (R25).

The last holder answers for the miss and does not carry what another sat on: the shares stand beside the names. What no
hand could help is told apart: pauses, and what other units had.
"""

from collections.abc import Sequence
from typing import NamedTuple

from services.accountability.rules.circumstances import Circumstances, Hand, Paused


class Share(NamedTuple):
    """All that one pair of hands had of the counted time. `percent` is None where none was counted."""

    unit: str | None
    person: str | None
    net_minutes: int
    percent: int | None


class External(NamedTuple):
    """What another than the unit responsible had to do with the delay."""

    pauses: tuple[Paused, ...] = ()
    units: tuple[tuple[str, int], ...] = ()


def shares(hands: Sequence[Hand]) -> tuple[Share, ...]:
    """One for each pair of hands, in the order in which they first had the matter. The percentages make 100: what is
    lost in rounding down goes to the largest remainders, of equal ones to the earlier."""
    minutes: dict[tuple[str | None, str | None], int] = {}
    for hand in hands:
        of = hand.unit, hand.person
        minutes[of] = minutes.get(of, 0) + hand.net_minutes
    total = sum(minutes.values())
    if not total:
        return tuple(Share(unit, person, 0, None) for unit, person in minutes)
    parts = {of: divmod(each * 100, total) for of, each in minutes.items()}
    lost = 100 - sum(whole for whole, _ in parts.values())
    raised = sorted(parts, key=lambda of: -parts[of][1])[:lost]
    return tuple(
        Share(*of, each, parts[of][0] + (of in raised)) for of, each in minutes.items()
    )  # fmt: skip


def external(of: Circumstances, unit: str | None) -> External:
    """Pauses, and the minutes that other units had."""
    others: dict[str, int] = {}
    for hand in of.hands:
        if hand.unit is not None and hand.unit != unit and hand.net_minutes:
            others[hand.unit] = others.get(hand.unit, 0) + hand.net_minutes
    return External(of.pauses, tuple(others.items()))


def tellable(of: Circumstances) -> tuple[object, ...]:
    """What a case tells of them beside the names: where this changes, the case says so."""
    return shares(of.hands), of.pauses, of.team


def share_of(hands: Sequence[Hand], unit: str | None, person: str | None) -> Share | None:
    """What these hands had; None where there is nothing to share out."""
    return next((each for each in shares(hands) if (each.unit, each.person) == (unit, person)), None)
