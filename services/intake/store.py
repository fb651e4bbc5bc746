"""Intake's SQL: the facts, the locks that order them, refusals, answers. Decides nothing and commits nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import orjson

from services.intake.publishing import Rejection, version_of
from services.intake.rules.hidden import CORRECTED, State, content_of
from services.intake.rules.settle import Aggregate, Entered, Identity, Known
from services.intake.rules.silence import Heard
from shared.postgres import Connection, Record, load_queries

QUERIES = load_queries(Path(__file__).parent / "sql" / "queries.sql")

_FACTS = (
    "authority", "matter", "source", "event_id", "type", "version", "subject", "occurred_at", "issued_at",
    "received_at", "transport", "submission", "digest", "topic", "revision", "published_id", "published_type",
    "published_version", "published_body",
)  # fmt: skip


class Row(NamedTuple):
    """A fact to keep: what entered, by which transport, and the body of its event."""

    entered: Entered
    transport: str
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The answer that an idempotency key was given, and the fingerprint of the request it answered."""

    fingerprint: str
    status: int
    media_type: str
    answer: bytes


async def claim_revisions(
    conn: Connection, wanted: Mapping[Aggregate, int], alone: Mapping[str, bool]
) -> tuple[dict[Aggregate, int], dict[Aggregate, State]]:
    """Lock matters and posts in key order, made where they are new, and claim so many revisions of each; the last one
    of each before that, and how those stand that are inspections. What is not used of them `set_revisions` gives back.

    Before that the batch's sources are locked until the transaction ends: shared, so that batches of one source do not
    wait for each other; `alone` where the batch brings a watermark, which so comes after every batch of its source that
    was under way, and is appended behind their facts (D8)."""
    if not wanted:
        return {}, {}
    sources = sorted(alone.items())
    columns = _columns(sorted(wanted.items()))
    rows = await conn.fetch(QUERIES["claim_revisions"], *columns, [s for s, _ in sources], [a for _, a in sources])
    reached = {(r["authority"], r["name"], r["topic"]): r["revision"] for r in rows}
    inspected = {(r["authority"], r["name"], r["topic"]): r["inspection"] for r in rows if r["inspection"] is not None}
    return {aggregate: reached[aggregate] - count for aggregate, count in wanted.items()}, inspected


async def set_revisions(conn: Connection, last: Mapping[Aggregate, int]) -> None:
    """The last revisions of matters and posts that this transaction has locked."""
    if last:
        await conn.execute(QUERIES["set_revisions"], *_columns(sorted(last.items())))


async def set_inspections(conn: Connection, states: Mapping[Aggregate, State]) -> None:
    """How inspections stand now."""
    if states:
        await conn.execute(QUERIES["set_inspections"], *_columns(sorted(states.items())))


async def withheld(
    conn: Connection, matters: Sequence[Aggregate]
) -> dict[Aggregate, list[tuple[Identity, Mapping[str, Any]]]]:
    """What was found, by fact, of matters whose content is on no topic yet."""
    found: dict[Aggregate, list[tuple[Identity, Mapping[str, Any]]]] = {}
    if not matters:
        return found
    for row in await conn.fetch(QUERIES["select_withheld"], *map(list, zip(*matters, strict=True))):
        said = orjson.loads(row["submission"])["data"]
        if content := content_of(said["fact"]["data"] if row["type"] == CORRECTED else said):
            of = row["authority"], row["matter"], row["topic"]
            found.setdefault(of, []).append(((row["source"], row["event_id"]), content))
    return found


