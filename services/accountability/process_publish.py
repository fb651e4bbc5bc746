"""What happened in a proceeding, as events on `case-events`, kept in the case's own record. They are few and never come
in storms: they are written by their models."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.accountability.publish import SOURCE, TOPIC
from services.accountability.rules.identity import caused, event_id
from services.accountability.rules.measures import NONE
from services.accountability.rules.process_clocks import Course, started_by
from services.accountability.rules.process_model import Done, Proceeding
from services.accountability.store import KeptEvent
from shared.events import proceedings as events
from shared.events.accountability import CaseEvent
from shared.events.base import EventRef, aggregate_key
from shared.events.envelope import headers_out
from shared.events.limits import LimitTerms
from shared.outbox import Message

_MODELS: dict[str, type[events.ProceedingEvent]] = {
    model.TYPE.removeprefix("case.").replace("_", "-"): model
    for model in events.PROCEEDING_EVENTS
    if issubclass(model, events.ProceedingEvent)
}


def type_of(kind: str) -> str:
    """The type of the event of a kind of process_model.Done."""
    return _MODELS[kind].TYPE


def published(done: Done) -> tuple[KeptEvent, Message]:
    """The event of one thing done, as the case's history keeps it and as it goes out."""
    case, model = done.case, _MODELS[done.kind]
    cause = done.cause
    named = f"{case.revision}" if cause is None else f"{caused(cause)}|{case.revision}"
    id = event_id(model.TYPE, case.key.case_id, named)
    subject = aggregate_key(case.key.authority, case.key.matter)
    body = content(done, model).model_dump_json(exclude_none=True).encode()
    headers = headers_out(
        model, id=id, source=SOURCE, subject=subject, time=done.at, revision=case.revision,
        causation=None if cause is None else cause.id,
    )  # fmt: skip
    kept = KeptEvent(case.key, case.revision, id, model.TYPE, done.at, cause, body)
    return kept, Message(TOPIC, subject, id, headers, body)


def content(done: Done, model: type[events.ProceedingEvent]) -> CaseEvent:
    """The event's data."""
    case, after, command = done.case, done.proceeding, done.command
    more = _MORE.get(done.kind)
    return model(
        case_id=str(case.key.case_id),
        authority=case.key.authority,
        matter=case.key.matter,
        occurred_at=done.at.astimezone(ZoneInfo(case.zone)),
        origin=case.origin,
        state=after.state,
        by=done.by,
        rulebook=after.rulebook,
        due=when(case.due),
        unit=case.unit,
        item=case.item,
        limits=limits_of(done),
        told=done.told,
        part=done.party,
        texts=() if command is None else tuple(_text(*text) for text in command.texts),
        **({} if more is None else more(done)),
    )


def when(due: str) -> datetime | date:
    """A due as the event's model takes it."""
    return datetime.fromisoformat(due) if "T" in due else date.fromisoformat(due)


def limits_of(done: Done) -> tuple[LimitTerms, ...]:
    """The duties that begin with it, and the times of the parties whom it is about."""
    parties = done.proceeding.parties
    about = [party.person for party in parties if done.party in (None, party.person)]
    appealed = {party.person for party in parties if party.asked == "appeal"}
    found = (_terms(name, course, done) for name, course in started_by(done.kind, about, appealed))
    return tuple(terms for terms in found if terms is not None)


def _terms(name: str, course: Course, done: Done) -> LimitTerms | None:
    case, after = done.case, done.proceeding
    limit = done.edition.limit(course.clock.removesuffix("-extended"))
    if limit is None:
        return None
    until: date | None = None
    amount: str | None = limit.amount
    if course.clock.endswith("-extended"):
        party = after.party(done.party or "")
        until = after.decide_until if party is None else party.answer_until
        amount = None
    return LimitTerms(
        clock=name,
        amount=amount,
        at=until,
        roll="next" if limit.amount.endswith("d") and not limit.amount.endswith("wd") else "none",
        zone=case.zone,
        calendar=case.calendar,
        starts_on=(type_of(course.starts),),
        stops_on=tuple(type_of(kind) for kind in course.stops),
        source=f"{after.rulebook}, {limit.source}",
    )


def _measures(after: Proceeding, of: str | None = None) -> tuple[events.MeasureTold, ...]:
    return tuple(
        events.MeasureTold(person=p.person, measure=p.measure or NONE, influence_until=p.influence_until)
        for p in after.parties
        if of in (None, p.person)
    )


def _people(done: Done) -> tuple[str, ...]:
    return () if done.command is None else done.command.people


def _exonerated(done: Done) -> tuple[str, ...]:
    """Of whom nothing is left."""
    return tuple(party.person for party in done.proceeding.parties if (party.measure or NONE) == NONE)


def _cause(done: Done) -> dict[str, Any]:
    assert done.cause is not None  # noqa: S101 - these two kinds are made with their cause
    return {"cause": EventRef(source=done.cause.source, id=done.cause.id)}


_MORE: dict[str, Callable[[Done], dict[str, Any]]] = {
    "filed": lambda d: {"violation": d.proceeding.violation},
    "investigation-begun": lambda d: {"investigators": d.proceeding.investigators},
    "investigators-changed": lambda d: {"investigators": d.proceeding.investigators},
    "person-recused": lambda d: {"people": _people(d)},
    "notice-given": lambda d: {
        "parties": tuple(
            events.PartyNoticed(
                person=p.person, role=p.role, severity=p.severity, announced=p.announced, recommended=p.recommended,
                rule=p.rule,
            )
            for p in d.proceeding.parties
        )
    },
    "defence-heard": lambda d: {"person": d.by[-1], "waived": d.command is not None and d.command.waived},
    "deliberation-begun": lambda d: {"members": d.proceeding.members},
    "members-changed": lambda d: {"members": d.proceeding.members},
    "vote-cast": lambda d: {"outcome": d.proceeding.votes[-1].outcome},
    "exempted": lambda d: {"ground": d.command and d.command.ground},
    "decided": lambda d: {"measures": _measures(d.proceeding)},
    "referred": lambda d: {"measures": _measures(d.proceeding)},
    "served": lambda d: {"measures": _measures(d.proceeding, d.party)},
    "answer-served": lambda d: {"measures": _measures(d.proceeding, d.party)},
    "varied": lambda d: {"measures": _measures(d.proceeding)},
    "decision-extended": lambda d: {"until": d.proceeding.decide_until},
    "answer-extended": lambda d: {"until": next(p.answer_until for p in d.proceeding.parties if p.person == d.party)},
    "step-proposed": lambda d: {"step": d.proceeding.proposed and d.proceeding.proposed.step},
    "revocation-proposed": _cause,
    "revocation-lapsed": _cause,
    "exonerated": lambda d: {"people": _exonerated(d)},
}  # fmt: skip
"""What an event of a kind says beside what all say."""


def _text(kind: str, id: str, sha256: str) -> events.TextRef:
    return events.TextRef(kind=kind, id=id, sha256=sha256)
