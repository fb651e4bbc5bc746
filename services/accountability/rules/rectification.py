"""Rectification 整改 (domain, section 4): ordered with a limit, reported with evidence, verified by somebody else or
sent back; overdue escalates against who must rectify.

    order ─► ISSUED ──report──► REPORTED ──verify──► VERIFIED
               ▲ │ limit passed     │
               │ └► told once       └─reject─► ISSUED, the next round with a limit of its own

It belongs to a case, or stands alone for a matter. A round ends in time or not by the deadline service's last word
alone: what is reported late is reported all the same, and one whose miss was taken back is not overdue. What a round is
called in events and clocks is its `part`. Whom the case names neither orders nor judges (R28).
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from services.accountability.rules.model import CaseKey, Origin, Role

State = Literal["issued", "reported", "verified"]
RECTIFY, CHECK = "rectification", "rectification-check"
"""The clocks of who must rectify, and of who must look at the report; `:<part>` follows."""
_AMOUNT = re.compile(r"([1-9]\d{0,4})(wd|d|m|h|wh|min)")


@dataclass(frozen=True, slots=True)
class RectificationEdition:
    """One version of the rules. `limit` is what an order has that states none, `most` what it may state; `check` is
    within what a report is to be looked at. `evidence`: how much of it a report needs. `overdue` are the roles of the
    unit that hear of a limit that passed, upwards."""

    version: str
    effective_from: date
    limit: str
    most: str
    check: str
    evidence: int
    overdue: tuple[Role, ...]
    zone: str
    calendar: str
    source: str


@dataclass(frozen=True, slots=True)
class Rectification:
    """As it stands. `case_id` None: it stands alone. `revision` counts its steps; `heard_revision` is that of the last
    word on the present round's clock."""

    id: UUID
    authority: str
    matter: str
    case_id: UUID | None
    origin: Origin
    zone: str
    calendar: str
    rulebook: str
    unit: str
    person: str | None
    state: State
    round: int
    within: str
    ordered_by: str
    ordered_at: datetime
    reported_by: str | None = None
    overdue_at: datetime | None = None
    ended_at: datetime | None = None
    revision: int = 1
    heard_revision: int = 0

    @property
    def part(self) -> str:
        """What this round is called."""
        return str(self.id) if self.round == 1 else f"{self.id}.{self.round}"

    @property
    def key(self) -> CaseKey:
        """Under what its events are counted: its case, or itself."""
        return CaseKey(self.authority, self.matter, self.case_id or self.id)


class Refused(NamedTuple):
    """Why a step is not taken: a code, and the rule in words."""

    code: str
    why: str


def amount_within(amount: str, most: str) -> bool:
    """Whether an amount is no more than another of the same unit. Amounts of other units are not compared."""
    given, allowed = _AMOUNT.fullmatch(amount), _AMOUNT.fullmatch(most)
    return bool(given and allowed and given[2] == allowed[2] and int(given[1]) <= int(allowed[1]))


def may_order(*, named: bool) -> Refused | None:
    """Whom the case names does not run it (R28)."""
    return Refused("named", "R28: whom the case names orders nothing in it.") if named else None


def order(edition: RectificationEdition, within: str | None) -> str | Refused:
    """The limit of an order or of a next round."""
    if within is None:
        return edition.limit
    if not amount_within(within, edition.most):
        return Refused("limit-too-long", f"The rulebook allows at most {edition.most}, in that unit.")
    return within


def report(held: Rectification, by: str, evidence: int, needed: int) -> Rectification | Refused:
    """Who must rectify says that it is done, and shows it."""
    if held.state != "issued":
        return Refused("not-awaited", f"The rectification is {held.state}: no report is awaited.")
    if held.person is not None and by != held.person:
        return Refused("not-concerned", "The person whom the order names reports.")
    if evidence < needed:
        return Refused("evidence-missing", f"The rulebook asks for at least {needed} pieces of evidence.")
    return replace(held, state="reported", reported_by=by, revision=held.revision + 1)


def verify(held: Rectification, by: str, now: datetime, *, named: bool) -> Rectification | Refused:
    """Somebody other than who reported has seen that it is done (I20); `named`: whether the case names them."""
    refused = _unfit(held, by, named=named)
    return refused or replace(held, state="verified", ended_at=now, revision=held.revision + 1)


def reject(held: Rectification, by: str, within: str, *, named: bool) -> Rectification | Refused:
    """Sent back: the next round begins with a limit of its own."""
    refused = _unfit(held, by, named=named)
    return refused or replace(
        held, state="issued", round=held.round + 1, within=within, reported_by=None, overdue_at=None,
        revision=held.revision + 1, heard_revision=0,
    )  # fmt: skip


def _unfit(held: Rectification, by: str, *, named: bool) -> Refused | None:
    if held.state != "reported":
        return Refused("not-reported", f"The rectification is {held.state}: there is no report to look at.")
    if by == held.reported_by:
        return Refused("same-person", "I20: who reported does not judge the report; another person must.")
    if named or by == held.person:
        return Refused("named", "R28: whom the case or the order names does not judge the report; another person must.")
    return None


def is_news(held: Rectification, clock: str, revision: int) -> bool:
    """Whether this word on the present round's clock is a later one than was heard."""
    return clock == f"{RECTIFY}:{held.part}" and revision > held.heard_revision


def overdue(held: Rectification, clock: str, clock_revision: int, now: datetime) -> Rectification:
    """The limit of a round has passed; the caller knows that it was not told before. That of a former round, told
    late, is on record and changes nothing else."""
    counted = replace(held, revision=held.revision + 1)
    if not is_news(held, clock, clock_revision):
        return counted
    return replace(counted, overdue_at=now, heard_revision=clock_revision)


def not_overdue(held: Rectification, clock: str, clock_revision: int) -> Rectification | None:
    """The limit of the present round has not passed after all; an older word changes nothing."""
    if not is_news(held, clock, clock_revision):
        return None
    was = held.overdue_at is not None
    return replace(held, overdue_at=None, heard_revision=clock_revision, revision=held.revision + was)


def of_clock(clock: str) -> UUID | None:
    """The rectification whose clock it is."""
    name, _, part = clock.partition(":")
    if name not in (RECTIFY, CHECK):
        return None
    try:
        return UUID(part.partition(".")[0])
    except ValueError:
        return None
