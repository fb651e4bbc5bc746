"""A reason for a refusal. It names the field and what is wanted there, and never repeats what stood there (I22)."""

from dataclasses import dataclass


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
