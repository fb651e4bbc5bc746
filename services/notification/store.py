"""Every question that notification asks its database. No decision is made here and nothing is committed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from services.notification.rules.digests import Given
from services.notification.rules.directory_facts import HolderFact
from services.notification.rules.notices import Case, Notice, Ref
from services.notification.rules.webhooks import Answer, Verdict
from shared.postgres import Connection, Record, load_queries

SQL = load_queries(Path(__file__).parent / "sql" / "queries.sql")
CaseKey = tuple[str, str]
Place = tuple[datetime, UUID]
"""Where a page begins: before this (created_at, id)."""


@dataclass(frozen=True, slots=True)
class Written:
    """A notice with the facts that its texts are made of, as JSON, and the matter it belongs to."""

    notice: Notice
    matter_key: str
    case_id: str | None
    facts: bytes


@dataclass(frozen=True, slots=True)
class Subscription:
    """An active subscription, as far as matching needs it."""

    id: str
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event to be sent to a subscription."""

    id: str
    subscription: str
    about: Ref
    kind: str
    matter_key: str
    body: bytes | None
    state: str
    reason: str | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery whose attempt is on record: to be sent now. `started_at` is the database's time, `failures` how many
    calls of its subscription failed in a row."""

    id: str
    subscription: str
    body: bytes
    number: int
    url: str
    secret: str
    failures: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one attempt, and what follows."""

    claimed: Claimed
    answer: Answer
    verdict: Verdict


async def insert_holder_facts(conn: Connection, facts: Sequence[HolderFact]) -> None:
    await conn.execute(
        SQL["insert_holder_facts"],
        *_columns(
            (
                f.authority,
                f.post,
                f.source,
                f.id,
                f.at,
                f.person,
                f.role,
                f.unit,
                f.does,
                f.until,
                f.acting,
                f.other,
                f.of_post,
                f.unit_kind,
                f.issued_at,
                *(f.replaces or (None, None)),
            )
            for f in facts
        ),
    )


async def select_holder_facts(conn: Connection, units: Sequence[tuple[str, str | None]]) -> list[HolderFact]:
    """Facts of all posts that can matter for these (authority, unit)."""
    rows = await conn.fetch(SQL["select_holder_facts"], [a for a, _ in units], [u for _, u in units])
    return [_fact(*row) for row in rows]


def _fact(*columns: Any) -> HolderFact:
    *said, replaces_source, replaces_id = columns
    replaces = None if replaces_id is None else (replaces_source, replaces_id)
    return replace(HolderFact(*said), replaces=replaces)


async def select_cases(conn: Connection, keys: Sequence[CaseKey]) -> dict[CaseKey, Case]:
    rows = await conn.fetch(SQL["select_cases"], [k for k, _ in keys], [i for _, i in keys])
    found = {}
    for key, id, revision, named, *rest in rows:
        found[key, id] = Case(key, id, revision, tuple((role, person) for role, person in named), *rest)
    return found


async def upsert_cases(conn: Connection, cases: Sequence[Case]) -> None:
    await conn.execute(
        SQL["upsert_cases"],
        *_columns(
            (c.key, c.id, c.revision, orjson.dumps(c.named).decode(), c.item, c.unit, c.clock, c.due) for c in cases
        ),
    )


async def select_new_notices(conn: Connection, written: Mapping[str, Written], channel: str) -> set[str]:
    """The ids of those that are not there yet."""
    abouts = ((w.notice.recipient, w.notice.about.source, w.notice.about.id, id) for id, w in written.items())
    return {str(row["id"]) for row in await conn.fetch(SQL["select_new_notices"], *_columns(abouts), channel)}


async def count_told(conn: Connection, coming: Mapping[str, int], *, channel: str, since: datetime) -> dict[str, Given]:
    """Count what comes to each recipient; what each was given in the window by that."""
    people = sorted(coming)
    rows = await conn.fetch(SQL["count_told"], people, [coming[p] for p in people], channel, since)
    return {recipient: Given(begun, told) for recipient, begun, told in rows}


async def insert_digests(
    conn: Connection, digests: Mapping[str, tuple[str, datetime]], *, channel: str, now: datetime
) -> None:
    """By id: the recipient, and since when. One that is there stays as it is."""
    ids = sorted(digests)
    people, begun = [digests[id][0] for id in ids], [digests[id][1] for id in ids]
    await conn.execute(SQL["insert_digests"], ids, people, begun, channel, now)


async def insert_notices(
    conn: Connection, written: Mapping[str, Written], digests: Mapping[str, str], *, channel: str, now: datetime
) -> set[str]:
    """By id; the ids of those that are new. `digests`: by which digest a notice is told."""
    rows = await conn.fetch(
        SQL["insert_notices"],
        *_columns(
            (
                w.notice.recipient, w.notice.about.source, w.notice.about.id, id, w.notice.kind, w.matter_key,
                w.case_id, w.notice.role, w.notice.state, w.notice.reason, w.facts.decode(), digests.get(id),
            )
            for id, w in written.items()
        ),
        now,
        channel,
    )  # fmt: skip
    return {str(row["id"]) for row in rows}


async def select_inbox(conn: Connection, person: str, before: Place, limit: int) -> list[Record]:
    return await conn.fetch(SQL["select_inbox"], person, *before, limit)


