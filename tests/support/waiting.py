"""Wait on conditions; a test never sleeps for a guessed time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

POLL_S = 0.02


async def until(condition: Callable[[], bool | Awaitable[bool]], within_s: float = 15) -> None:
    """Return as soon as `condition` is true. AssertionError with its source after `within_s` seconds."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                found = condition()
                if found if isinstance(found, bool) else await found:
                    return
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise AssertionError(f"not within {within_s:g} s: {inspect.getsource(condition).strip()}") from None
