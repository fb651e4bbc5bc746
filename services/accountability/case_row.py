"""A case as its row in Postgres, and back. It decides nothing and asks nothing."""

from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from services.accountability.rules.model import Case, CaseKey, Held, Proposal, Ref, Responsible, Rung
from shared.postgres import Record

FIXED = (
    "case_id", "authority", "matter", "clock", "subject", "late_from", "origin", "rulebook", "opened_at", "ladder",
)  # fmt: skip
"""The columns that stay as they were when the case opened."""
RENEWED = (
    "due", "item", "unit", "zone", "calendar", "state", "verdict_revision", "held_since", "held_until", "held_unit",
    "held_by", "miss_source", "miss_id", "detected_at", "standing_since", "standing_no", "withdrawn_at",
    "withdrawn_because", "answered_at", "answered_by", "rung", "at_last_rung", "revision", "attributions",
    "direct_person", "leading_person", "principal_person", "standing_event", "proposal", "addressed", "told", "fired",
)  # fmt: skip
"""The columns that follow the case; the last four are JSON. In the order of update_cases, after the key."""


def row_of(case: Case) -> tuple[Any, ...]:
    """FIXED and RENEWED."""
    key = case.key
    return (
        key.case_id, key.authority, key.matter, case.clock, case.subject, case.late_from, case.origin, case.rulebook,
        case.opened_at, _ladder(case.ladder),
        *renewed(case),
    )  # fmt: skip


def renewed(case: Case) -> tuple[Any, ...]:
    """RENEWED."""
    held, proposal = case.held, case.proposal
    direct, leading, principal = proposal[:3]
    return (
        case.due, case.item, case.unit, case.zone, case.calendar, case.state, case.verdict_revision,
        *((None, None, None, None) if held is None else (held.since, held.until, held.unit, held.person)),
        case.miss.source, case.miss.id, case.detected_at, case.standing_since, case.standing_no,
        case.withdrawn_at, case.withdrawn_because, case.answered_at, case.answered_by, case.rung, case.at_last_rung,
        case.revision, case.attributions, direct.person, leading.person, principal.person, case.standing_event,
        [named_json(responsible) for responsible in proposal],
        case.addressed, case.told, case.fired,
    )  # fmt: skip


@lru_cache(maxsize=256)
def _ladder(ladder: tuple[Rung, ...]) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps([{"rung": s.rung, "role": s.role, "after": s.after} for s in ladder]))


@lru_cache(maxsize=4096)  # in a storm the same leaders are named over and over, for the same due
def named_json(r: Responsible) -> orjson.Fragment:
    """The same as JSON."""
    return orjson.Fragment(orjson.dumps(named_text(r)))


def named_text(r: Responsible) -> dict[str, Any]:
    """What is said of one responsible, as it is kept."""
    text: dict[str, Any] = {"role": r.role, "person": r.person, "rule": r.rule, "because": r.because}
    if r.facts:
        text["facts"] = list(r.facts)
    if r.known_since is not None:
        text["known_since"] = r.known_since.isoformat()
    return text


def key_of(row: Record) -> CaseKey:
    return CaseKey(row["authority"], row["matter"], row["case_id"])


def proposal_of(entries: list[dict[str, Any]]) -> Proposal:
    """A proposal as kept in a row."""
    return tuple(
        Responsible(
            e["role"], e["person"], e["rule"], e["because"], tuple(e.get("facts", ())),
            datetime.fromisoformat(e["known_since"]) if "known_since" in e else None,
        )
        for e in entries
    )  # fmt: skip


def case_of(row: Record) -> Case:
    """The case of a row."""
    held = None
    if row["held_since"] is not None:
        held = Held(row["held_since"], row["held_until"], row["held_unit"], row["held_by"])
    return Case(
        key=key_of(row),
        clock=row["clock"],
        subject=row["subject"],
        due=row["due"],
        late_from=row["late_from"],
        item=row["item"],
        unit=row["unit"],
        held=held,
        origin=row["origin"],
        zone=row["zone"],
        calendar=row["calendar"],
        rulebook=row["rulebook"],
        ladder=tuple(Rung(s["rung"], s["role"], s["after"]) for s in row["ladder"]),
        state=row["state"],
        verdict_revision=row["verdict_revision"],
        miss=Ref(row["miss_source"], row["miss_id"]),
        detected_at=row["detected_at"],
        opened_at=row["opened_at"],
        standing_since=row["standing_since"],
        standing_no=row["standing_no"],
        standing_event=row["standing_event"],
        withdrawn_at=row["withdrawn_at"],
        withdrawn_because=row["withdrawn_because"],
        answered_at=row["answered_at"],
        answered_by=row["answered_by"],
        fired=tuple(row["fired"]),
        revision=row["revision"],
        attributions=row["attributions"],
        proposal=proposal_of(row["proposal"]),
        addressed=tuple(row["addressed"]),
        told=tuple(row["told"]),
    )
