"""What was said of a clock before, in Postgres. Written where a count that was told is replaced by another, so never by
the sweep: an alarm replaces no count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.deadline.rules.stored import Stored
from services.deadline.store import QUERIES, Key
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Superseded:
    """A statement, and until when it was what was said."""

    revision: int
    until: datetime
    says: dict[str, Any]


def replaced(old: Stored, new: Stored) -> bool:
    """Whether a due that was told is not what is said now, or rests on something else."""
    return old.applies and "counted" in old.says and old.says["counted"] != new.says.get("counted")


async def insert(conn: Connection, rows: Sequence[tuple[Key, Stored]], at: datetime) -> None:
    """Keep what was said until now."""
    if rows:
        records = [(*key, c.name, c.subject, c.revision, at, c.says) for key, c in rows]
        await conn.execute(QUERIES["insert_superseded_statements"], *map(list, zip(*records, strict=True)))


async def select(conn: Connection, key: Key, clock: str, subject: str) -> list[Superseded]:
    """What was said of the clock before, in order."""
    rows = await conn.fetch(QUERIES["select_superseded_statements"], *key, clock, subject)
    return [Superseded(row["revision"], row["superseded_at"], row["says"]) for row in rows]
