"""Whether the limits of one version of an item can hold together. What is found is stated, never mended.

A clock that starts at another's end, lateness or silence needs that other clock, and never, by any way round, itself.
A promise is no longer than the statute's limit (限时办结制). A ground that nobody declared is a typing error until
somebody says otherwise: a suspension on it would stop nothing.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.intake.rules.catalogue import GROUNDS, RECORDED, Limit

ANY = "*"
UNVERIFIED = "not verified"
_AFTER = re.compile(r"(ended|expired|deemed):(.+)")
_SPAN = re.compile(r"([0-9]+)([a-z]+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with the limit of a clock; `code` is stable."""

    code: str
    clock: str
    detail: str


def findings(limits: Sequence[Limit], grounds: Collection[str] = ()) -> Iterator[Finding]:
    """Why these limits cannot be used. `grounds`: those that the catalogue declares beside the known ones."""
    known = GROUNDS | set(grounds) | {ANY}
    clocks = {limit.clock: limit for limit in limits}
    for limit in limits:
        for kind, other in _after(limit):
            if other != RECORDED and other not in clocks:
                yield Finding("unknown-clock", limit.clock, f"starts on {kind}:{other}, and there is no clock {other}")
            elif other != RECORDED and clocks[other].per is not None:
                detail = f"starts on {kind}:{other}, of which there is one for each {clocks[other].per}"
                yield Finding("not-one-clock", limit.clock, detail)
            elif kind == "deemed" and other != RECORDED and clocks[other].on_expiry is None:
                detail = f"starts on deemed:{other}, and the silence of {other} has no on_expiry"
                yield Finding("never-deemed", limit.clock, detail)
        for pause in limit.pauses or ():
            if pause.ground not in known:
                detail = f"pauses on {pause.ground}, which is no ground: declare it under `grounds`"
                yield Finding("unknown-ground", limit.clock, detail)
        stated = [pause.ground for pause in limit.pauses or ()]
        for ground in sorted({ground for ground in stated if stated.count(ground) > 1}):
            yield Finding("ground-twice", limit.clock, f"has two rules for pauses on {ground}")
    for limit in [limit for limit in limits if limit.per == "task"][1:]:
        yield Finding("tasks-twice", limit.clock, "is a second limit for each task: a task has one clock")
    yield from _cycles(clocks)
    yield from _promises(limits)


def remarks(limits: Sequence[Limit]) -> Iterator[Finding]:
    """What may be meant, and should be looked at."""
    for limit in limits:
        for warning in limit.warnings:
            if (shorter := _shorter(warning, limit.amount)) is not None and not shorter:
                yield Finding(
                    "warns-at-once", limit.clock, f"warns {warning} before an end that is {limit.amount} away"
                )
        if limit.on_expiry is not None and limit.on_expiry.legal_basis == UNVERIFIED:
            detail = f"silence counts as {limit.on_expiry.outcome}, and the legal basis is not verified"
            yield Finding("basis-not-verified", limit.clock, detail)
        if limit.source == UNVERIFIED:
            yield Finding("source-not-verified", limit.clock, "no legal source was checked")


def _after(limit: Limit) -> list[tuple[str, str]]:
    """(ended, expired or deemed; the other clock) of each such start."""
    return [(found[1], found[2]) for start in limit.starts_on if (found := _AFTER.fullmatch(start))]


def _cycles(clocks: Mapping[str, Limit]) -> Iterator[Finding]:
    """Each clock that comes after itself."""
    for name in clocks:
        reached, ahead = set[str](), [other for _, other in _after(clocks[name])]
        while ahead:
            other = ahead.pop()
            if other in reached or other not in clocks:
                continue
            reached.add(other)
            ahead += [next_ for _, next_ in _after(clocks[other])]
        if name in reached:
            yield Finding("cycle", name, "starts, by way of the clocks it waits for, after itself")


def _promises(limits: Sequence[Limit]) -> Iterator[Finding]:
    """Of two limits on the same work the promised one is not longer; amounts in different units are not compared."""
    for promised in (limit for limit in limits if limit.kind == "promised"):
        for statutory in (limit for limit in limits if limit.kind == "statutory"):
            same = (promised.starts_on, promised.stops_on, promised.per, promised.stage) == (
                statutory.starts_on, statutory.stops_on, statutory.per, statutory.stage,
            )  # fmt: skip
            if same and statutory.amount is not None and _shorter(statutory.amount, promised.amount):
                detail = f"promises {promised.amount}, and {statutory.clock} allows {statutory.amount}"
                yield Finding("promise-too-long", promised.clock, detail)


def _shorter(span: str, other: str | None) -> bool | None:
    """Whether one amount is less than another; None where that cannot be said."""
    one, two = _SPAN.fullmatch(span), _SPAN.fullmatch(other or "")
    if one is None or two is None or one[2] != two[2]:
        return None
    return int(one[1]) < int(two[1])
