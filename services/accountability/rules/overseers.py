"""The overseers are on the clock too (domain, section 3; D3, D17): who hears that a duty of theirs passed undone.

A duty is a clock of a case that is no rung. Its miss escalates against the overseer, once for each (case, clock, due),
and never opens a case. A limit that only bars a party is nobody's duty (process_clocks.PARTY_CLOCKS); what must be
rectified is the duty of whoever must rectify (rectification.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from services.accountability.rules.model import CaseKey, Origin, Ref, Role

Office = Literal["office", "supervisor"]
"""The head of the efficiency office 效能办, and the supervision 监察: upwards."""
OFFICES: tuple[Office, ...] = ("office", "supervisor")
TAKE_UP = "preliminary-review"
"""The clock of a lead that waits to be taken up: from its answer, or from the last rung of its ladder."""


@dataclass(frozen=True, slots=True)
class DutyMissed:
    """A limit of a case passed that is no rung's. `due` is as written; `revision` is that of the clock."""

    key: CaseKey
    ref: Ref
    clock: str
    due: str
    late_from: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class DutyNotMissed:
    """Such a miss is taken back: its due is another, or it was done in time. What was told of it stays told."""

    key: CaseKey
    ref: Ref
    clock: str
    revision: int


@dataclass(frozen=True, slots=True)
class Post:
    """Where the directory has an office: a unit and the role of its head. `unit` None: a post of the authority."""

    unit: str | None
    role: Role


@dataclass(frozen=True, slots=True)
class OverseerEdition:
    """One version of the rules. `take_up`: within what a lead is to be taken up; None: without limit. `to` says for
    clocks who hears of a miss, the lowest first; `otherwise` for all that are not named."""

    version: str
    effective_from: date
    take_up: str | None
    posts: tuple[tuple[Office, Post], ...]
    to: tuple[tuple[str, tuple[Office, ...]], ...]
    otherwise: tuple[Office, ...]

    def told(self, clock: str) -> tuple[Office, ...]:
        """Who is to hear of a miss of this clock: of `rectification-check:<id>` by what stands before the colon."""
        return dict(self.to).get(clock.partition(":")[0], self.otherwise)


@dataclass(frozen=True, slots=True)
class OverseerAddressee:
    """Whom a miss reaches. `skipped` are the vacant posts below, whose turn went up."""

    office: Office
    person: str | None
    skipped: tuple[Office, ...]


@dataclass(frozen=True, slots=True)
class Overseen:
    """What overseers are late with: a case, or a rectification that stands alone. `revision` is that of its last
    event."""

    key: CaseKey
    revision: int
    stands: bool
    origin: Origin
    zone: str
    late_from: datetime
    unit: str | None
    item: str | None


@dataclass(frozen=True, slots=True)
class OverseerLate:
    """A duty passed undone."""

    overseen: Overseen
    missed: DutyMissed
    at: datetime
    addressee: OverseerAddressee
    rulebook: str


Ignored = Literal["withdrawn", "told-before", "nobody-s-duty"]
HolderOf = Callable[[Post, datetime], str | None]
"""Who holds a post at an instant."""


def addressee(edition: OverseerEdition, clock: str, holder_of: HolderOf, at: datetime) -> OverseerAddressee | None:
    """The first of those to be told whose post is held; where all are vacant the last, with no person. None: the
    rulebook says that nobody is."""
    to = edition.told(clock)
    if not to:
        return None
    posts = dict(edition.posts)
    skipped: list[Office] = []
    for office in to:
        post = posts.get(office)
        person = None if post is None else holder_of(post, at)
        if person is not None:
            return OverseerAddressee(office, person, tuple(skipped))
        skipped.append(office)
    return OverseerAddressee(to[-1], None, tuple(skipped[:-1]))


def on_duty_missed(
    overseen: Overseen, missed: DutyMissed, to: OverseerAddressee | None, rulebook: str, now: datetime
) -> OverseerLate | Ignored:
    """What comes of a miss that was not told before; `to` is who is to hear of it."""
    if not overseen.stands:
        return "withdrawn"
    if to is None:
        return "nobody-s-duty"
    return OverseerLate(overseen, missed, now, to, rulebook)
