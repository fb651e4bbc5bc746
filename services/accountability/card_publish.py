"""What happened to cards and slips, as events on `case-events`: written field by field, as those of cases are, and kept
in the same record. Instants are told in UTC; the due is as the limit says it."""

from functools import lru_cache
from typing import Any

import orjson

from services.accountability.publish import SOURCE, TOPIC, told
from services.accountability.rules.cards import CardChange, Said
from services.accountability.rules.identity import caused, event_id
from services.accountability.rules.model import CaseKey
from services.accountability.store import KeptEvent
from shared.events.accountability import CardIssued, CardRevoked
from shared.events.base import aggregate_key
from shared.events.envelope import headers_out
from shared.events.slips import SlipIssued, SlipRevoked
from shared.outbox import Message

_UTC = "UTC"


def published(change: CardChange) -> tuple[KeptEvent, Message]:
    """The event of one change of a card, as the record keeps it and as it goes out."""
    card = change.card
    issued, revoked = (SlipIssued, SlipRevoked) if card.rule == "slip" else (CardIssued, CardRevoked)
    event = issued if card.standing else revoked
    body = content(change)
    id = event_id(event.TYPE, card.id, caused(card.cause))
    subject = aggregate_key(card.limit.authority, card.limit.matter)
    headers = headers_out(
        event, id=id, source=SOURCE, subject=subject, time=change.at, revision=card.revision, causation=card.cause.id
    )
    key = CaseKey(card.limit.authority, card.limit.matter, card.id)
    kept = KeptEvent(key, card.revision, id, event.TYPE, change.at, card.cause, body)
    return kept, Message(TOPIC, subject, id, headers, body)


def content(change: CardChange) -> bytes:
    """The JSON of the event, exactly as its model would be dumped."""
    card, said = change.card, change.card.said
    common: dict[str, Any] = {
        "card_id": str(card.id), "authority": card.limit.authority, "matter": card.limit.matter,
        "occurred_at": told(change.at, _UTC), "origin": said.origin, "level": card.level, "rule": card.rule,
        "clock": card.limit.clock, "subject": card.limit.subject, "item": said.item, "unit": said.unit,
        "person": said.person, "due": said.due, "cause": {"source": card.cause.source, "id": card.cause.id},
    }  # fmt: skip
    if card.rule == "slip":
        del common["rule"]
        common |= {"late_from": told(said.late_from, _UTC), "urgent": said.urgent or None}
    if card.standing:
        common |= {
            "late_from": told(said.late_from, _UTC), "grounds": _grounds(said), "rulebook": card.rulebook,
            "counted": said.counted or None,
        }  # fmt: skip
    else:
        common["reason"] = card.revoked_because
    return orjson.dumps({name: value for name, value in common.items() if value is not None})


def _grounds(said: Said) -> orjson.Fragment:
    return _list(said.grounds)


@lru_cache(maxsize=64)
def _list(grounds: tuple[str, ...]) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(grounds))
