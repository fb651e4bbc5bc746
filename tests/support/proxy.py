"""A TCP proxy that can be cut: the network between the services and what they depend on.

A *freeze* is a cable pulled: connections stay open, nothing passes, new ones are taken and hear nothing. A *reset* is a
peer that is gone: every connection breaks at once, and new ones break too.
"""

import asyncio
import contextlib
from typing import Literal

Cut = Literal["freeze", "reset"]
CHUNK = 256 * 1024


class Proxy:
    """Listens on a loopback port of its own; `upstream` may be set after it started."""

    def __init__(self) -> None:
        self.upstream = 0
        self.port = 0
        self.passed = 0
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> "Proxy":
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def cut(self, how: Cut) -> None:
        """Let nothing pass until healed."""
        self._flowing.clear()
        if how == "reset":
            self._refusing = True
            for writer in list(self._writers):
                writer.transport.abort()

    def heal(self) -> None:
        """Let everything pass again; what a freeze held back goes on where it stopped."""
        self._refusing = False
        self._flowing.set()

    async def close(self) -> None:
        """Break all connections and listen no more."""
        if self._server is not None:
            self._server.close()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:  # by close: a server's own task has nobody else to tell
            writer.transport.abort()
        finally:
            self._serving.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        await self._flowing.wait()
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.upstream, limit=CHUNK)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, to_writer}
        self._writers |= both
        try:
            pumps = [asyncio.ensure_future(self._pump(a, b)) for a, b in ((reader, to_writer), (to_reader, writer))]
            try:
                await asyncio.wait(pumps, return_when="FIRST_COMPLETED")
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            self._writers -= both
            for each in both:
                each.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._flowing.wait()
                self.passed += len(data)
                writer.write(data)
                await writer.drain()
