"""What becomes of a rectification: the rules decide, here it is written and told. The caller holds the lock of the
case, then that of the rectification."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from fastapi import Request

from services.accountability import case_store, directory_store, ledger, rectification_store
from services.accountability.evidence_store import Piece
from services.accountability.record import texts
from services.accountability.rules import rectification as rules
from services.accountability.rules.case import concerns
from services.accountability.rules.ladder import Rulebook
from services.accountability.rules.model import ROLES, Addressee, Case
from services.accountability.rules.rectification import (
    CHECK,
    RECTIFY,
    Rectification,
    RectificationEdition,
    Refused,
)
from services.accountability.step_publish import local, published
from shared.events import rectification as events
from shared.events.accountability import Addressee as AddresseeText
from shared.events.limits import LimitTerms
from shared.identity.guard import caller_of
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Order:
    """What is demanded of whom; `case` None: it stands alone for the matter."""

    authority: str
    matter: str
    case: Case | None
    unit: str
    person: str | None
    demand: str
    within: str | None


async def order(
    conn: Connection, given: Order, rulebook: Rulebook, by: str, now: datetime
) -> tuple[Rectification, Case | None] | Refused:
    """Issued: its limit runs from now."""
    case = given.case
    edition = (
        None
        if not rulebook.rectification
        else rulebook.rectification_rules(
            local(now, rulebook.rectification[0].zone if case is None else case.zone).date()
        )
    )
    if edition is None:
        return Refused("no-rectification", "The rulebook has no rules of rectification.")
    if case is not None and case.state == "withdrawn":
        return Refused("case-withdrawn", "The case is withdrawn: nothing is ordered for it.")
    unfit = rules.may_order(named=_named(case, by))
    within = unfit or rules.order(edition, given.within)
    if isinstance(within, Refused):
        return within
    new = Rectification(
        id=uuid4(), authority=given.authority, matter=given.matter, case_id=None if case is None else case.key.case_id,
        origin="live" if case is None else case.origin, zone=edition.zone if case is None else case.zone,
        calendar=edition.calendar if case is None else case.calendar,
        rulebook=f"{rulebook.name}/rectification-{edition.version}", unit=given.unit, person=given.person,
        state="issued", round=1, within=within, ordered_by=by, ordered_at=now,
    )  # fmt: skip
    await rectification_store.insert(conn, new)
    words = await _words(conn, new, "rectification", given.demand, now)
    await rectification_store.add_step(conn, new, "ordered", by, words.id, (), now)
    model = events.RectificationOpened if case is None else events.RectificationOrdered
    changed = await _say(
        conn, new, case, model, now, ordered_by=by, demand=words.sha256, within=within, rulebook=new.rulebook,
        addressee=await _addressee(conn, new, now), limits=_limit(new, model.TYPE),
    )  # fmt: skip
    return new, changed


async def report(
    conn: Connection,
    held: Rectification,
    case: Case | None,
    by: str,
    text: str,
    evidence: Sequence[Piece],
    rulebook: Rulebook,
    now: datetime,
) -> Rectification | Refused:
    """Reported: the limit of who must look at it runs from now."""
    edition = edition_of(held, rulebook)
    after = rules.report(held, by, len(evidence), edition.evidence if edition else 0)
    if isinstance(after, Refused):
        return after
    words = await _words(conn, held, "report", text, now)
    await rectification_store.update(conn, after)
    await rectification_store.add_step(conn, after, "reported", by, words.id, [piece.id for piece in evidence], now)
    used = tuple(
        events.EvidenceUsed(sha256=piece.sha256.hex(), bytes=piece.size, media_type=piece.media_type)
        for piece in evidence
    )
    await _say(
        conn, after, case, events.RectificationReported, now, reported_by=by, report=words.sha256, evidence=used,
        limits=() if edition is None else _check(after, edition),
    )  # fmt: skip
    return after


async def verify(
    conn: Connection, held: Rectification, case: Case | None, by: str, text: str, now: datetime
) -> Rectification | Refused:
    """Verified: it has ended."""
    after = rules.verify(held, by, now, named=_named(case, by))
    if isinstance(after, Refused):
        return after
    words = await _words(conn, held, "finding", text, now)
    await rectification_store.update(conn, after)
    await rectification_store.add_step(conn, after, "verified", by, words.id, (), now)
    await _say(conn, after, case, events.RectificationVerified, now, verified_by=by, finding=words.sha256)
    return after


async def reject(
    conn: Connection,
    held: Rectification,
    case: Case | None,
    by: str,
    text: str,
    within: str | None,
    rulebook: Rulebook,
    now: datetime,
) -> Rectification | Refused:
    """Sent back: the next round's limit runs from now. The event is of the round that ends."""
    edition = edition_of(held, rulebook)
    amount = held.within if edition is None else rules.order(edition, within)
    if isinstance(amount, Refused):
        return amount
    after = rules.reject(held, by, amount, named=_named(case, by))
    if isinstance(after, Refused):
        return after
    words = await _words(conn, held, "reason", text, now)
    await rectification_store.update(conn, after)
    await rectification_store.add_step(conn, after, "rejected", by, words.id, (), now, round=held.round)
    type_ = events.RectificationRejected
    await _say(
        conn, replace(after, round=held.round), case, type_, now, rejected_by=by, reason=words.sha256,
        within=amount, addressee=await _addressee(conn, after, now), limits=_limit(after, type_.TYPE),
    )  # fmt: skip
    return after


