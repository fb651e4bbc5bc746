"""What requests with an Idempotency-Key were answered, in Postgres."""

from datetime import datetime
from pathlib import Path

from shared.postgres import Connection, Record, load_queries

Q = load_queries(Path(__file__).parent / "sql" / "stepping.sql")


async def claim(conn: Connection, person: str, key: str, asked: bytes, now: datetime) -> bool:
    """Take a key; False where somebody has it, which is known once they have finished."""
    return await conn.fetchval(Q["claim_answer"], person, key, asked, now) is not None


async def forget(conn: Connection, before: datetime, most: int) -> int:
    """Forget answers that were given before then, at most so many of the oldest; how many."""
    return int((await conn.execute(Q["forget_given_answers"], before, most)).split()[-1])


async def given(conn: Connection, person: str, key: str) -> Record | None:
    """What was asked and answered under a key."""
    return await conn.fetchrow(Q["select_given_answer"], person, key)


async def keep(conn: Connection, person: str, key: str, status: int, tag: str | None, says: str) -> None:
    """What the request is answered."""
    await conn.execute(Q["keep_given_answer"], person, key, status, tag, says)
