"""What a recalculation reads and writes of clocks that are counted again from their rows. Nothing here decides or
commits."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.deadline.rules.stored import Stored
from services.deadline.store import QUERIES, Key, columns
from shared.postgres import Connection


async def lock_matters(conn: Connection, keys: Iterable[Key]) -> dict[Key, datetime | None]:
    """Until the transaction ends nobody else folds or fires these matters; when each is to be folded again."""
    rows = await conn.fetch(QUERIES["lock_matters_to_recount"], *columns(keys))
    return {(row["authority"], row["matter"]): row["refold_at"] for row in rows}


async def save(conn: Connection, rows: Sequence[tuple[Key, Stored]], now: datetime) -> None:
    """Keep what was said of these clocks, and write what is said now."""
    if rows:
        records = [
            (
                *key, c.name, c.subject, c.state.value, c.due_on, c.late_from, c.warned,
                c.alarms[0][0] if c.alarms else None, {"ahead": c.alarms}, c.says, c.digest, c.revision, c.confirmed,
            )
            for key, c in rows
        ]  # fmt: skip
        await conn.execute(QUERIES["save_recounted"], now, *map(list, zip(*records, strict=True)))
