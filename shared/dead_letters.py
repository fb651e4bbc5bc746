"""What becomes of a message that cannot be processed: kept with its bytes and the reason, told on `<service>-dlq`, and
counted as consumed, in one transaction.
"""

from typing import Any

import orjson
import structlog

from shared import inbox, metrics, outbox
from shared.inbox import Message
from shared.postgres import Pool

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