def edition_of(held: Rectification, rulebook: Rulebook) -> RectificationEdition | None:
    """The rules that it was ordered by; None where the file no longer has them."""
    version = held.rulebook.partition("/rectification-")[2]
    return next((edition for edition in rulebook.rectification if edition.version == version), None)


def _named(case: Case | None, person: str) -> bool:
    return case is not None and concerns(case, person)


async def _words(conn: Connection, held: Rectification, kind: str, text: str, now: datetime) -> texts.Kept:
    return await texts.keep(
        conn, authority=held.authority, matter=held.matter, case_id=held.case_id, kind=kind, text=text, at=now
    )


async def _say(
    conn: Connection,
    held: Rectification,
    case: Case | None,
    model: type[events.RectificationEvent],
    now: datetime,
    **more: Any,
) -> Case | None:
    """One event: the case's next, or its own where it stands alone."""
    event = model(
        case_id=str(held.key.case_id), authority=held.authority, matter=held.matter,
        occurred_at=local(now, held.zone), origin=held.origin, rectification_id=str(held.id), part=held.part,
        unit=held.unit, person=held.person, **more,
    )  # fmt: skip
    changed = None if case is None else replace(case, revision=case.revision + 1)
    n = held.revision if changed is None else changed.revision
    await ledger.append(conn, [] if changed is None else [changed], [published(event, held.key, n, now, None)])
    return changed


async def _addressee(conn: Connection, held: Rectification, now: datetime) -> AddresseeText:
    """Who is named; else who holds the unit's lowest post that somebody holds."""
    if held.person is not None:
        return AddresseeText(role="direct", person=held.person)
    found = await holders(conn, held.authority, held.unit, now)
    to = next((each for each in found if each.person is not None), Addressee("principal", None, ()))
    return AddresseeText(
        role=to.role,
        person=to.person,
        skipped=tuple(role for role in ROLES if ROLES.index(role) < ROLES.index(to.role)),
    )


async def holders(conn: Connection, authority: str, unit: str, at: datetime) -> list[Addressee]:
    """Who holds the posts of a unit, by role upwards."""
    directory = await directory_store.directory_of(conn, {(authority, unit)})
    held = ((role, directory.holder(authority, unit, role, at)) for role in ROLES)
    return [Addressee(role, None if holding is None else holding.person, ()) for role, holding in held]


def _limit(held: Rectification, started_by: str) -> tuple[LimitTerms, ...]:
    if held.origin == "import":
        return ()
    return (
        LimitTerms(
            clock=f"{RECTIFY}:{held.part}", amount=held.within, zone=held.zone, calendar=held.calendar,
            starts_on=(started_by,), stops_on=(events.RectificationReported.TYPE,), warnings=(),
            source=f"rulebook {held.rulebook}, limit",
        ),
    )  # fmt: skip


def _check(held: Rectification, edition: RectificationEdition) -> tuple[LimitTerms, ...]:
    if held.origin == "import":
        return ()
    return (
        LimitTerms(
            clock=f"{CHECK}:{held.part}", amount=edition.check, zone=held.zone, calendar=held.calendar,
            starts_on=(events.RectificationReported.TYPE,),
            stops_on=(events.RectificationVerified.TYPE, events.RectificationRejected.TYPE),
            source=f"rulebook {held.rulebook}, check",
        ),
    )  # fmt: skip


def concerned(held: Rectification, posts: Sequence[Addressee], person: str) -> bool:
    """Whether somebody must rectify: by name, or by a post of the unit."""
    return person == held.person or any(post.person == person for post in posts)


async def may_see(conn: Connection, request: Request, held: Rectification, now: datetime) -> bool:
    """Officials see what they must rectify, and what belongs to a case that concerns them."""
    caller = caller_of(request)
    if not caller.is_narrow() or not caller.is_checked:
        return True
    if concerned(held, await holders(conn, held.authority, held.unit, now), caller.person):
        return True
    case = None if held.case_id is None else await case_store.select(conn, held.case_id)
    return case is not None and concerns(case, caller.person)
