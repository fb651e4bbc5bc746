"""A reason for a refusal. It names the field and what is wanted there, and never repeats what stood there (I22)."""

from collections.abc import Iterable
from dataclasses import dataclass

MOST = 20
"""Reasons in one answer: an event of a hundred thousand unknown fields is refused in twenty lines."""
LONGEST_POINTER = 300


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` is stable and for machines, `pointer` a JSON Pointer into the event, `detail` for people."""

    code: str
    pointer: str
    detail: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What does not enter, and why; there is at least one reason."""

    reasons: tuple[Reason, ...]


def refused(code: str, pointer: str, detail: str) -> Refused:
    """One reason is enough."""
    return Refused((Reason(code, pointer, detail),))


def bounded(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The first of many reasons, with pointers cut to a length that an answer can carry."""
    found = [
        each if len(each.pointer) <= LONGEST_POINTER else Reason(each.code, each.pointer[:LONGEST_POINTER], each.detail)
        for each in reasons
    ]
    if len(found) <= MOST:
        return tuple(found)
    more = Reason("more-problems", "", f"and {len(found) - MOST + 1} more problems")
    return (*found[: MOST - 1], more)
