"""Events of `directory-events` as the rules see them. What this build does not know is left out and counted (D16)."""

from datetime import datetime

import orjson

from services.accountability.rules.directory_facts import DirectoryFact, FactKind, PostKey
from services.accountability.rules.model import Ref
from shared.events.base import Event, instant_of, split_key
from shared.events.catalog import UnknownVersion, model_of
from shared.events.envelope import Received
from shared.events.facts import Fact
from shared.events.intake import FactCorrected, FactRetracted, Recorded

KINDS: dict[str, FactKind] = {
    "holder.assigned": "assigned",
    "holder.ended": "ended",
    "post.established": "established",
    "post.abolished": "abolished",
    "unit.placed": "placed",
    "unit.dissolved": "dissolved",
    "leave.taken": "leave-taken",
    "leave.ended": "leave-ended",
}


def fact_of(received: Received, event: Event, now: datetime) -> DirectoryFact | None:
    """A fact of the directory, learned now; None for what is none, and for a correction to what is none."""
    if not isinstance(event, Recorded):
        return None
    said: Event | None = event
    replaces = None
    if isinstance(event, FactCorrected | FactRetracted):
        replaces = Ref(event.replaces.source, event.replaces.id)
        said = _replacement(event) if isinstance(event, FactCorrected) else None
        if said is None and isinstance(event, FactCorrected):
            return None
    entry, ref = PostKey(*split_key(received.subject)), Ref(event.submission.source, event.submission.id)
    if said is None:
        return DirectoryFact(
            entry, ref, received.id, "retracted", event.issued_at, None, None, None, now, issued_at=event.issued_at,
            replaces=replaces,
        )  # fmt: skip
    return None if not isinstance(said, Fact) else fact(entry, ref, received.id, said, now, event.issued_at, replaces)


def fact(
    entry: PostKey, ref: Ref, event: str, said: Fact, now: datetime, issued_at: datetime, replaces: Ref | None = None
) -> DirectoryFact | None:
    """What a fact of shared.events.directory says of an entry."""
    kind = KINDS.get(said.TYPE)
    if kind is None:
        return None
    fields = vars(said)
    until = fields.get("until")
    return DirectoryFact(
        entry,
        ref,
        event,
        kind,
        instant_of(said.occurred_at, said.zone),
        fields.get("person"),
        fields.get("role"),
        fields.get("parent") if kind == "placed" else fields.get("unit"),
        now,
        None if until is None else instant_of(until, said.zone),
        bool(fields.get("acting")),
        fields.get("deputy") if kind == "leave-taken" else fields.get("takes_over_from"),
        fields.get("post"),
        fields.get("kind"),
        issued_at,
        replaces,
    )


def _replacement(event: FactCorrected) -> Fact | None:
    model = model_of("submissions", event.fact.type, 1)
    if model is None or isinstance(model, UnknownVersion) or event.fact.type not in KINDS:
        return None
    found = model.model_validate_json(orjson.dumps(event.fact.data), extra="ignore")
    return found if isinstance(found, Fact) else None
