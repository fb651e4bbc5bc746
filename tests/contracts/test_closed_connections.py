"""What a client of Kafka is told that writes to a connection which the broker has closed; on uvloop, as in services."""

import asyncio
from typing import Any

import pytest
import uvloop
from aiokafka import conn
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from shared.closed_connections import Connection, tell_of_closed_connections

LIKE_THE_OLDEST = {3: (0, 0)}
"""The metadata request in its first version, so that nothing need be looked up."""


async def _write_to_a_closed_one(made: type[Any]) -> list[CloseReason]:
    """Why it was closed, as the client is told; raises what the client is given."""
    async with await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        reasons: list[CloseReason] = []
        connection = made(host, port, on_close=lambda _, reason: reasons.append(reason))
        connection._versions = LIKE_THE_OLDEST
        connection._reader, connection._writer = await asyncio.open_connection(host, port)
        connection._read_task = asyncio.create_task(asyncio.Event().wait())
        connection._writer.transport.abort()  # as a reset does before the reader has noticed it
        try:
            for _ in range(100):  # turns of the loop, in one of which it closes
                connection.send(MetadataRequest([])).close()
                await asyncio.sleep(0)
        except KafkaConnectionError:
            return reasons
        finally:
            connection._requests.clear()
            connection.close()
        raise AssertionError("it was sent")


def test_it_is_a_broken_connection_and_told_as_one() -> None:
    assert uvloop.run(_write_to_a_closed_one(Connection)) == [CloseReason.CONNECTION_BROKEN]


def test_aiokafka_itself_does_not_say_so() -> None:
    """When this fails, Connection is needed no more."""
    with pytest.raises(RuntimeError, match="the handler is closed"):
        uvloop.run(_write_to_a_closed_one(Connection.__mro__[1]))


def test_every_client_of_a_service_has_it() -> None:
    tell_of_closed_connections()
    assert conn.AIOKafkaConnection is Connection
