"""Whether a port speaks Kafka, and whose it is: one metadata request, written by hand as no client asks for less."""

import asyncio
import struct

METADATA = 3  # Kafka's number for the request; version 2 is the first whose answer names the cluster


async def answers(port: int, cluster: str) -> bool:
    """Whether *our* broker speaks Kafka on this port of ours: its answer names the cluster that we made."""
    client = b"duban"
    request = struct.pack(f">hhih{len(client)}si", METADATA, 2, 1, len(client), client, 0)
    try:
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(struct.pack(">i", len(request)) + request)
                (size,) = struct.unpack(">i", await reader.readexactly(4))
                return cluster.encode() in await reader.readexactly(size)
            finally:
                writer.close()
    except (OSError, EOFError, TimeoutError):
        return False
