"""Events of other services as facts: what the fold needs of them, and nothing it could decide itself."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NotRequired

import orjson
from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict

from services.deadline.fact_store import FactRow
from services.deadline.rules.conduct import ACTS, CONDUCT, TEAM, Act, Team
from services.deadline.rules.facts import (
    CORRECTED,
    RETRACTED,
    About,
    Confirmed,
    Detail,
    Extended,
    Fact,
    Resumed,
    Suspended,
)
from services.deadline.rules.limits import Limit
from services.deadline.stamped import amount_of, limit_of
from services.deadline.store import CASE
from shared.events.accountability import CardEvent, CaseEvent, SourceWentLive
from shared.events.base import Event, instant_of, split_key
from shared.events.envelope import Received
from shared.events.intake import SourceWatermark
from shared.events.limits import LimitTerms
from shared.events.slips import SlipEvent
from shared.events.submissions import Fact as SubmittedFact


class _Submission(TypedDict):
    source: str
    id: str


@with_config(ConfigDict(strict=True, extra="allow"))
class _Said(TypedDict):
    """What the fold needs of a fact; whatever else it says is kept with it, for later builds."""

    occurred_at: NotRequired[str]
    zone: NotRequired[str]
    submission: _Submission
    issued_at: str
    received_at: str
    unit: NotRequired[str]
    person: NotRequired[str]
    item: NotRequired[str]
    origin: NotRequired[str]
    urgent: NotRequired[bool]
    limits: NotRequired[list[dict[str, Any]] | None]
    stage: NotRequired[str]
    task: NotRequired[str]
    activity: NotRequired[str]
    ground: NotRequired[str]
    pause: NotRequired[str]
    expected: NotRequired[str]
    until: NotRequired[str]
    by: NotRequired[str]
    clock: NotRequired[str]
    subject: NotRequired[str]
    approver: NotRequired[str]
    reason: NotRequired[str]
    role: NotRequired[str]
    stance: NotRequired[str]
    overrides: NotRequired[_Submission]
    bypasses: NotRequired[str]
    members: NotRequired[list[str]]
    dissented: NotRequired[list[str]]
    lead_unit: NotRequired[str]
    assisting_units: NotRequired[list[str]]
    project_manager: NotRequired[str]
    first_contact: NotRequired[str]
    replaces: NotRequired[_Submission]
    fact: NotRequired[dict[str, Any]]


@with_config(ConfigDict(strict=True))
class _CaseSaid(TypedDict):
    """What the fold needs of a case's life: the rest is accountability's."""

    case_id: str
    occurred_at: str
    unit: NotRequired[str]
    item: NotRequired[str]
    origin: NotRequired[str]
    limits: NotRequired[list[dict[str, Any]]]
    part: NotRequired[str]
    ground: NotRequired[str]
    expected: NotRequired[str]


_SAID = TypeAdapter(_Said)
_CASE_SAID = TypeAdapter(_CaseSaid)


def row_of(model: type[Event], received: Received) -> FactRow | None:
    """The row of a fact; None for an event that no clock depends on. Raises ValueError for one that says no fact."""
    if issubclass(model, CaseEvent):
        return _row_of_case(received) if model.MOVES_CLOCKS or b'"limits":' in received.data else None
    if issubclass(model, SourceWatermark | CardEvent | SlipEvent | SourceWentLive):
        return None
    says = _SAID.validate_json(received.data)
    when = _when(says["occurred_at"] if issubclass(model, SubmittedFact) else says["issued_at"])
    return FactRow(
        key=split_key(received.subject),
        identity=(says["submission"]["source"], says["submission"]["id"]),
        event=received.id,
        type=received.type,
        subject="",
        occurred_at=_utc(when, says.get("zone")),
        occurred_on=None if isinstance(when, datetime) else when,
        issued_at=datetime.fromisoformat(says["issued_at"]),
        received_at=datetime.fromisoformat(says["received_at"]),
        revision=0,
        says=says,
    )


def _row_of_case(received: Received) -> FactRow:
    says = _CASE_SAID.validate_json(received.data)
    return FactRow(
        key=split_key(received.subject),
        identity=(received.source, received.id),
        event=received.id,
        type=received.type,
        subject=f"{CASE}{says['case_id']}",
        occurred_at=_utc(_when(says["occurred_at"]), None),
        occurred_on=None,
        issued_at=received.time,
        received_at=received.time,
        revision=received.revision,
        says=says,
    )


def _when(text: str) -> datetime | date:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _utc(when: datetime | date, zone: str | None) -> datetime:
    """As Postgres gives it back: what is said of a fact is the same before and after it was stored."""
    return instant_of(when, zone).astimezone(UTC)


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
        urgent=says.get("urgent", False),
        limits=_limits(says),
        part=says.get("stage") or says.get("task") or says.get("part") or "",
        activity=says.get("activity", ""),
        detail=_detail(row.type, says) if row.type not in CONDUCT else _conduct(row, says),
        replaces=replaces,
        replacement=replacement,
        discloses=tuple(
            ((each["fact"]["source"], each["fact"]["id"]), _about(each)) for each in says.get("disclosed") or ()
        ),
    )


def _replacement(row: FactRow, fact: dict[str, Any]) -> Fact:
    data = fact["data"]
    when = _when(data["occurred_at"])
    occurred, on = _utc(when, data.get("zone")), None if isinstance(when, datetime) else when
    return fact_of(row._replace(type=fact["type"], occurred_at=occurred, occurred_on=on, says=data))


def _detail(type_: str, says: Mapping[str, Any]) -> Detail | None:
    """What facts of this type alone say."""
    match type_:
        case "matter.suspended" | "case.snoozed":
            return Suspended(
                says["ground"], says.get("pause"), amount_of(says.get("expected")), _end(says.get("until"))
            )
        case "matter.resumed":
            return Resumed(says.get("ground"), says.get("pause"))
        case "matter.extended":
            by, until = amount_of(says.get("by")), _end(says.get("until"))
            return Extended(by, until, says.get("clock"), says.get("approver"), "reason" in says)
        case "matter.registered" if "first_contact" in says:
            return Team(first_contact=says["first_contact"])
        case "matter.registered" if "about" in says or says.get("withheld"):
            return _about(says)
        case "complaint.concluded" | "inspection.published":
            return _about(says)
        case "miss.confirmed":
            return Confirmed(says["clock"], says.get("subject", ""))
    return None


def _conduct(row: FactRow, says: Mapping[str, Any]) -> Act | Team:
    """Who decided what, or who belongs to the matter."""
    if row.type == TEAM:
        units = says.get("assisting_units")
        return Team(
            says.get("lead_unit"), None if units is None else tuple(units), says.get("project_manager"),
            says.get("first_contact"),
        )  # fmt: skip
    overrides = says.get("overrides")
    return Act(
        ACTS[row.type], row.occurred_at, says["stance"], row.identity, row.event, row.received_at, says.get("person"),
        says.get("role"), None if overrides is None else (overrides["source"], overrides["id"]), says.get("bypasses"),
        tuple(says.get("members", ())), tuple(says.get("dissented", ())),
    )  # fmt: skip


def _about(says: Mapping[str, Any]) -> About:
    """Whose conduct a lead is about."""
    about = says.get("about") or {}
    at = about.get("at")
    return About(
        about.get("unit"), about.get("person"), None if at is None else _utc(_when(at), None),
        tuple(each["sha256"] for each in says.get("evidence") or ()), says.get("result"), bool(says.get("withheld")),
    )  # fmt: skip


def _end(text: str | None) -> datetime | date | None:
    return None if text is None else _when(text)


def _limits(says: Mapping[str, Any]) -> tuple[Limit, ...]:
    return tuple(_limit(orjson.dumps(terms)) for terms in says.get("limits") or ())


@lru_cache(maxsize=4096)
def _limit(terms: bytes) -> Limit:
    """The same few limits are stamped on thousands of matters: parsed once each."""
    return limit_of(LimitTerms.model_validate_json(terms, extra="ignore"))
