"""Which clocks a case has: its rungs, which run from its opening, and its duties: what its overseers, or whoever must
rectify, have to do in time.

A duty is stated by the event that it begins with, and stands apart from all that was before: what ended it in an
earlier round does not end it now. Where its clock is named `…:<part>`, facts of other parts do not touch it.
"""

from services.deadline.rules.facts import LIMIT_CHANGES, RESTARTS, Fact, Told
from services.deadline.rules.parts import Stated, clocks_stated


def clocks_of_case(registration: Fact, told: Told, subject: str) -> list[Stated]:
    """All of them, by name."""
    rungs = clocks_stated(registration, told, subject)
    duties = _duties(registration, told, subject)
    return sorted([*rungs, *duties], key=lambda each: each.name) if duties else rungs


def _duties(registration: Fact, told: Told, subject: str) -> list[Stated]:
    """A duty that is stated again begins anew; one of a former standing ends with it (D2). The facts of a case have an
    order of their own, whatever the clock said when they happened."""
    found: dict[str, Stated] = {}
    for fact in told.facts:
        if fact is registration or fact.type in LIMIT_CHANGES:
            continue
        for limit in fact.limits:
            former = found.get(limit.clock)
            if former is None or former.stated_by.revision < fact.revision:
                found[limit.clock] = Stated(limit.clock, subject, limit, fact, _of_duty(limit.clock, fact, told))
    return list(found.values())


def _of_duty(clock: str, stated_by: Fact, told: Told) -> Told:
    part = clock.partition(":")[2]
    restarts = [fact.revision for fact in told.facts if fact.type in RESTARTS and fact.revision > stated_by.revision]
    end = min(restarts, default=None)
    return Told(
        [
            fact
            for fact in told.facts
            if fact is stated_by
            or (
                stated_by.revision < fact.revision
                and (end is None or fact.revision < end)
                and (not part or fact.part in ("", part))
            )
        ]
    )