async def select_gathered(conn: Connection, person: str, digest: UUID, before: Place, limit: int) -> list[Record]:
    return await conn.fetch(SQL["select_gathered"], person, digest, *before, limit)


async def select_digests(conn: Connection, ids: Sequence[UUID], first: int) -> list[Record]:
    """How many notices each of these gathers, and the first of them."""
    return await conn.fetch(SQL["select_digests"], ids, first)


async def select_notices_of_matter(
    conn: Connection, key: str, state: str | None, before: Place, limit: int
) -> list[Record]:
    return await conn.fetch(SQL["select_notices_of_matter"], key, state, *before, limit)


async def select_notices_not_sent(conn: Connection, state: str, before: Place, limit: int) -> list[Record]:
    return await conn.fetch(SQL["select_notices_not_sent"], state, *before, limit)


async def insert_subscription(
    conn: Connection, id: UUID, url: str, types: Sequence[str], secret: str, now: datetime
) -> None:
    await conn.execute(SQL["insert_subscription"], id, url, types, secret, now)


async def select_active_subscriptions(conn: Connection) -> list[Subscription]:
    rows = await conn.fetch(SQL["select_active_subscriptions"])
    return [Subscription(str(row["id"]), tuple(row["types"])) for row in rows]


async def select_subscriptions(conn: Connection, before: Place, limit: int) -> list[Record]:
    return await conn.fetch(SQL["select_subscriptions"], *before, limit)


async def end_subscriptions(conn: Connection, ids: Sequence[str], state: str, now: datetime) -> list[str]:
    """The ids of those that had not ended so yet."""
    return [str(row["id"]) for row in await conn.fetch(SQL["end_subscriptions"], ids, state, now)]


async def fail_pending_deliveries(conn: Connection, subscriptions: Sequence[str], reason: str) -> list[Delivery]:
    """Give up on what is pending for these subscriptions; what was given up."""
    ids = [row["id"] for row in await conn.fetch(SQL["lock_pending_deliveries"], subscriptions)]
    return [_delivery(row) for row in await conn.fetch(SQL["fail_deliveries"], ids, reason)]


async def insert_deliveries(conn: Connection, deliveries: Sequence[Delivery], now: datetime) -> set[str]:
    """The ids of those that are new."""
    rows = await conn.fetch(
        SQL["insert_deliveries"],
        *_columns(
            (d.id, d.subscription, d.about.source, d.about.id, d.kind, d.matter_key, d.body, d.state, d.reason)
            for d in deliveries
        ),
        now,
    )
    return {str(row["id"]) for row in rows}


async def claim_deliveries(conn: Connection, *, each: int, limit: int, lease: timedelta) -> list[Claimed]:
    """Due deliveries, leased; their attempts are on record once the caller commits."""
    rows = await conn.fetch(SQL["claim_deliveries"], each, limit, lease)
    return [
        Claimed(
            str(row["id"]), str(row["subscription"]), row["body"], row["attempts"], row["url"], row["secret"],
            row["failures"], row["started_at"],
        )
        for row in rows
    ]  # fmt: skip


async def settle_deliveries(conn: Connection, results: Sequence[Result]) -> list[Delivery]:
    """Record attempts and what follows from them; the deliveries as they stand, but for those decided elsewhere."""
    ids = [r.claimed.id for r in results]
    numbers = [r.claimed.number for r in results]
    await conn.fetch(SQL["lock_deliveries"], ids)
    await conn.execute(
        SQL["record_attempts"], ids, numbers, [r.answer.outcome for r in results], [r.answer.status for r in results]
    )
    verdicts = [r.verdict for r in results]
    rows = await conn.fetch(
        SQL["settle_deliveries"], ids, numbers, [v.state for v in verdicts], [v.reason for v in verdicts],
        [v.delay_s for v in verdicts],
    )  # fmt: skip
    return [_delivery(row) for row in rows]


async def note_failures(conn: Connection, failures: Mapping[str, tuple[int, float]]) -> None:
    """(failed in a row, seconds to leave it alone) of each subscription, in ascending order."""
    ids = sorted(failures)
    await conn.execute(SQL["note_failures"], ids, [failures[id][0] for id in ids], [failures[id][1] for id in ids])


async def oldest_pending_s(conn: Connection) -> float:
    age: float = await conn.fetchval(SQL["oldest_pending_s"])
    return age


async def select_deliveries(
    conn: Connection, state: str | None, subscription: UUID | None, before: Place, limit: int
) -> list[Record]:
    return await conn.fetch(SQL["select_deliveries"], state, subscription, *before, limit)


async def select_attempts(conn: Connection, ids: Sequence[UUID]) -> list[Record]:
    return await conn.fetch(SQL["select_attempts"], ids)


def _columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    """Rows as the columns that `unnest` takes; never called without rows."""
    return [list(column) for column in zip(*rows, strict=True)]


def _delivery(row: Record) -> Delivery:
    return Delivery(
        str(row["id"]), str(row["subscription"]), Ref(row["about_source"], row["about_id"]), row["kind"],
        row["matter_key"], None, row["state"], row["reason"], row["attempts"],
    )  # fmt: skip
