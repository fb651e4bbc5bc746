"""A connection that the broker has just closed is a fault like any other to whoever writes to it.

uvloop says so by a RuntimeError, aiokafka expects an OSError (aiokafka/issues/1038). The error ended the task by which
a client learns where the brokers are: it waited for news of them for ever, though they were back long since.
"""

from collections.abc import Callable
from typing import Any

from aiokafka import conn
from aiokafka.errors import KafkaConnectionError


class Connection(conn.AIOKafkaConnection):  # type: ignore[misc]  # aiokafka has no types
    """aiokafka's, but for that."""

    def send(self, request: Any, expect_response: bool = True) -> Any:
        return self._told(super().send, request, expect_response)

    def _send_sasl_token(self, payload: Any, expect_response: bool = True) -> Any:
        return self._told(super()._send_sasl_token, payload, expect_response)

    def _told(self, send: Callable[..., Any], content: Any, expect_response: bool) -> Any:
        writer = self._writer
        try:
            return send(content, expect_response=expect_response)
        except RuntimeError as error:
            if writer is None or not writer.transport.is_closing():
                raise
            self.close(reason=conn.CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"Connection at {self.host}:{self.port} broken: {error}") from error


def tell_of_closed_connections() -> None:
    """From now on, in this process, every client does."""
    conn.AIOKafkaConnection = Connection
