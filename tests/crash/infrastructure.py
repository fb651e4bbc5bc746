"""A Kafka and a Postgres that can be killed and started again where they were, and two roads to each that can be cut.

Half of the replicas take road a, half road b. The generator and the oracle take neither: they reach both directly.
"""

import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from services.cli.providers import postgres
from services.cli.providers.apache import (
    ApacheKafka,
    format_log,
    free_but,
    installed_jars,
    new_cluster_id,
)
from services.cli.providers.postgres import Server
from services.cli.providers.process import Run, free_port
from services.cli.providers.process import run as open_run
from services.cli.providers.waiting import start_on_a_free_port
from tests.support.proxy import Proxy

ROADS = ("a", "b")
RECOVERY_LIMIT_S = 240.0
"""A broker that was killed goes through its logs before it answers, on cores that eight services are starting on."""
LISTENERS = {"a": "ROADA", "b": "ROADB"}
_SHIFT_CLOCK = """
create schema crash;
create function crash.honest_clock() returns timestamptz language internal volatile as 'clock_timestamp';
create or replace function pg_catalog.clock_timestamp() returns timestamptz language sql volatile as
$$ select crash.honest_clock() + coalesce(nullif(current_setting('crash.shift', true), ''), '0 s')::interval $$;
"""
"""The database's clock, made settable: whoever asks it hears the time plus a setting."""


@dataclass
class CrashKafka(ApacheKafka):
    """The provider's broker with a listener for each road, each advertised as its proxy."""

    roads: dict[str, Proxy] = field(default_factory=dict)

    def listeners(self, port: int) -> dict[str, str]:
        for proxy in self.roads.values():
            proxy.upstream = proxy.upstream or free_port()
        named = {LISTENERS[road]: proxy for road, proxy in self.roads.items()}
        own = {"PLAINTEXT": port, **{name: proxy.upstream for name, proxy in named.items()}}
        told = {"PLAINTEXT": port, **{name: proxy.port for name, proxy in named.items()}}
        controller = free_but(port)
        return {
            "listeners": _listeners({**own, "CONTROLLER": controller}),
            "advertised.listeners": _listeners(told),
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in (*own, "CONTROLLER")),
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        }

    async def kill(self) -> None:
        """SIGKILL."""
        assert self.child is not None
        self.child.signal(signal.SIGKILL)
        await self.child.wait()


def _listeners(ports: dict[str, int]) -> str:
    return ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())


@dataclass
class CrashPostgres(Server):
    """One cluster, durable: what a killed server loses is what it would lose in production."""

    async def kill(self) -> None:
        """SIGKILL the server and its backends, as one: those that outlive it would keep a new one from starting."""
        assert self.child is not None
        backends = children_of(self.child.pid)
        self.child.signal(signal.SIGKILL)
        for pid in backends:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await self.child.wait()

    async def set_clock(self, shift_s: float) -> None:
        """Set the database's clock wrong by so many seconds, for connections that are open already too."""
        conn: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(self.dsn(), timeout=10)
        try:
            await conn.execute(f"alter system set crash.shift = '{shift_s:f} s'")
            await conn.execute("select pg_reload_conf()")
        finally:
            await conn.close()


def children_of(parent: int) -> list[int]:
    """The processes that a process started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


async def start_postgres(run: Run) -> CrashPostgres:
    """A cluster whose clock can be set."""
    server = await CrashPostgres.create(run, postgres.SETTINGS, limit_s=RECOVERY_LIMIT_S)
    conn: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(server.dsn(), timeout=10)
    try:
        await conn.execute(_SHIFT_CLOCK)
    finally:
        await conn.close()
    return server


@dataclass
class Infrastructure:
    """What the services run on."""

    run: Run
    kafka: CrashKafka
    postgres: CrashPostgres
    to_kafka: dict[str, Proxy]
    to_postgres: dict[str, Proxy]


@asynccontextmanager
async def start_infrastructure() -> AsyncIterator[Infrastructure]:
    """Both servers and the roads to them, until the end of the block."""
    async with AsyncExitStack() as stack:
        run = await stack.enter_async_context(open_run())
        to_kafka, to_postgres = {road: Proxy() for road in ROADS}, {road: Proxy() for road in ROADS}
        for proxy in (*to_kafka.values(), *to_postgres.values()):
            await proxy.start()
            stack.push_async_callback(proxy.close)
        home = run.directory / "kafka"
        kafka = CrashKafka(run, await installed_jars(run), home, new_cluster_id(), roads=to_kafka)
        home.mkdir(mode=0o700)
        await format_log(kafka)
        await start_on_a_free_port(run, kafka.start, kafka._answers, RECOVERY_LIMIT_S)
        server = await start_postgres(run)
        for proxy in to_postgres.values():
            proxy.upstream = server.port
        yield Infrastructure(run, kafka, server, to_kafka, to_postgres)
