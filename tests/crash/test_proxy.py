"""A road that is cut lets nothing pass, in either way, and everything after it was healed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.support.proxy import Proxy


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1000):
            writer.write(data)
            await writer.drain()
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    proxy = await Proxy().start()
    proxy.upstream = server.sockets[0].getsockname()[1]
    yield proxy
    await proxy.close()
    server.close()


async def _call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: bytes, within_s: float = 10) -> bytes:
    writer.write(text)
    async with asyncio.timeout(within_s):
        return await reader.readexactly(len(text))


async def test_what_is_sent_passes_both_ways(proxy: Proxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await _call(reader, writer, b"hello") == b"hello"
    writer.close()


async def test_a_freeze_holds_back_and_loses_nothing(proxy: Proxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await _call(reader, writer, b"before") == b"before"
    proxy.cut("freeze")
    with pytest.raises(TimeoutError):
        await _call(reader, writer, b"during", 0.2)
    proxy.heal()
    assert await _call(reader, writer, b"after", 10) == b"durin"
    assert await reader.readexactly(6) == b"gafter"
    writer.close()


async def test_a_reset_breaks_what_is_open_and_what_is_new(proxy: Proxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await _call(reader, writer, b"before") == b"before"
    proxy.cut("reset")
    with pytest.raises((OSError, asyncio.IncompleteReadError)):
        await _call(reader, writer, b"during")
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    with pytest.raises((OSError, asyncio.IncompleteReadError)):
        await _call(reader, writer, b"new")
    writer.close()
    proxy.heal()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await _call(reader, writer, b"after") == b"after"
    writer.close()
