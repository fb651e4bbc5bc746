"""Nothing that is asked of a broker is waited for without end.

aiokafka waits so in several places: to start and to poll until a rebalance has ended, to leave until its heartbeat has
(aiokafka/issues/773, 847, 1154). Then it looks healthy and gives nothing: whoever waits too long has to give it up.
"""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaTimeoutError

FAREWELL_S = 10.0
"""How long a client may take to leave its group: then it is cut off, and its group notices after a session."""
T = TypeVar("T")
log = structlog.get_logger()


async def within(limit_s: float, what: str, asked: Awaitable[T]) -> T:
    """Its result. Raises KafkaTimeoutError when it takes longer; any other time-out is its own affair."""
    try:
        async with asyncio.timeout(limit_s) as limit:
            return await asked
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise KafkaTimeoutError(f"no {what} for {limit_s:.0f} s") from error


async def leave(kafka: AIOKafkaConsumer, limit_s: float = FAREWELL_S) -> None:
    """Leave the group and close, whatever state it is in. What does not end by itself is ended: a heartbeat that goes
    on would keep partitions that nobody reads."""
    if (trouble := await _ended(kafka.stop(), limit_s)) is None:
        return
    log.warning("consumer_cut_off", reason=trouble)
    coordinator = kafka._coordinator  # `stop` runs once only, whatever came of it
    tasks = ("_coordination_task", "_heartbeat_task", "_commit_refresh_task")
    for task in filter(None, (getattr(coordinator, name, None) for name in tasks)):
        task.cancel()
    for part in filter(None, (kafka._fetcher, kafka._client)):
        await _ended(part.close(), limit_s)


async def _ended(asked: Coroutine[Any, Any, object], limit_s: float) -> str | None:
    """What came in between, if anything did. A task of its own, because aiokafka lets the cancelling of its tasks out,
    and whoever waited for it would take it for its own."""
    task = asyncio.create_task(asked)
    try:
        if not (await asyncio.wait([task], timeout=limit_s))[0]:
            task.cancel()
            await asyncio.wait([task], timeout=limit_s)
            return f"no end for {limit_s:.0f} s"
    finally:
        task.cancel()
    if task.cancelled():
        return "CancelledError"
    error = task.exception()
    return None if error is None else type(error).__name__
