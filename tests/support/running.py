"""Run a part of a service for as long as a test needs it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar


class Part(Protocol):
    async def run(self) -> None: ...

    def stop(self) -> None: ...


P = TypeVar("P", bound=Part)


@asynccontextmanager
async def running(part: P, drain_s: float = 15) -> AsyncIterator[P]:
    """`part` runs inside and is stopped, drained and awaited at the end; what it raised is raised."""
    task = asyncio.create_task(part.run())
    try:
        yield part
    finally:
        part.stop()
        async with asyncio.timeout(drain_s):
            await task


async def crash(task: "asyncio.Task[None]") -> None:
    """End a part where it stands."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
