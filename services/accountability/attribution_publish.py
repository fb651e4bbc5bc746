"""What people make of a proposal, as events on `case-events`, kept in the case's own record. They are few: they are
written by their models."""

from zoneinfo import ZoneInfo

from services.accountability.case_row import named_text
from services.accountability.publish import SOURCE, TOPIC
from services.accountability.rules.identity import event_id
from services.accountability.rules.review import AttributionConfirmed, RevisionDecided
from services.accountability.store import KeptEvent
from shared.events import attribution as events
from shared.events.accountability import CaseEvent, Responsible
from shared.events.base import aggregate_key
from shared.events.envelope import headers_out
from shared.outbox import Message


def published(done: AttributionConfirmed | RevisionDecided) -> tuple[KeptEvent, Message]:
    """The event of one decision of a person."""
    case, event = done.case, content(done)
    number = done.n if isinstance(done, AttributionConfirmed) else done.no
    id = event_id(event.TYPE, case.key.case_id, str(number))
    subject = aggregate_key(case.key.authority, case.key.matter)
    body = event.model_dump_json(exclude_none=True).encode()
    headers = headers_out(
        type(event), id=id, source=SOURCE, subject=subject, time=done.at, revision=case.revision, causation=None
    )
    return KeptEvent(case.key, case.revision, id, event.TYPE, done.at, None, body), Message(
        TOPIC, subject, id, headers, body
    )


def content(done: AttributionConfirmed | RevisionDecided) -> CaseEvent:
    """Its data."""
    case = done.case
    about = {
        "case_id": str(case.key.case_id), "authority": case.key.authority, "matter": case.key.matter,
        "occurred_at": done.at.astimezone(ZoneInfo(case.zone)), "origin": case.origin,
    }  # fmt: skip
    if isinstance(done, RevisionDecided):
        outcome = "accepted" if done.accepted else "rejected"
        return events.CaseRevisionClosed.model_validate(
            {**about, "no": done.no, "outcome": outcome, "decided_by": done.by}
        )
    responsible = tuple(Responsible.model_validate(named_text(r), strict=False) for r in case.proposal)
    return events.CaseAttributionConfirmed.model_validate(
        {**about, "n": done.n, "confirmed_by": done.by, "responsible": responsible}
    )
