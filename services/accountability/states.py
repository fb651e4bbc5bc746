"""The standing state of each case, on the compacted topic `case-states`. It is told when the event that led to it is
sealed: a storm of misses pays nothing for it, and of a case that changed several times the last state is told.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from services.accountability.case_row import case_of
from services.accountability.publish import SOURCE, told
from services.accountability.record import store
from services.accountability.rules.model import Case
from shared import outbox
from shared.events.envelope import headers_out
from shared.events.record import CaseState
from shared.outbox import Message
from shared.postgres import Connection, Record

TOPIC = "case-states"
PAGE = 1000


async def changed(conn: Connection, cases: Mapping[UUID, int]) -> None:
    """Tell the states of these cases. One that has changed again since the event named is told when that is sealed."""
    ids = sorted(cases)
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        rows = await store.states(conn, page, [cases[id] for id in page])
        await outbox.append(conn, map(message, rows))


def message(row: Record) -> Message:
    """What is told of a case; `row` is the case's, with its last event."""
    case = case_of(row)
    id = str(case.key.case_id)
    headers = headers_out(
        CaseState,
        id=f"{TOPIC}|{id}|{case.revision}",
        source=SOURCE,
        subject=id,
        time=row["last_at"],
        revision=case.revision,
        causation=row["last_event"],
    )
    return Message(TOPIC, id, f"{TOPIC}|{id}|{case.revision}", headers, content(case, row))


def content(case: Case, row: Record) -> bytes:
    """The JSON of the event, as its model would be dumped (docs/decisions/made-events-are-checked-by-every-test.md)."""

    def at(name: str) -> str | None:
        return None if row[name] is None else told(row[name], case.zone)

    fields: dict[str, Any] = {
        "case_id": str(case.key.case_id), "authority": case.key.authority, "matter": case.key.matter,
        "occurred_at": at("last_at"), "origin": case.origin, "state": case.state, "stage": row["stage"],
        "clock": case.clock, "subject": case.subject, "item": case.item, "unit": case.unit, "due": case.due,
        "late_from": at("late_from"), "opened_at": at("opened_at"), "standing_since": at("standing_since"),
        "standing_no": case.standing_no, "withdrawn_at": at("withdrawn_at"),
        "withdrawn_because": case.withdrawn_because, "answered_at": at("answered_at"),
        "answered_by": case.answered_by, "rung": case.rung, "at_last_rung": row["at_last_rung"],
        "rulebook": case.rulebook,
        "responsible": [
            {name: value for name, value in entry.items() if value is not None} for entry in row["proposal"]
        ],
        "addressed": case.addressed,
    }  # fmt: skip
    return orjson.dumps({name: value for name, value in fields.items() if value is not None})
