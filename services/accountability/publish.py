"""What happened to cases, as events on `case-events`; the envelope's revision is the case's own count 1..n (I17).

Contents are written field by field and not through their models: a case opened costs a third of that, and cases are
opened in storms. That they are what the models say is checked wherever a test appends one
(docs/decisions/made-events-are-checked-by-every-test.md).
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, assert_never
from zoneinfo import ZoneInfo

import orjson
from pydantic import TypeAdapter

from services.accountability import circumstances_text
from services.accountability.case_row import named_json, named_text
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
from services.accountability.rules.lead_rules import Lead
from services.accountability.rules.model import Addressee, Case, Proposal, Ref, Responsible, Rung
from services.accountability.rules.overseers import TAKE_UP
from services.accountability.rules.review import RevisionLapsed, RevisionProposed, beside
from services.accountability.store import KeptEvent
from shared.events import accountability as events
from shared.events.attribution import CaseRevisionClosed, CaseRevisionProposed
from shared.events.base import Instant, aggregate_key
from shared.events.envelope import headers_out
from shared.events.limits import LimitTerms
from shared.events.proceedings import ReviewBegun
from shared.outbox import Message

TOPIC = "case-events"
SOURCE = "/duban/accountability"
STARTS = (events.CaseOpened.TYPE, events.CaseReinstated.TYPE)
STOPS = (events.CaseAnswered.TYPE,)
_EVENTS: dict[type[Happened], type[events.CaseEvent]] = {
    Opened: events.CaseOpened,
    Revised: events.CaseRevised,
    Escalated: events.CaseEscalated,
    Withdrawn: events.CaseWithdrawn,
    Reinstated: events.CaseReinstated,
    Answered: events.CaseAnswered,
    RevisionProposed: CaseRevisionProposed,
    RevisionLapsed: CaseRevisionClosed,
}
_INSTANT = TypeAdapter[datetime](Instant)


def published(happened: Happened) -> tuple[KeptEvent, Message]:
    """The event of one thing that happened, as the case's history keeps it and as it goes out."""
    case, event, body = happened.case, _EVENTS[type(happened)], content(happened)
    cause = None if isinstance(happened, Answered) else happened.cause
    id = _id(happened, event.TYPE)
    subject = aggregate_key(case.key.authority, case.key.matter)
    headers = headers_out(
        event,
        id=id,
        source=SOURCE,
        subject=subject,
        time=happened.at,
        revision=case.revision,
        causation=None if cause is None else cause.id,
    )
    kept = KeptEvent(case.key, case.revision, id, event.TYPE, happened.at, cause, body)
    return kept, Message(TOPIC, subject, id, headers, body)


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


def content(happened: Happened) -> bytes:
    """The JSON of the event, exactly as its model would be dumped: fields in the model's order, absent ones left out
    (docs/decisions/made-events-are-checked-by-every-test.md). People read its instants: they are told in the zone of
    the limit that was missed, whatever the database made of them."""
    case = happened.case
    zone = case.zone
    common = {
        "case_id": str(case.key.case_id), "authority": case.key.authority, "matter": case.key.matter,
        "occurred_at": told(happened.at, zone), "origin": case.origin,
    }  # fmt: skip
    about = {"due": case.due, "unit": case.unit, "item": case.item}
    match happened:
        case Opened():
            return _json({
                **common, "clock": case.clock, "subject": case.subject, "item": case.item, "unit": case.unit,
                "due": case.due, "late_from": told(case.late_from, zone), "detected_at": told(case.detected_at, zone),
                "miss": _ref(happened.cause), "rulebook": case.rulebook, "responsible": _responsible(case),
                "ladder": _ladder(case.ladder), "limits": _limits(case), "addressee": _addressee(happened.addressee),
                "lead": happened.lead and _lead(happened.lead), **_beside(case),
            })  # fmt: skip
        case Revised():
            return _json({
                **common, "responsible": _responsible(case), "reason": happened.reason, **_beside(case),
            })  # fmt: skip
        case Escalated():
            return _json({
                **common, "rung": happened.rung, "addressee": _addressee(happened.addressee),
                "miss": _ref(happened.cause), "last": happened.last, "responsible": _responsible(case), **about,
                "limits": _take_up(case, happened.take_up), "team": _team(case),
            })  # fmt: skip
        case Withdrawn():
            return _json({
                **common, "reason": happened.reason, "cause": _ref(happened.cause), "told": case.told, **about,
            })  # fmt: skip
        case Reinstated():
            return _json({
                **common, "miss": _ref(happened.cause), "limits": _limits(case), "responsible": _responsible(case),
                "addressee": _addressee(happened.addressee), **about, **_beside(case),
            })  # fmt: skip
        case Answered():
            return _json({
                **common, "answered_by": happened.person, "limits": _take_up(case, happened.take_up),
            })  # fmt: skip
        case RevisionProposed():
            return _json({
                **common, "no": beside(case).revisions, "responsible": _named_all(happened.proposal),
                "reason": happened.reason, "cause": _ref(happened.cause), **about, **_beside(case),
            })  # fmt: skip
        case RevisionLapsed():
            return _json({**common, "no": happened.no, "outcome": "lapsed"})
        case _:
            assert_never(happened)


