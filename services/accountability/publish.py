"""What happened to cases, as events on `case-events`; the envelope's revision is the case's own count 1..n (I17)."""

from functools import lru_cache
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from services.accountability.rules import model
from services.accountability.rules.case import (
    Answered,
    Escalated,
    Happened,
    Opened,
    Reinstated,
    Revised,
    Withdrawn,
)
from services.accountability.rules.identity import caused, clock_of_rung, event_id
from services.accountability.rules.model import Case, Ref
from services.accountability.store import KeptEvent
from shared.events import accountability as events
from shared.events.base import EventRef, LimitTerms, aggregate_key
from shared.outbox import Message, message

TOPIC = "case-events"
SOURCE = "/duban/accountability"
STARTS = (events.CaseOpened.TYPE, events.CaseReinstated.TYPE)
STOPS = (events.CaseAnswered.TYPE,)


def published(happened: Happened) -> tuple[KeptEvent, Message]:
    """The event of one thing that happened, as the case's history keeps it and as it goes out."""
    case, event = happened.case, event_of(happened)
    cause = None if isinstance(happened, Answered) else happened.cause
    out = message(
        TOPIC,
        event,
        id=_id(happened, event.TYPE),
        source=SOURCE,
        subject=aggregate_key(case.key.authority, case.key.matter),
        time=happened.at,
        revision=case.revision,
        causation=None if cause is None else cause.id,
    )
    return KeptEvent(case.key, case.revision, out.event_id, event.TYPE, happened.at, cause, out.body), out


def _id(happened: Happened, type_: str) -> str:
    """A case's limits run from the event by which it stands: the rules have named that one already. An answer belongs
    to that standing too, everything else to its cause."""
    case = happened.case
    match happened:
        case Opened() | Reinstated():
            return case.standing_event
        case Answered():
            return event_id(type_, case.key.case_id, caused(case.miss))
    return event_id(type_, case.key.case_id, caused(happened.cause))


def event_of(happened: Happened) -> events.CaseEvent:
    """The content of the event. People read its instants: they are told in the zone of the limit that was missed,
    whatever the database made of them."""
    case = happened.case
    zone = ZoneInfo(case.zone)
    common: dict[str, Any] = {
        "case_id": str(case.key.case_id), "authority": case.key.authority, "matter": case.key.matter,
        "occurred_at": happened.at.astimezone(zone), "origin": case.origin,
    }  # fmt: skip
    about: dict[str, Any] = {"due": case.due, "unit": case.unit, "item": case.item}
    match happened:
        case Opened():
            return events.CaseOpened(
                **common, **about, clock=case.clock, subject=case.subject, late_from=case.late_from.astimezone(zone),
                detected_at=case.detected_at.astimezone(zone), miss=_ref(happened.cause), rulebook=case.rulebook,
                responsible=_responsible(case), ladder=_ladder(case.ladder), limits=_limits(case),
                addressee=_addressee(happened.addressee),
            )  # fmt: skip
        case Revised():
            return events.CaseRevised(**common, responsible=_responsible(case), reason=happened.reason)
        case Escalated():
            return events.CaseEscalated(
                **common, **about, rung=happened.rung, addressee=_addressee(happened.addressee),
                miss=_ref(happened.cause), last=happened.last, responsible=_responsible(case),
            )  # fmt: skip
        case Withdrawn():
            return events.CaseWithdrawn(
                **common, **about, reason=happened.reason, cause=_ref(happened.cause), told=case.told
            )
        case Reinstated():
            return events.CaseReinstated(
                **common, **about, miss=_ref(happened.cause), limits=_limits(case), responsible=_responsible(case),
                addressee=_addressee(happened.addressee),
            )  # fmt: skip
        case Answered():
            return events.CaseAnswered(**common, answered_by=happened.person)
        case _:
            assert_never(happened)


def _limits(case: Case) -> tuple[LimitTerms, ...]:
    """The case's own limits, for its first answer; none for imported history, whose ladders an operator starts (D9)."""
    return () if case.origin == "import" else _terms(case.ladder, case.rulebook, case.zone, case.calendar)


@lru_cache(maxsize=256)
def _terms(ladder: tuple[model.Rung, ...], rulebook: str, zone: str, calendar: str) -> tuple[LimitTerms, ...]:
    return tuple(
        LimitTerms(
            clock=clock_of_rung(step.rung),
            amount=step.after,
            start_rule="day0",
            zone=zone,
            calendar=calendar,
            starts_on=STARTS,
            stops_on=STOPS,
            source=f"rulebook {rulebook}, ladder, rung {step.rung}",
        )
        for step in ladder
        if step.after is not None
    )


@lru_cache(maxsize=256)
def _ladder(ladder: tuple[model.Rung, ...]) -> tuple[events.Rung, ...]:
    return tuple(events.Rung(rung=step.rung, role=step.role, after=step.after) for step in ladder)


def _responsible(case: Case) -> tuple[events.Responsible, ...]:
    return tuple(map(_named, case.proposal))


@lru_cache(maxsize=4096)
def _named(said: model.Responsible) -> events.Responsible:
    """In a storm everyone is late for the same due, and the same leaders are named over and over."""
    return events.Responsible(role=said.role, person=said.person, rule=said.rule, because=said.because)


@lru_cache(maxsize=4096)
def _addressee(to: model.Addressee) -> events.Addressee:
    return events.Addressee(role=to.role, person=to.person, skipped=to.skipped)


def _ref(ref: Ref) -> EventRef:
    return EventRef(source=ref.source, id=ref.id)
