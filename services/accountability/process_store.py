"""Proceedings, their steps and their measures in Postgres. Functions take the caller's connection, decide nothing and
never commit; whoever writes holds the lock of the case's row."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.accountability.case_row import key_of
from services.accountability.rules.measures import NONE
from services.accountability.rules.model import Case, CaseKey, Ref
from services.accountability.rules.process_model import Done, Party, Passed, Proceeding, Proposed, Vote
from shared.postgres import Connection, Record, load_queries

Q = load_queries(Path(__file__).parent / "sql" / "process.sql")


async def proceedings_of(conn: Connection, keys: Collection[CaseKey]) -> dict[CaseKey, Proceeding]:
    """Those of these cases that were taken up."""
    if not keys:
        return {}
    rows = await conn.fetch(Q["select_proceedings"], [key.case_id for key in keys])
    return {key_of(row): _proceeding(row) for row in rows}


async def save(conn: Connection, proceedings: Iterable[Proceeding]) -> None:
    """As they stand now."""
    for one in proceedings:
        await conn.execute(Q["save_proceeding"], *_row(one))


async def add_steps(conn: Connection, done: Sequence[Done], recorded_at: datetime) -> None:
    """Keep what happened, for ever."""
    for each in done:
        texts = () if each.command is None else each.command.texts
        key = each.case.key
        await conn.execute(
            Q["add_proceeding_step"], key.case_id, each.case.revision, key.authority, key.matter,
            each.proceeding.round, each.kind, each.proceeding.state, list(each.by), each.at, recorded_at,
            [UUID(id) for _, id, _ in texts], [kind for kind, _, _ in texts], each.party,
        )  # fmt: skip


async def add_withdrawal(conn: Connection, case: Case, proceeding: Proceeding, at: datetime) -> None:
    """Keep that a proceeding ended with its case; the event is the case's own."""
    key = case.key
    await conn.execute(
        Q["add_proceeding_step"], key.case_id, case.revision, key.authority, key.matter, proceeding.round,
        "withdrawn", proceeding.state, [], at, at, [], [], None,
    )  # fmt: skip


async def steps_of(conn: Connection, key: CaseKey) -> Sequence[Record]:
    """Every step of a case."""
    return await conn.fetch(Q["select_proceeding_steps"], key.case_id, key.authority, key.matter)


async def save_measures(conn: Connection, proceeding: Proceeding, at: datetime) -> None:
    """What was decided against the parties, as it stands; nothing before anything was."""
    parties = [party for party in proceeding.parties if party.measure is not None]
    if proceeding.concluded_at is None or not parties:
        return
    await conn.execute(
        Q["save_measures"], proceeding.key.case_id, proceeding.key.authority, proceeding.key.matter,
        proceeding.concluded_at, at, [p.person for p in parties], [p.role for p in parties],
        [p.measure for p in parties], [p.influence_until for p in parties], [p.measure == NONE for p in parties],
    )  # fmt: skip


async def earlier_measures(
    conn: Connection, key: CaseKey, people: Collection[str], since: datetime, until: datetime
) -> dict[str, int]:
    """How often each had a measure between these instants, in other cases of the authority (R27)."""
    rows = await conn.fetch(Q["count_earlier_measures"], key.authority, list(people), since, until, key.case_id)
    return {row["person"]: row["times"] for row in rows}


def _row(p: Proceeding) -> tuple[Any, ...]:
    proposed = None if p.proposed is None else {
        **asdict(p.proposed), "at": p.proposed.at.isoformat(), "recorded_at": p.proposed.recorded_at.isoformat(),
    }  # fmt: skip
    return (
        p.key.case_id, p.key.authority, p.key.matter, p.round, p.state, p.since, p.rulebook, p.begun_at, p.filed_at,
        p.noticed_at, p.deliberated_at, p.concluded_at, p.served_at, p.revoked_at, p.ended_at, p.last_at,
        p.violation, p.outcome, p.decide_until, p.extended,
        p.revocation and p.revocation.source, p.revocation and p.revocation.id,
        p.investigators, p.recused, p.members, [asdict(vote) for vote in p.votes], [_kept(one) for one in p.parties],
        [(s.clock, s.late_from and s.late_from.isoformat(), s.revision) for s in p.passed], proposed,
    )  # fmt: skip


def _proceeding(row: Record) -> Proceeding:
    proposed = row["proposed"]
    source, id = row["revocation_source"], row["revocation_id"]
    plain = (
        "round", "state", "since", "rulebook", "begun_at", "filed_at", "noticed_at", "deliberated_at", "concluded_at",
        "served_at", "revoked_at", "ended_at", "last_at", "violation", "outcome", "decide_until", "extended",
    )  # fmt: skip
    return Proceeding(
        key=key_of(row),
        **{name: row[name] for name in plain},
        investigators=tuple(row["investigators"]),
        recused=tuple(row["recused"]),
        members=tuple(row["members"]),
        votes=tuple(Vote(**vote) for vote in row["votes"]),
        parties=tuple(_party(one) for one in row["parties"]),
        passed=tuple(
            Passed(clock, None if at is None else datetime.fromisoformat(at), revision)
            for clock, at, revision in row["passed"]
        ),
        proposed=None if proposed is None else _proposed(proposed),
        revocation=None if source is None else Ref(source, id),
    )


_DAYS = ("influence_until", "answer_until")
_INSTANTS = ("served_at", "asked_at", "answered_at", "answer_served_at")


def _kept(party: Party) -> dict[str, Any]:
    found = asdict(party)
    return found | {name: found[name] and found[name].isoformat() for name in (*_DAYS, *_INSTANTS)}


def _party(kept: dict[str, Any]) -> Party:
    days = {name: kept[name] and date.fromisoformat(kept[name]) for name in _DAYS}
    return Party(**kept | days | {name: kept[name] and datetime.fromisoformat(kept[name]) for name in _INSTANTS})


def _proposed(kept: dict[str, Any]) -> Proposed:
    return Proposed(
        **{
            **kept,
            "at": datetime.fromisoformat(kept["at"]),
            "recorded_at": datetime.fromisoformat(kept["recorded_at"]),
            "texts": tuple((kind, id, digest) for kind, id, digest in kept["texts"]),
        }
    )