def _json(fields: dict[str, Any]) -> bytes:
    return orjson.dumps(_present(fields))


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


@lru_cache(maxsize=4096)
def told(instant: datetime, zone: str) -> str:
    """An instant as events write it, in a zone."""
    written: str = _INSTANT.dump_python(instant.astimezone(ZoneInfo(zone)), mode="json")
    return written


def _limits(case: Case) -> orjson.Fragment:
    """The case's own limits, for its first answer; none for imported history, whose ladders an operator starts (D9)."""
    return _NONE if case.origin == "import" else _terms(case.ladder, case.rulebook, case.zone, case.calendar)


def _take_up(case: Case, within: str | None) -> list[dict[str, Any]] | None:
    """The limit of the overseers, who take a lead up; None of imported history (D9)."""
    if within is None or case.origin == "import":
        return None
    terms = LimitTerms(
        clock=TAKE_UP,
        amount=within,
        zone=case.zone,
        calendar=case.calendar,
        starts_on=(events.CaseAnswered.TYPE, events.CaseEscalated.TYPE),
        stops_on=(ReviewBegun.TYPE,),
        source=f"rulebook {case.rulebook.partition('/')[0]}, overseers, take_up",
    )
    return [terms.model_dump(mode="json", exclude_none=True)]


def _lead(lead: Lead) -> dict[str, Any]:
    return _present({
        "kind": lead.kind, "severity": lead.severity, "rule": lead.rule, "fact": _ref(lead.fact),
        "evidence": lead.evidence or None,
    })  # fmt: skip


_NONE = orjson.Fragment(b"[]")


@lru_cache(maxsize=256)
def _terms(ladder: tuple[Rung, ...], rulebook: str, zone: str, calendar: str) -> orjson.Fragment:
    return _fragment(
        LimitTerms(
            clock=clock_of_rung(step.rung),
            amount=step.after,
            start_rule="day0",
            zone=zone,
            calendar=calendar,
            starts_on=STARTS,
            stops_on=STOPS,
            source=f"rulebook {rulebook}, ladder, rung {step.rung}",
        ).model_dump(mode="json", exclude_none=True)
        for step in ladder
        if step.after is not None
    )


@lru_cache(maxsize=256)
def _ladder(ladder: tuple[Rung, ...]) -> orjson.Fragment:
    return _fragment(_present({"rung": step.rung, "role": step.role, "after": step.after}) for step in ladder)


def _fragment(entries: Iterable[dict[str, Any]]) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(list(entries)))


def _responsible(case: Case) -> list[orjson.Fragment]:
    return _named_all(case.proposal)


def _named_all(proposal: Proposal) -> list[orjson.Fragment]:
    return [_named(responsible) for responsible in proposal]


def _beside(case: Case) -> dict[str, Any]:
    """Shares of time, external causes and the team, where the miss says any."""
    return {} if case.beside is None else circumstances_text.told(case.beside.circumstances, case.unit)


def _team(case: Case) -> dict[str, Any] | None:
    return None if case.beside is None else circumstances_text.team_text(case.beside.circumstances.team)


@lru_cache(maxsize=4096)  # in a storm the same leaders are named over and over, for the same due
def _named(said: Responsible) -> orjson.Fragment:
    """As the case's row has it, but for the person of a vacancy, who is absent."""
    return named_json(said) if said.person is not None else orjson.Fragment(_json(named_text(said)))


@lru_cache(maxsize=4096)
def _addressee(to: Addressee) -> orjson.Fragment:
    return orjson.Fragment(_json({"role": to.role, "person": to.person, "skipped": to.skipped}))


def _ref(ref: Ref) -> dict[str, str]:
    return {"source": ref.source, "id": ref.id}
