"""A TCP proxy that can turn into a black hole: what is sent through it is accepted and never answered."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Proxy:
    """Forwards to one place, while it is open."""

    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._open = asyncio.Event()
        self._open.set()
        self.port = 0

    def swallow(self) -> None:
        """From now on nothing comes out on either side."""
        self._open.clear()

    def let_through(self) -> None:
        self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        their_reader, their_writer = await asyncio.open_connection(*self._to)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._copy(reader, their_writer))
                both.create_task(self._copy(their_reader, writer))
        finally:
            writer.close()
            their_writer.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def proxied(host: str, port: int) -> AsyncIterator[Proxy]:
    """On a free loopback port."""
    proxy = Proxy(host, port)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(proxy._serve(reader, writer))
        tasks.add(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
