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


async def save_cases(conn: Connection, cases: Collection[Case]) -> None:
    """Write rows whose locks the caller holds, or that no one else can see yet."""
    if cases:
        await conn.execute(Q["save_cases"], *([of(case) for case in cases] for of in _CASE_COLUMNS))


async def add_verdicts(conn: Connection, verdicts: Sequence[Verdict], now: datetime) -> None:
    """Keep what the deadline service said and was heeded."""
    if verdicts:
        said = [v for v, _ in verdicts]
        await conn.execute(
            Q["add_verdicts"], *_columns([v.key for v in said]), [v.revision for v in said],
            ["missed" if isinstance(v, Missed) else "withdrawn" for v in said],
            [v.ref.source for v in said], [v.ref.id for v in said], [body.decode() for _, body in verdicts], now,
        )  # fmt: skip


async def add_events(conn: Connection, events: Sequence[KeptEvent]) -> None:
    """Keep what is published, for ever."""
    await conn.execute(
        Q["add_case_events"], *_columns([e.case for e in events]), [e.n for e in events], [e.id for e in events],
        [e.type for e in events], [e.at for e in events], [e.cause and e.cause.source for e in events],
        [e.cause and e.cause.id for e in events], [e.body.decode() for e in events],
    )  # fmt: skip


async def add_attributions(conn: Connection, made: Sequence[tuple[Case, datetime, Reason, Ref]]) -> None:
    """Keep each proposal as decided: the case's, when, why and because of which event."""
    if made:
        await conn.execute(
            Q["add_attributions"], *_columns([case.key for case, *_ in made]),
            [case.attributions for case, *_ in made], [at for _, at, _, _ in made], [why for *_, why, _ in made],
            [ref.source for *_, ref in made], [ref.id for *_, ref in made],
            [_proposal_text(case) for case, *_ in made],
        )  # fmt: skip


async def add_escalations(conn: Connection, climbed: Sequence[Escalated]) -> None:
    """Record the rungs that fired."""
    if climbed:
        await conn.execute(
            Q["add_escalations"], *_columns([e.case.key for e in climbed]), [e.case.standing_no for e in climbed],
            [e.case.rung for e in climbed], [e.late_from for e in climbed], [e.at for e in climbed],
            [e.addressee.person for e in climbed], [e.cause.source for e in climbed], [e.cause.id for e in climbed],
        )  # fmt: skip


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
def _ladder_text(ladder: tuple[Rung, ...]) -> str:
    return orjson.dumps([{"rung": s.rung, "role": s.role, "after": s.after} for s in ladder]).decode()


def _ladder(steps: list[dict[str, Any]]) -> tuple[Rung, ...]:
    return tuple(Rung(s["rung"], s["role"], s["after"]) for s in steps)


def _proposal_text(case: Case) -> str:
    return orjson.dumps(
        [{"role": r.role, "person": r.person, "rule": r.rule, "because": r.because} for r in case.proposal]
    ).decode()


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
        withdrawn_at=row["withdrawn_at"],
        withdrawn_because=row["withdrawn_because"],
        answered_at=row["answered_at"],
        answered_by=row["answered_by"],
        rung=row["rung"],
        revision=row["revision"],
        attributions=row["attributions"],
        proposal=proposal_of(row["proposal"]),
        addressed=tuple(row["addressed"]),
        told=tuple(row["told"]),
    )


def _text(names: tuple[str, ...]) -> str:
    return orjson.dumps(names).decode()


_CASE_COLUMNS: tuple[Callable[[Case], Any], ...] = (
    lambda c: c.key.authority,
    lambda c: c.key.matter,
    lambda c: c.key.case_id,
    *map(attrgetter, ("clock", "subject", "due", "late_from", "item", "unit")),
    lambda c: c.held and c.held.since,
    lambda c: c.held and c.held.until,
    lambda c: c.held and c.held.unit,
    lambda c: c.held and c.held.person,
    *map(attrgetter, ("origin", "zone", "calendar", "rulebook")),
    lambda c: _ladder_text(c.ladder),
    *map(attrgetter, ("state", "verdict_revision", "miss.source", "miss.id", "detected_at", "opened_at")),
    *map(attrgetter, ("standing_since", "standing_no", "withdrawn_at", "withdrawn_because")),
    *map(attrgetter, ("answered_at", "answered_by", "rung", "at_last_rung", "revision", "attributions")),
    lambda c: c.proposal[0].person,
    lambda c: c.proposal[1].person,
    lambda c: c.proposal[2].person,
    _proposal_text,
    lambda c: _text(c.addressed),
    lambda c: _text(c.told),
)
"""In the order of save_cases."""
