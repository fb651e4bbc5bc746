"""Limits that ended, and what a score is made of, in Postgres. Functions take the caller's connection, decide nothing
and never commit."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from services.accountability.rules.score_words import EndWord
from services.accountability.rules.scores import Carded, Ended, Limit
from shared.postgres import Connection, Record, load_queries

Q = load_queries(Path(__file__).parent / "sql" / "scores.sql")


async def keep(conn: Connection, words: Sequence[EndWord]) -> None:
    """The last word of each limit. What only says that a limit has not ended, or is due at another time, concerns those
    that had: a key keeps its order (D14), so they are there."""
    ended = [word for word in words if word.kind in ("met", "late")]
    if ended:
        await conn.execute(
            Q["keep_ended_limits"],
            [w.limit.authority for w in ended], [w.limit.matter for w in ended], [w.limit.id for w in ended],
            [w.limit.clock for w in ended], [w.limit.subject for w in ended], [w.kind for w in ended],
            [w.unit for w in ended], [w.item for w in ended], [w.due for w in ended], [w.late_from for w in ended],
            [w.at for w in ended], [w.revision for w in ended],
        )  # fmt: skip
    others = [word for word in words if word.kind not in ("met", "late")]
    if others:
        await conn.execute(
            Q["amend_ended_limits"],
            [w.limit.authority for w in others], [w.limit.matter for w in others], [w.limit.id for w in others],
            [w.kind for w in others], [w.due for w in others], [w.late_from for w in others],
            [w.revision for w in others],
        )  # fmt: skip


async def authorities_of(conn: Connection, unit: str, month: str, since: datetime, until: datetime) -> list[str]:
    """Whose unit of this id had limits due in the month that ended, or has cards for such."""
    rows = await conn.fetch(Q["select_authorities_of_unit"], unit, month, since, until)
    return [row["authority"] for row in rows]


async def ended_of(
    conn: Connection, authority: str, unit: str, month: str, since: datetime, until: datetime
) -> list[Ended]:
    """All limits that ended of the matters of which one did that was the unit's and due in the month."""
    rows = await conn.fetch(Q["select_ended_limits"], authority, unit, month, since, until)
    return [Ended(_limit(row), row["unit"], row["ended"]) for row in rows]


async def cards_of(
    conn: Connection, authority: str, unit: str, month: str, since: datetime, until: datetime
) -> list[Carded]:
    """The unit's cards of the month that stand."""
    rows = await conn.fetch(Q["select_cards_of_unit"], authority, unit, month, since, until)
    return [Carded(str(row["card_id"]), _limit(row), row["rule"], row["level"], row["person"]) for row in rows]


def _limit(row: Record) -> Limit:
    return Limit(row["late_from"], row["matter"], row["clock"], row["subject"], row["due"], row["item"])
