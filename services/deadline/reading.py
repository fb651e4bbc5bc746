"""Events of other services as facts: what the fold needs of them, and nothing it could decide itself."""

from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import orjson

from services.deadline.rules.facts import CORRECTED, RETRACTED, Fact
from services.deadline.rules.limits import Amount, Limit, Roll, StartRule
from services.deadline.store import FactRow
from shared.events.accountability import CaseAnswered, CaseEvent, CaseOpened, CaseReinstated, CaseWithdrawn
from shared.events.base import Event, LimitTerms, instant_of, split_key
from shared.events.envelope import Received
from shared.events.intake import Recorded
from shared.events.submissions import Fact as SubmittedFact

CASE_FACTS = (CaseOpened, CaseAnswered, CaseWithdrawn, CaseReinstated)


def row_of(received: Received, event: Event) -> FactRow | None:
    """The row of a fact; None for an event that no clock depends on."""
    key = split_key(received.subject)
    if isinstance(event, CaseEvent):
        if not isinstance(event, CASE_FACTS):
            return None
        return FactRow(
            key=key,
            identity=(received.source, received.id),
            event=received.id,
            type=received.type,
            subject=f"case:{event.case_id}",
            occurred_at=event.occurred_at,
            occurred_on=None,
            issued_at=received.time,
            received_at=received.time,
            revision=received.revision,
            says=event.to_data(),
        )
    if not isinstance(event, Recorded):
        raise TypeError(f"{received.type} is no fact")
    when = event.occurred_at if isinstance(event, SubmittedFact) else event.issued_at
    zone = event.zone if isinstance(event, SubmittedFact) else None
    return FactRow(
        key=key,
        identity=(event.submission.source, event.submission.id),
        event=received.id,
        type=received.type,
        subject="",
        occurred_at=instant_of(when, zone),
        occurred_on=None if isinstance(when, datetime) else when,
        issued_at=event.issued_at,
        received_at=event.received_at,
        revision=0,
        says=event.to_data(),
    )


def fact_of(row: FactRow) -> Fact:
    """The fact of a row."""
    says = row.says
    replaces = replacement = None
    if row.type in (CORRECTED, RETRACTED):
        replaces = (says["replaces"]["source"], says["replaces"]["id"])
        if row.type == CORRECTED:
            replacement = _replacement(row, says["fact"])
    return Fact(
        type=row.type,
        occurred=row.occurred_at,
        on=row.occurred_on,
        identity=row.identity,
        issued=row.issued_at,
        event=row.event,
        subject=row.subject,
        revision=row.revision,
        unit=says.get("unit"),
        person=says.get("person"),
        item=says.get("item"),
        origin=says.get("origin", "live"),
        limits=_limits(says),
        replaces=replaces,
        replacement=replacement,
    )


def _replacement(row: FactRow, fact: dict[str, Any]) -> Fact:
    data = fact["data"]
    text = data["occurred_at"]
    when = datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    occurred, on = instant_of(when, data.get("zone")), None if isinstance(when, datetime) else when
    return fact_of(replace(row, type=fact["type"], occurred_at=occurred, occurred_on=on, says=data))


def _limits(says: dict[str, Any]) -> tuple[Limit, ...]:
    return tuple(_limit(orjson.dumps(terms)) for terms in says.get("limits", ()))


@lru_cache(maxsize=4096)
def _limit(terms: bytes) -> Limit:
    """The same few limits are stamped on thousands of matters: parsed once each."""
    return limit_of(LimitTerms.model_validate_json(terms, extra="ignore"))


def limit_of(terms: LimitTerms) -> Limit:
    """A stamped limit as the rules see it."""
    return Limit(
        clock=terms.clock,
        amount=None if terms.amount is None else Amount.parse(terms.amount),
        at=terms.at,
        start_rule=StartRule(terms.start_rule),
        roll=Roll(terms.roll),
        zone=terms.zone,
        day_ends=terms.day_ends,
        calendar=terms.calendar,
        starts_on=terms.starts_on,
        stops_on=terms.stops_on,
        warnings=terms.warnings,
        source=terms.source,
    )
