"""Cards and what they rest on, in Postgres. Functions take the caller's connection, decide nothing and never commit."""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from services.accountability.rules.card_rules import quarter_of
from services.accountability.rules.cards import Card, LimitKey, Said, Word
from services.accountability.rules.model import Ref
from services.accountability.rules.repetition import Account
from services.accountability.store import Q, copy
from shared.postgres import Connection, Record

_LOCK_CLASS = 0x6361_7264  # "card"
_WORDS = (
    "limit_id", "revision", "authority", "matter", "clock", "subject", "kind", "says", "due", "late_from", "origin",
    "item", "unit", "person", "urgent", "source", "event_id",
)  # fmt: skip
_FIXED = ("card_id", "authority", "matter", "limit_id", "clock", "subject", "rule", "level", "issued_at")
_RENEWED = (
    "grounds", "counted", "due", "quarter", "late_from", "origin", "item", "unit", "person", "rulebook", "revoked_at",
    "revoked_because", "revision", "cause_source", "cause_id", "urgent",
)  # fmt: skip
"""In the order of update_cards, after the id; the first two are JSON."""


async def words_of(conn: Connection, limits: Collection[UUID]) -> dict[UUID, list[Word]]:
    """What was said of these limits before. Of what is new, as in a storm all is, nothing."""
    found: dict[UUID, list[Word]] = {}
    for row in await conn.fetch(Q["select_card_words"], list(limits)):
        found.setdefault(row["limit_id"], []).append(
            Word(
                _limit(row), Ref(row["source"], row["event_id"]), row["revision"], row["kind"], row["says"],
                row["due"], row["late_from"], row["origin"], row["item"], row["unit"], row["person"],
                row["urgent"],
            )
        )  # fmt: skip
    return found


async def add_words(conn: Connection, words: Iterable[Word]) -> None:
    """Keep them, for ever."""
    records = (
        (
            w.limit.id, w.revision, w.limit.authority, w.limit.matter, w.limit.clock, w.limit.subject, w.kind, w.says,
            w.due, w.late_from, w.origin, w.item, w.unit, w.person, w.urgent, w.ref.source, w.ref.id,
        )
        for w in words
    )  # fmt: skip
    await copy(conn, "card_words", _WORDS, records)


async def cards_of(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Card]:
    """Those of these cards that there are."""
    if not ids:
        return {}
    return {row["card_id"]: card_of(row) for row in await conn.fetch(Q["select_cards"], list(ids))}


async def insert_cards(conn: Connection, cards: Iterable[Card]) -> None:
    """New cards. Where one is there already the whole batch fails (R22)."""
    await copy(conn, "cards", (*_FIXED, *_RENEWED), map(_row_of, cards))


async def update_cards(conn: Connection, cards: Collection[Card]) -> None:
    """Known cards."""
    if cards:
        columns = [list(column) for column in zip(*map(_renewed, cards), strict=True)]
        as_json = [[orjson.dumps(value).decode() for value in column] for column in columns[:2]]
        await conn.execute(Q["update_cards"], [card.id for card in cards], *as_json, *columns[2:])


async def lock_accounts(conn: Connection, accounts: Iterable[Account]) -> None:
    """Until the end of the transaction. Who waits sees what the one before has committed, for each statement looks
    anew."""
    locks = [zlib.crc32(f"{a.authority}|{a.person}".encode()) - 2**31 for a in accounts]
    await conn.execute(Q["lock_accounts"], _LOCK_CLASS, locks)


async def yellow_of(conn: Connection, accounts: Mapping[Account, int]) -> dict[Account, list[Card]]:
    """The first so many yellow cards of each account that stand, in the order in which they are counted."""
    found: dict[Account, list[Card]] = {}
    for row in await conn.fetch(Q["select_yellow_cards"], *_columns(accounts), list(accounts.values())):
        found.setdefault(Account(row["authority"], row["person"], row["quarter"]), []).append(card_of(row))
    return found


async def repetitions_of(conn: Connection, accounts: Collection[Account]) -> dict[UUID, Card]:
    """The red cards that stand for repetition."""
    return {row["card_id"]: card_of(row) for row in await conn.fetch(Q["select_repetitions"], *_columns(accounts))}


async def page(
    conn: Connection,
    *,
    after: tuple[datetime, UUID] | None,
    person: str | None,
    unit: str | None,
    level: str | None,
    matter: str | None,
    authority: str | None,
    standing: bool | None,
    limit: int,
) -> list[Card]:
    """Cards in order of issue, after a position."""
    issued_at, id = after or (None, None)
    rows = await conn.fetch(Q["page_of_cards"], issued_at, id, person, unit, level, matter, authority, standing, limit)
    return [card_of(row) for row in rows]


async def authorities_of(conn: Connection, matter: str) -> list[str]:
    """Whose matters have this id, as far as cards know."""
    return [row["authority"] for row in await conn.fetch(Q["select_authorities_of_carded_matter"], matter)]


def card_of(row: Record) -> Card:
    """The card of a row."""
    said = Said(
        tuple(row["grounds"]), row["due"], row["late_from"], row["origin"], row["item"], row["unit"], row["person"],
        tuple(row["counted"]), row["urgent"],
    )  # fmt: skip
    return Card(
        row["card_id"], _limit(row), row["rule"], row["level"], said, row["rulebook"], row["issued_at"],
        row["revoked_at"], row["revoked_because"], row["revision"], Ref(row["cause_source"], row["cause_id"]),
    )  # fmt: skip


def _limit(row: Record) -> LimitKey:
    return LimitKey(row["authority"], row["matter"], row["clock"], row["subject"], row["limit_id"])


def _row_of(card: Card) -> tuple[Any, ...]:
    limit = card.limit
    grounds, counted, *rest = _renewed(card)
    return (
        card.id, limit.authority, limit.matter, limit.id, limit.clock, limit.subject, card.rule, card.level,
        card.issued_at, _list(grounds), _list(counted), *rest,
    )  # fmt: skip


def _renewed(card: Card) -> tuple[Any, ...]:
    said = card.said
    return (
        said.grounds, said.counted, said.due, quarter_of(said.due), said.late_from, said.origin, said.item, said.unit,
        said.person, card.rulebook, card.revoked_at, card.revoked_because, card.revision, card.cause.source,
        card.cause.id, said.urgent,
    )  # fmt: skip


@lru_cache(maxsize=256)
def _list(values: tuple[str, ...]) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(values))


def _columns(accounts: Iterable[Account]) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    each = list(accounts)
    return [a.authority for a in each], [a.person for a in each], [a.quarter for a in each]
