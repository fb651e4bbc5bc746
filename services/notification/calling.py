"""One call of a webhook: to an address that may be called, signed, within its time, and without reading the answer.

A name is resolved once and the connection goes to the address that was judged, so that a name which changes its mind
between the check and the call gains nothing. No redirect is followed, no proxy of the environment is used, no
connection is kept: two receivers behind one address never share one. Of the answer only the status is looked at.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from types import TracebackType

import httpx2
from standardwebhooks import Webhook

from services.notification.rules.webhooks import Answer, Outcome, is_public, wrong_with_url
from shared.events.envelope import STRUCTURED

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host. Raises OSError when there are none."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """As the system does."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Caller:
    """Calls webhooks. Use as a context, which holds the HTTP client."""

    def __init__(self, *, timeout_s: float, allow_private: bool, resolve: Resolve = resolve) -> None:
        self._timeout_s = timeout_s
        self._allow_private = allow_private
        self._resolve = resolve
        self._client = httpx2.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=timeout_s,
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    async def __aenter__(self) -> "Caller":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def call(self, url: str, secret: str, id: str, at: datetime, body: bytes) -> Answer:
        """Send one delivery; `at` is when, by real time, because receivers compare it with theirs. Never raises for
        what a receiver does."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._call(url, secret, id, at, body)
        except (TimeoutError, httpx2.TimeoutException):
            return Answer("timeout")
        except (OSError, UnicodeError, httpx2.HTTPError, httpx2.InvalidURL):
            return Answer("unreachable")

    async def _call(self, url: str, secret: str, id: str, at: datetime, body: bytes) -> Answer:
        if wrong_with_url(url, allow_private=self._allow_private) is not None:
            return Answer("blocked")
        asked = httpx2.URL(url)
        port = asked.port or {"https": 443, "http": 80}[asked.scheme]
        addresses = await self._resolve(asked.host, port)
        if not addresses or not (self._allow_private or all(map(is_public, addresses))):
            return Answer("blocked")
        headers = {
            "host": asked.netloc.decode("ascii"),
            "content-type": f"{STRUCTURED}; charset=utf-8",
            "user-agent": "duban-notification",
            "webhook-id": id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(id, at, body.decode()),
        }
        async with self._client.stream(
            "POST",
            asked.copy_with(host=addresses[0]),
            content=body,
            headers=headers,
            extensions={"sni_hostname": asked.host},
        ) as response:
            return Answer(_outcome(response.status_code), response.status_code)


def _outcome(status: int) -> Outcome:
    if 200 <= status < 300:
        return "sent"
    return "gone" if status == 410 else "refused"
