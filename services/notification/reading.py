"""Events of the contract in the words of the rules."""

from dataclasses import replace

from services.notification.rules.directory import HolderFact, Reach
from services.notification.rules.notices import Case, Ref
from shared.events.accountability import (
    Addressee,
    CaseEscalated,
    CaseEvent,
    CaseOpened,
    CaseReinstated,
    CaseRevised,
    CaseWithdrawn,
)
from shared.events.base import instant_of, split_key
from shared.events.envelope import Received
from shared.events.intake import HolderAssigned, HolderEnded


def ref_of(received: Received) -> Ref:
    """The identity of an event."""
    return Ref(received.source, received.id)


def reach_of(addressee: Addressee) -> Reach:
    """Whom accountability addressed."""
    return Reach(addressee.person, addressee.role, addressee.skipped)


def holder_fact(received: Received, event: HolderAssigned | HolderEnded) -> HolderFact:
    """A fact of the directory; its subject names the post, its submission orders it."""
    authority, post = split_key(received.subject)
    role, unit = (event.role, event.unit) if isinstance(event, HolderAssigned) else (None, None)
    at = instant_of(event.occurred_at, event.zone)
    return HolderFact(authority, post, event.submission.source, event.submission.id, at, event.person, role, unit)


def case_of(received: Received, event: CaseEvent) -> Case:
    """What an event says of its case."""
    known = Case(received.subject, event.case_id, received.revision)
    if isinstance(event, CaseOpened | CaseEscalated | CaseReinstated | CaseRevised):
        known = replace(known, named=tuple((r.role, r.person) for r in event.responsible if r.person is not None))
    if isinstance(event, CaseOpened | CaseEscalated | CaseReinstated | CaseWithdrawn):
        known = replace(known, item=event.item, unit=event.unit, due=event.due.isoformat())
    return replace(known, clock=event.clock) if isinstance(event, CaseOpened) else known
