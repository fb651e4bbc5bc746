"""Cases and their record in Postgres. Functions take the caller's connection, decide nothing and never commit."""

import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from services.accountability.rules.case import Escalated
from services.accountability.rules.model import (
    Case,
    CaseKey,
    Held,
    Missed,
    Proposal,
    Reason,
    Ref,
    Refuted,
    Responsible,
    Rung,
    Untrue,
)
from shared.postgres import Connection, Record, load_queries

Q = load_queries(Path(__file__).parent / "sql" / "queries.sql")
_LOCK_CLASS = 0x6163_6374  # "acct": apart from every other use of advisory locks in the database

Verdict = tuple[Missed | Untrue, bytes]
"""With the content of its event."""


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """A published event in its case's history; `body` is its content as JSON."""

    case: CaseKey
    n: int
    id: str
    type: str
    at: datetime
    cause: Ref | None
    body: bytes


async def lock_directories(conn: Connection, authorities: Mapping[str, bool]) -> None:
    """Until the end of the transaction; True: alone, False: shared with others that only read the directory."""
    locks = [zlib.crc32(authority.encode()) - 2**31 for authority in authorities]
    await conn.execute(Q["lock_directories"], _LOCK_CLASS, locks, list(authorities.values()))


async def lock_known(conn: Connection, keys: Collection[CaseKey]) -> dict[CaseKey, Case | Refuted]:
    """What is known of these misses; their cases are locked in ascending order."""
    found: dict[CaseKey, Case | Refuted] = {}
    for row in await conn.fetch(Q["lock_cases"], *_columns(keys)):
        case = case_of(row)
        found[case.key] = case
    missing = [key for key in keys if key not in found]
    if missing:
        for row in await conn.fetch(Q["select_refuted"], *_columns(missing)):
            found[_key(row)] = Refuted(row["revision"])
    return found


async def lock_cases(conn: Connection, keys: Collection[CaseKey]) -> list[Case]:
    """These cases, locked, in ascending order."""
    return [case_of(row) for row in await conn.fetch(Q["lock_cases"], *_columns(keys))]


async def lock_case(conn: Connection, id: UUID) -> Case | None:
    """One case by its id alone, locked."""
    row = await conn.fetchrow(Q["lock_case_by_id"], id)
    return None if row is None else case_of(row)


async def insert_cases(conn: Connection, cases: Collection[Case]) -> None:
    """New cases. Where a row is there already the whole batch fails: nobody else may open a case of these keys."""
    await _copy(conn, "cases", _CASE_COLUMNS, ([of(case) for of in _CASE_VALUES] for case in cases))


async def update_cases(conn: Connection, cases: Collection[Case]) -> None:
    """Known cases, whose locks the caller holds."""
    if cases:
        values = [[of(case) for case in cases] for of in _RENEWED_VALUES]
        await conn.execute(Q["update_cases"], *_columns([case.key for case in cases]), *values)


async def add_verdicts(conn: Connection, verdicts: Sequence[Verdict], now: datetime) -> None:
    """Keep what the deadline service said and was heeded."""
    records = (
        (
            *v.key,
            v.revision,
            "missed" if isinstance(v, Missed) else "withdrawn",
            v.ref.source,
            v.ref.id,
            _json(body),
            now,
        )
        for v, body in verdicts
    )
    columns = "authority matter case_id revision kind source event_id says recorded_at"
    await _copy(conn, "verdicts", columns, records)


async def add_events(conn: Connection, events: Sequence[KeptEvent]) -> None:
    """Keep what is published, for ever."""
    records = (
        (*e.case, e.n, e.id, e.type, e.at, e.cause and e.cause.source, e.cause and e.cause.id, _json(e.body))
        for e in events
    )
    columns = "authority matter case_id n event_id type occurred_at cause_source cause_id says"
    await _copy(conn, "case_events", columns, records)


async def add_attributions(conn: Connection, made: Sequence[tuple[Case, datetime, Reason, Ref]]) -> None:
    """Keep each proposal as decided: the case's, when, why and because of which event."""
    records = (
        (*case.key, case.attributions, at, why, ref.source, ref.id, _proposal(case)) for case, at, why, ref in made
    )
    columns = "authority matter case_id n decided_at reason cause_source cause_id proposal"
    await _copy(conn, "attributions", columns, records)


async def add_escalations(conn: Connection, climbed: Sequence[Escalated]) -> None:
    """Record each rung that fires; one that has fired before is an error, not a duplicate."""
    records = (
        (
            *e.case.key,
            e.case.standing_no,
            e.rung,
            e.late_from,
            e.at,
            e.addressee.person,
            e.cause.source,
            e.cause.id,
        )
        for e in climbed
    )
    columns = "authority matter case_id standing_no rung late_from escalated_at addressee cause_source cause_id"
    await _copy(conn, "escalations", columns, records)


