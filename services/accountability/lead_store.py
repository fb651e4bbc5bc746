"""What was said of leads, in Postgres. Functions take the caller's connection, decide nothing and never commit."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.accountability.rules.lead_rules import Lead
from services.accountability.rules.leads import Act, Word
from services.accountability.rules.model import Case, CaseKey, Ref
from services.accountability.store import copy
from shared.postgres import Connection, Record, load_queries

Q = load_queries(Path(__file__).parent / "sql" / "leads.sql")
_WORDS = (
    "case_id", "authority", "matter", "clock", "subject", "revision", "kind", "fact_source", "fact_id", "found",
    "act", "source", "event_id", "says", "recorded_at", "told_at",
)  # fmt: skip
_LEADS = ("case_id", "authority", "matter", "kind", "severity", "rule", "fact_source", "fact_id", "evidence")


async def words_of(conn: Connection, keys: Collection[CaseKey]) -> dict[CaseKey, list[Word]]:
    """What was said of these leads before."""
    found: dict[CaseKey, list[Word]] = {}
    for row in await conn.fetch(Q["select_lead_words"], [key.case_id for key in keys]):
        word = _word(row)
        found.setdefault(word.key, []).append(word)
    return found


async def add_words(conn: Connection, words: Iterable[tuple[Word, bytes]], now: datetime) -> None:
    """Keep them, for ever, each with the content of its event."""
    records = (
        (
            w.key.case_id, w.key.authority, w.key.matter, w.clock, w.subject, w.revision, w.kind, w.fact.source,
            w.fact.id, w.act is not None, w.act and list(w.act), w.ref.source,
            w.ref.id, body.decode(), now, w.at,
        )
        for w, body in words
    )  # fmt: skip
    await copy(conn, "lead_words", _WORDS, records)


async def add_leads(conn: Connection, leads: Sequence[tuple[CaseKey, Lead]]) -> None:
    """What cases are about that were opened by a lead."""
    records = (
        (key.case_id, key.authority, key.matter, lead.kind, lead.severity, lead.rule, lead.fact.source, lead.fact.id,
         list(lead.evidence))
        for key, lead in leads
    )  # fmt: skip
    await copy(conn, "leads", _LEADS, records)


async def move(conn: Connection, cases: Sequence[Case]) -> None:
    """Write when the act of these leads was, which a correction may have changed."""
    await conn.execute(Q["move_leads"], [c.key.case_id for c in cases], [c.late_from for c in cases])


async def lead_of(conn: Connection, id: UUID) -> Lead | None:
    """What opened the case; None: a missed limit."""
    row = await conn.fetchrow(Q["select_lead"], id)
    if row is None:
        return None
    fact = Ref(row["fact_source"], row["fact_id"])
    return Lead(row["kind"], row["severity"], row["rule"], fact, tuple(row["evidence"]))


def _word(row: Record) -> Word:
    key = CaseKey(row["authority"], row["matter"], row["case_id"])
    fact = Ref(row["fact_source"], row["fact_id"])
    act = None
    if row["act"] is not None:
        at, told, unit, person, zone, calendar, item, origin, evidence = row["act"]
        act = Act(
            datetime.fromisoformat(at), told, unit, person, zone, calendar, item, origin, tuple(evidence)
        )  # fmt: skip
    return Word(
        key, Ref(row["source"], row["event_id"]), row["revision"], row["kind"], fact, row["clock"], row["subject"],
        row["told_at"], act,
    )  # fmt: skip
