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
    if not rows:
        return
    names = (
        [key[0] for key, _ in rows],
        [key[1] for key, _ in rows],
        [c.name for _, c in rows],
        [c.subject for _, c in rows],
    )
    await conn.execute(QUERIES["keep_superseded_statements"], *names, now)
    await conn.execute(
        QUERIES["save_recounted"],
        *names,
        [c.state.value for _, c in rows],
        [c.due_on for _, c in rows],
        [c.late_from for _, c in rows],
        [c.warned for _, c in rows],
        [c.alarms[0][0] if c.alarms else None for _, c in rows],
        [{"ahead": c.alarms} for _, c in rows],
        [c.says for _, c in rows],
        [c.digest for _, c in rows],
        [c.revision for _, c in rows],
        now,
        [c.confirmed for _, c in rows],
    )
