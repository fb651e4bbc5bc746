"""Nothing that is asked of a broker is waited for without end.

aiokafka waits so in several places: to start and to poll until a rebalance has ended, to leave until its heartbeat has
(aiokafka/issues/773, 847, 1154). Then it looks healthy and gives nothing: whoever waits too long has to give it up.
"""

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import TypeVar

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
    """Leave the group and close. What does not end by itself is ended: a heartbeat that goes on would keep partitions
    that nobody reads."""
    try:
        await within(limit_s, "farewell", kafka.stop())
    except KafkaTimeoutError as error:
        log.warning("consumer_cut_off", reason=str(error))
        coordinator = kafka._coordinator  # `stop` runs once only, whatever came of it
        tasks = ("_coordination_task", "_heartbeat_task", "_commit_refresh_task")
        for task in filter(None, (getattr(coordinator, name, None) for name in tasks)):
            task.cancel()
        for part in filter(None, (kafka._fetcher, kafka._client)):
            with contextlib.suppress(KafkaTimeoutError):
                await within(limit_s, "end", part.close())
