"""A case as JSON for those who read it. Persons are pseudonyms here as everywhere (D19)."""

from datetime import datetime
from typing import Any

import orjson

from services.accountability.case_row import named_text
from services.accountability.case_store import CaseRecord
from services.accountability.circumstances_text import told
from services.accountability.publish import SOURCE
from services.accountability.rules.circumstances import Beside
from services.accountability.rules.identity import LEAD
from services.accountability.rules.leads import is_lead
from services.accountability.rules.model import Case, Proposal
from services.accountability.rules.review import beside, is_confirmed
from shared.postgres import Record


def summary(case: Case) -> dict[str, Any]:
    """One line of the list."""
    direct, leading, principal = (responsible.person for responsible in case.proposal[:3])
    return {
        "case_id": str(case.key.case_id),
        "authority": case.key.authority,
        "matter": case.key.matter,
        "clock": case.clock,
        **({"lead": case.clock.removeprefix(LEAD)} if is_lead(case.clock) else {}),
        "subject": case.subject,
        "item": case.item,
        "unit": case.unit,
        "origin": case.origin,
        "due": case.due,
        "late_from": case.late_from.isoformat(),
        "state": case.state,
        "rung": case.rung,
        "at_last_rung": case.at_last_rung,
        "opened_at": case.opened_at.isoformat(),
        "withdrawn_at": _told(case.withdrawn_at),
        "answered_at": _told(case.answered_at),
        "direct": direct,
        "leading": leading,
        "principal": principal,
    }


def shown(case: Case, record: CaseRecord) -> dict[str, Any]:
    """The whole case: `chain` leads from it down to the submissions, `history` and `attributions` are as decided."""
    return {
        **summary(case),
        "detected_at": case.detected_at.isoformat(),
        "standing_since": case.standing_since.isoformat(),
        "standing_no": case.standing_no,
        "withdrawn_because": case.withdrawn_because,
        "rulebook": case.rulebook,
        "ladder": [{"rung": step.rung, "role": step.role, "after": step.after} for step in case.ladder],
        "addressed": list(case.addressed),
        "responsible": _proposal(case.proposal),
        "confirmed": is_confirmed(case),
        "confirmation": record.confirmation,
        "proposed_revision": _revision(beside(case)),
        **told(beside(case).circumstances, case.unit),
        "attributions": [
            {
                "n": row["n"],
                "decided_at": row["decided_at"].isoformat(),
                "reason": row["reason"],
                "cause": _cause(row),
                "responsible": row["proposal"],
            }
            for row in record.attributions
        ],
        "answers": [
            {
                "standing_no": row["standing_no"],
                "person": row["person"],
                "text": row["text"],
                "text_id": None if row["text_id"] is None else str(row["text_id"]),
                "answered_at": row["answered_at"].isoformat(),
            }
            for row in record.answers
        ],
        "history": [
            {
                "n": row["n"],
                "type": row["type"],
                "event": {"source": SOURCE, "id": row["event_id"]},
                "occurred_at": row["occurred_at"].isoformat(),
                "cause": _cause(row),
                "says": orjson.loads(row["says"]),
            }
            for row in record.events
        ],
        "verdicts": [_verdict(row) for row in record.verdicts],
        "chain": chain(case, record),
    }


def persons_of(case: Case, record: CaseRecord) -> set[str]:
    """Whom a case names or named, told or heard."""
    named = {responsible.person for responsible in case.proposal if responsible.person is not None}
    former = {each["person"] for row in record.attributions for each in row["proposal"] if each.get("person")}
    return named | former | {*case.addressed, *case.told} | {row["person"] for row in record.answers}


def chain(case: Case, record: CaseRecord) -> list[dict[str, Any]]:
    """From the case down: the event by which it stands, the miss it rests on now, and the facts that miss rests on,
    each a matter event and the submission it was accepted from (I16). A miss that was published again stands in place
    of the one that opened the case; both are in `verdicts`."""
    stands = [row for row in record.events if row["type"] in ("case.opened", "case.reinstated")][-1]
    miss = next(row for row in record.verdicts if (row["source"], row["event_id"]) == (case.miss.source, case.miss.id))
    says = orjson.loads(miss["says"])
    return [
        {
            "type": stands["type"],
            "event": {"source": SOURCE, "id": stands["event_id"]},
            "occurred_at": stands["occurred_at"].isoformat(),
            "caused_by": _cause(stands),
        },
        {
            **_verdict(miss),
            **{name: says[name] for name in _OF_MISS if name in says},
            "rests_on": [fact["event"] for fact in says["facts"]],
        },
        *(
            {
                "type": fact["type"],
                "event": {"id": fact["event"]},
                "occurred_at": fact["occurred_at"],
                "submission": {"source": fact["source"], "id": fact["id"]},
            }
            for fact in says["facts"]
        ),
    ]


_OF_MISS = ("detected_at", "due", "late_from", "limit", "calendar", "code", "detail", "by", "evidence")
"""What the chain tells of a miss, or of a finding."""
_TYPES = {
    "missed": "deadline.missed", "withdrawn": "deadline.withdrawn", "found": "deadline.finding",
    "revoked": "deadline.finding_revoked",
}  # fmt: skip


def _verdict(row: Record) -> dict[str, Any]:
    withdrawn = orjson.loads(row["says"]) if row["kind"] in ("withdrawn", "revoked") else None
    return {
        "type": _TYPES[row["kind"]],
        "event": {"source": row["source"], "id": row["event_id"]},
        "revision": row["revision"],
        "recorded_at": row["recorded_at"].isoformat(),
        **({} if withdrawn is None else {name: withdrawn[name] for name in ("reason", "facts") if name in withdrawn}),
    }


def _proposal(proposal: Proposal) -> list[dict[str, Any]]:
    return [named_text(r) for r in proposal]


def _revision(kept: Beside) -> dict[str, Any] | None:
    """The revision of what was confirmed that waits for a decision."""
    if kept.proposed is None:
        return None
    return {"no": kept.revisions, "reason": kept.reason, "responsible": _proposal(kept.proposed)}


def _cause(row: Record) -> dict[str, str] | None:
    return None if row["cause_id"] is None else {"source": row["cause_source"], "id": row["cause_id"]}


def _told(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