def _columns(revisions: Sequence[tuple[Aggregate, Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*((*aggregate, number) for aggregate, number in revisions), strict=True)]


async def find_known(conn: Connection, identities: Iterable[Identity]) -> dict[Identity, Known]:
    """The stored facts of these identities."""
    wanted = sorted(set(identities))
    if not wanted:
        return {}
    rows = await conn.fetch(QUERIES["find_known"], [s for s, _ in wanted], [i for _, i in wanted])
    return {(r["source"], r["event_id"]): Known(r["digest"], r["published_id"], r["topic"], r["subject"]) for r in rows}


async def insert_facts(conn: Connection, rows: Sequence[Row], received_at: datetime) -> None:
    """Keep new facts. Identities go in in ascending order, so that two batches never wait for each other. Raises
    SerializationError where another matter's batch took an identity since it was looked for: looking again settles
    it."""
    if not rows:
        return
    ordered = sorted(rows, key=lambda row: row.entered.accepted.submission.identity)
    records = [_fact(row, received_at) for row in ordered]
    try:
        await conn.copy_records_to_table("facts", records=records, columns=_FACTS)
    except asyncpg.UniqueViolationError as error:
        raise asyncpg.SerializationError("an identity was taken at the same moment") from error


def _fact(row: Row, received_at: datetime) -> tuple[Any, ...]:
    accepted = row.entered.accepted
    s = accepted.submission
    return (
        s.authority, s.name, s.source, s.id, s.type, s.version, s.subject, accepted.known_from, s.issued_at,
        received_at, row.transport, s.canonical, s.digest, accepted.topic, row.entered.revision, row.entered.event,
        accepted.type, version_of(accepted), row.body.decode(),
    )  # fmt: skip


async def insert_rejections(conn: Connection, rejections: Sequence[Rejection]) -> None:
    """Keep what was refused, with its bytes where it came by Kafka."""
    if rejections:
        columns = [list(column) for column in zip(*map(_rejection, rejections), strict=True)]
        await conn.execute(QUERIES["insert_rejections"], *columns)


def _rejection(rejection: Rejection) -> tuple[Any, ...]:
    said, raw = rejection.event, rejection.raw
    at, by_kafka = raw.position, raw.position is not None
    headers = [(name, None if value is None else value.decode("latin-1")) for name, value in raw.headers]
    return (
        rejection.id, said.transport, at.topic if at else None, at.partition if at else None,
        at.offset if at else None, rejection.subject, said.event.source if said.event else None,
        said.event.id if said.event else None, said.sha256, said.size,
        orjson.dumps([reason.model_dump() for reason in said.reasons]).decode(), said.received_at,
        orjson.dumps(headers) if by_kafka else None, raw.value if by_kafka else None,
    )  # fmt: skip


async def claim_key(conn: Connection, key: str, fingerprint: str) -> StoredAnswer | None:
    """Take an idempotency key for this transaction; or the answer it has been given already."""
    if await conn.fetchval(QUERIES["claim_key"], key, fingerprint) is not None:
        return None
    row = await conn.fetchrow(QUERIES["find_answer"], key)
    if row is None:
        raise asyncpg.SerializationError("the request that held the key was rolled back")
    return StoredAnswer(row["fingerprint"], row["status"], row["media_type"], row["answer"])


async def keep_answer(conn: Connection, key: str, status: int, media_type: str, answer: bytes) -> None:
    """The answer of the request that took the key in this transaction."""
    await conn.execute(QUERIES["keep_answer"], key, status, media_type, answer)


async def lock_sources(conn: Connection, sources: Sequence[str]) -> list[Heard]:
    """What is known of these sources; locked in the order given, which is ascending."""
    return [_heard(row) for row in await conn.fetch(QUERIES["lock_sources"], sources)]


async def save_sources(conn: Connection, heard: Sequence[Heard]) -> None:
    """Keep when each was heard last."""
    columns = [[each.source for each in heard], [each.at for each in heard], [each.usual_gap for each in heard]]
    await conn.execute(QUERIES["save_sources"], *columns)


async def quiet_sources(conn: Connection, since: datetime) -> list[Heard]:
    """Sources of which nothing was taken in after `since`."""
    return [_heard(row) for row in await conn.fetch(QUERIES["select_quiet_sources"], since)]


async def read_sources(conn: Connection) -> list[Heard]:
    """Every source that was ever heard, in order."""
    return [_heard(row) for row in await conn.fetch(QUERIES["select_sources"])]


def _heard(row: Record) -> Heard:
    return Heard(row["source"], row["heard_at"], row["usual_gap"])


async def find_matters(conn: Connection, bare: str, key: tuple[str, str] | None) -> list[Record]:
    """The matters an id may mean: by full key, or every one with that bare id."""
    authority, name = key or (None, None)
    return await conn.fetch(QUERIES["find_matters"], bare, authority, name)


async def read_facts(conn: Connection, authority: str, matter: str) -> list[Mapping[str, Any]]:
    """The facts of a matter in order of receipt."""
    return [dict(row) for row in await conn.fetch(QUERIES["read_facts"], authority, matter)]
