"""The supervisor starts, watches and stops processes; a tiny HTTP server stands for a service."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.cli.providers import ProcessError, free_port
from services.cli.providers.process import Run, run
from services.cli.supervisor import Restart, Service, supervise

LIMIT_S = 20.0

WILLING = """
import http.server, os
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Ready).serve_forever()
"""


class Script(Service):
    """A service whose program stands in its environment."""

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-c", self.environment["SCRIPT"]]


def script(name: str, text: str) -> Script:
    port = free_port()
    return Script(name, port, {"PORT": str(port), "SCRIPT": text})


@pytest.fixture
async def current() -> AsyncIterator[Run]:
    async with run() as opened:
        yield opened


async def test_a_killed_service_is_started_again_and_counted(current: Run) -> None:
    seen: list[Restart] = []
    services = [script("one", WILLING), script("two", WILLING)]
    async with supervise(current, services, seen.append) as supervisor:
        await supervisor.ready(LIMIT_S)
        other = supervisor.children["two"].pid
        killed = await supervisor.kill("one")
        await supervisor.ready(LIMIT_S)
        assert supervisor.children["one"].pid != killed
        assert supervisor.children["two"].pid == other
        assert supervisor.restarts == {"one": 1, "two": 0}
        assert [str(restart) for restart in seen] == ["one ended by SIGKILL and was started again (1)"]
    assert current.children == []


async def test_a_service_that_ends_by_itself_is_told_of_with_its_last_words(current: Run) -> None:
    seen: asyncio.Queue[Restart] = asyncio.Queue()
    services = [script("broken", "print('once'); raise SystemExit('no such database')")]
    async with supervise(current, services, seen.put_nowait):
        async with asyncio.timeout(LIMIT_S):
            restart = await seen.get()
        assert str(restart) == "broken ended with 1 and was started again (1): no such database"


def test_no_outgoing_connection_takes_the_port_of_a_service() -> None:
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert free_port() < low


async def test_a_service_that_cannot_start_is_named_with_its_last_words(current: Run) -> None:
    services = [script("broken", "raise SystemExit('no such database')")]
    async with supervise(current, services) as supervisor:
        with pytest.raises(ProcessError, match=r"broken: died 3 times before it was ready\n(?s:.*)no such database"):
            await supervisor.ready(LIMIT_S)


async def test_a_service_that_never_gets_ready_is_named(current: Run) -> None:
    services = [script("unready", WILLING.replace("200 if", "503 if"))]
    async with supervise(current, services) as supervisor:
        with pytest.raises(ProcessError, match="unready: not ready after 1 s"):
            await supervisor.ready(1.0)


async def test_stopping_during_a_backoff_starts_nothing_more(current: Run) -> None:
    services = [script("broken", "raise SystemExit(1)")]
    async with supervise(current, services) as supervisor:
        async with asyncio.timeout(LIMIT_S):
            while current.children:  # noqa: ASYNC110 - until the watcher has seen it dead
                await asyncio.sleep(0.001)
        await supervisor.stop()
        assert current.children == []
