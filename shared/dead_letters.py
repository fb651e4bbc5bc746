"""What becomes of a message that cannot be processed: kept with its bytes and the reason, told on `<service>-dlq`, and
counted as consumed, in one transaction. And what becomes of it when an operator asks to try again: it goes through the
service's own handling, and that it did is recorded in the transaction of its effect.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
import structlog

from shared import inbox, metrics, outbox
from shared.errors import NewerVersion, Permanent, without_values
from shared.inbox import Message
from shared.postgres import PASSING, Connection, Pool, is_environmental

log = structlog.get_logger()


async def bury(pool: Pool, service: str, m: Message, kind: str, reason: str) -> None:
    """Once, whoever else tries. `kind` is one of metrics.DEAD."""
    headers: dict[str, Any] = {
        "reason": reason, "topic": m.topic, "partition": str(m.partition), "offset": str(m.offset),
    }  # fmt: skip
    async with pool.acquire() as conn, conn.transaction():
        fresh = await inbox.claim(conn, [m])
        if fresh:
            await inbox.bury(conn, m, reason)
            key = (m.key or b"").decode("utf-8", "replace").replace("\0", "\ufffd")  # Postgres holds no NUL
            id = f"{m.topic}/{m.partition}/{m.offset}"
            letter = outbox.Message(f"{service}-dlq", key, id, orjson.dumps(headers), m.value or b"")
            await outbox.append(conn, [letter])
            await inbox.advance(conn, [m])
    if fresh:
        log.error("dead_lettered", topic=m.topic, partition=m.partition, offset=m.offset, reason=reason)
        metrics.DEAD_LETTERS.labels(service, m.topic, kind).inc()


_NEXT = """
select topic, partition, position, logs_ago, key, value, headers from dead_letters where retry_asked_at is not null
order by retry_asked_at, topic, partition, position limit 1 for update skip locked
"""
_THIS = " where topic = $1 and partition = $2 and position = $3 and logs_ago = $4"
_PROCESSED = (
    "update dead_letters set retry_asked_at = null, retries = retries + 1, settled_at = clock_timestamp(),"
    " settled_how = 'processed'" + _THIS
)
_AGAIN_DEAD = "update dead_letters set retry_asked_at = null, retries = retries + 1, reason = $5" + _THIS


async def retry(pool: Pool, handle: Callable[[Connection, Sequence[Message]], Awaitable[None]]) -> int:
    """Try the letters again that an operator asked for, one by one; how many were processed. One that fails stays a
    letter, with its new reason. A passing fault is raised, and the letter is tried again."""
    processed = 0
    while True:
        letter: tuple[Any, ...] = ()
        try:
            async with pool.acquire() as conn, conn.transaction():
                row = await conn.fetchrow(_NEXT)
                if row is None:
                    return processed
                letter = (row["topic"], row["partition"], row["position"], row["logs_ago"])
                await handle(conn, [_message(row)])
                await conn.execute(_PROCESSED, *letter)
            processed += 1
            log.info("dead_letter_processed", topic=letter[0], partition=letter[1], offset=letter[2])
        except PASSING:
            raise
        except Exception as error:
            if not letter or is_environmental(error):
                raise
            kept = isinstance(error, Permanent | NewerVersion)  # their words are ours, and hold nothing from the event
            reason = str(error) if kept else type(error).__name__
            async with pool.acquire() as conn:
                await conn.execute(_AGAIN_DEAD, *letter, reason.replace("\0", "\ufffd"))
            log.error(
                "dead_letter_again", topic=letter[0], partition=letter[1], offset=letter[2], **without_values(error)
            )


def _message(row: Any) -> Message:
    """As it was when it was buried (shared.inbox.bury)."""
    headers = tuple(
        (name, None if value is None else value.encode("latin-1")) for name, value in orjson.loads(row["headers"])
    )
    return Message(row["topic"], row["partition"], row["position"], row["key"], row["value"], headers)