async def _copy(conn: Connection, table: str, columns: str, records: Iterable[Sequence[Any]]) -> None:
    rows = list(records)
    if rows:
        await conn.copy_records_to_table(table, columns=columns.split(), records=rows)


def _json(body: bytes) -> orjson.Fragment:
    """JSON that is written already."""
    return orjson.Fragment(body)


async def answer_of(conn: Connection, case: Case) -> tuple[str, str, datetime] | None:
    """Who answered the case in its present standing, what, and when."""
    row = await conn.fetchrow(Q["select_answer"], *case.key, case.standing_no)
    return None if row is None else (row["person"], row["text"], row["answered_at"])


async def add_answer(conn: Connection, case: Case, person: str, text: str, at: datetime) -> None:
    """Keep the answer."""
    await conn.execute(Q["add_answer"], *case.key, case.standing_no, person, text, at)


async def count_at_last_rung(conn: Connection) -> int:
    """Standing, unanswered, and nobody left to go to."""
    count: int = await conn.fetchval(Q["count_cases_at_last_rung"])
    return count


def _key(row: Record) -> CaseKey:
    return CaseKey(row["authority"], row["matter"], row["case_id"])


def _columns(keys: Iterable[CaseKey]) -> tuple[list[str], list[str], list[UUID]]:
    keys = list(keys)
    return [k.authority for k in keys], [k.matter for k in keys], [k.case_id for k in keys]


@lru_cache(maxsize=256)
def _ladder_text(ladder: tuple[Rung, ...]) -> orjson.Fragment:
    return _json(orjson.dumps([{"rung": s.rung, "role": s.role, "after": s.after} for s in ladder]))


def _ladder(steps: list[dict[str, Any]]) -> tuple[Rung, ...]:
    return tuple(Rung(s["rung"], s["role"], s["after"]) for s in steps)


def _proposal(case: Case) -> list[dict[str, Any]]:
    return [{"role": r.role, "person": r.person, "rule": r.rule, "because": r.because} for r in case.proposal]


def proposal_of(entries: list[dict[str, Any]]) -> Proposal:
    """A proposal as kept in a row."""
    return tuple(Responsible(e["role"], e["person"], e["rule"], e["because"]) for e in entries)


def case_of(row: Record) -> Case:
    """The case of a row."""
    held = None
    if row["held_since"] is not None:
        held = Held(row["held_since"], row["held_until"], row["held_unit"], row["held_by"])
    return Case(
        key=_key(row),
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
        ladder=_ladder(row["ladder"]),
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


def _json_text(of: Callable[[Case], Any]) -> Callable[[Case], str]:
    return lambda case: orjson.dumps(of(case)).decode()


_FIXED: dict[str, Callable[[Case], Any]] = {
    "authority": lambda c: c.key.authority,
    "matter": lambda c: c.key.matter,
    "case_id": lambda c: c.key.case_id,
    **{n: attrgetter(n) for n in ("clock", "subject", "late_from", "origin", "rulebook", "opened_at")},
    "ladder": lambda c: _ladder_text(c.ladder),
}
_RENEWED: dict[str, Callable[[Case], Any]] = {
    **{n: attrgetter(n) for n in ("due", "item", "unit", "zone", "calendar", "state", "verdict_revision")},
    "held_since": lambda c: c.held and c.held.since,
    "held_until": lambda c: c.held and c.held.until,
    "held_unit": lambda c: c.held and c.held.unit,
    "held_by": lambda c: c.held and c.held.person,
    "miss_source": lambda c: c.miss.source,
    "miss_id": lambda c: c.miss.id,
    **{n: attrgetter(n) for n in ("detected_at", "standing_since", "standing_no", "withdrawn_at", "withdrawn_because")},
    **{n: attrgetter(n) for n in ("answered_at", "answered_by", "rung", "at_last_rung", "revision", "attributions")},
    "direct_person": lambda c: c.proposal[0].person,
    "leading_person": lambda c: c.proposal[1].person,
    "principal_person": lambda c: c.proposal[2].person,
    "standing_event": attrgetter("standing_event"),
}
_RENEWED_JSON: dict[str, Callable[[Case], Any]] = {
    "proposal": _proposal,
    "addressed": lambda c: c.addressed,
    "told": lambda c: c.told,
    "fired": lambda c: c.fired,
}
_CASE_COLUMNS = " ".join({**_FIXED, **_RENEWED, **_RENEWED_JSON})
_CASE_VALUES = (*_FIXED.values(), *_RENEWED.values(), *_RENEWED_JSON.values())
_RENEWED_VALUES = (*_RENEWED.values(), *map(_json_text, _RENEWED_JSON.values()))
"""In the order of update_cases."""
