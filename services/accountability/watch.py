"""Shows operators where the ladder has ended (D17). It reads and shows; it decides nothing and writes nothing."""

import asyncio
from collections.abc import Callable, Coroutine

import structlog

from services.accountability import metrics, store
from shared.postgres import PASSING, Pool

log = structlog.get_logger()


def watch(pool: Pool, every_s: float) -> Callable[[asyncio.Event], Coroutine[None, None, None]]:
    """A loop that keeps the gauge of cases at their last rung, until it is stopped."""

    async def run(stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                async with pool.acquire() as conn:
                    metrics.LAST_RUNG.set(await store.count_at_last_rung(conn))
            except PASSING as error:
                log.warning("watch_retrying", error=type(error).__name__)
            try:
                async with asyncio.timeout(every_s):
                    await stopping.wait()
            except TimeoutError:
                continue

    return run
