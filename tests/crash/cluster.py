"""All services twice, as processes of a private copy of the tree: what is edited meanwhile changes nothing, and a
planted bug stays in the copy.
"""

import asyncio
import contextlib
import shutil
import signal
import struct
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from services.cli.config import inherited_environment
from services.cli.migrate import SERVICES
from services.cli.providers import Run, free_port
from services.cli.record_key import written_key
from services.cli.supervisor import Restart, Service, Supervisor, supervise
from services.cli.topics import ensure_topics
from tests.crash.infrastructure import ROADS, Infrastructure

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SESSION_MS = 6000
START_LIMIT_S = 300.0
"""Eight services start at once on cores that others use too."""
CATALOGUE = """
zone: Asia/Shanghai
calendar: CN
items:
  - {code: plain, recorded: {required: true, stops_on: [matter.closed]}}
  - {code: warned, recorded: {required: true, stops_on: [matter.closed], warnings: [25%]}}
"""
RULEBOOK = """
name: crash
editions:
  - version: "1"
    effective_from: 1900-01-01
    source: made for the crash programme
    ladder:
      - {rung: 0, role: direct}
      - {rung: 1, role: leading, after: 1h}
      - {rung: 2, role: principal, after: 2h}
"""
SETTINGS = {
    "DUBAN_CLOCK": "wall",
    "DUBAN_KAFKA_IDEMPOTENCE": "true",
    "DUBAN_KAFKA_SESSION_MS": str(SESSION_MS),
    "DUBAN_KAFKA_WAIT_MS": "20",
    "DUBAN_RELAY_LEASE_S": "4",
    "DUBAN_RECORD_EVERY_S": "1",
    "DUBAN_RECORD_HEAD_S": "3",
}


@dataclass(frozen=True)
class Replica(Service):
    """One of the two processes of a service."""

    service: str = ""
    tree: Path = Path()
    shift: Path = Path()

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(self.tree / "tests/crash/launch.py"), self.service, str(self.shift)]


@dataclass
class Cluster:
    """The replicas by name, such as deadline-a, and what may be done to them."""

    infrastructure: Infrastructure
    supervisor: Supervisor
    points: dict[str, Path]
    deaths: Counter[str] = field(default_factory=Counter)
    """Replica's service and exit code, whatever ended it."""

    def signal(self, name: str, number: signal.Signals) -> int | None:
        """Signal one replica; its process id, None where it does not run now."""
        child = self.supervisor.children.get(name)
        if child is None or not child.running:
            return None
        child.signal(number)
        return child.pid

    def arm(self, service: str, point: str) -> None:
        """Whichever replica reaches the point first dies there."""
        (self.points[service] / point).touch()

    def disarm(self, service: str, point: str) -> bool:
        """Take the point back; whether it was still armed."""
        try:
            (self.points[service] / point).unlink()
        except FileNotFoundError:
            return False
        return True

    def set_clock(self, name: str, shift_s: float) -> None:
        """Set one replica's clock wrong."""
        replica = self.supervisor.services[name]
        assert isinstance(replica, Replica)
        with replica.shift.open("r+b") as file:
            file.write(struct.pack("<d", shift_s))

    @property
    def names(self) -> list[str]:
        return list(self.supervisor.services)

    def urls(self, service: str) -> list[str]:
        """Where the replicas of a service answer."""
        return [
            f"http://127.0.0.1:{each.port}"
            for each in self.supervisor.services.values()
            if isinstance(each, Replica) and each.service == service
        ]


def copy_tree(to: Path, source: Path = ROOT) -> Path:
    """What the services need of the tree, as it is now."""
    leave = shutil.ignore_patterns("__pycache__", ".venv", "build")
    for part in ("services", "shared", "deploy", "tests/crash"):
        shutil.copytree(source / part, to / part, ignore=leave)
    (to / "tests/__init__.py").touch()
    return to


async def migrate(run: Run, tree: Path, dsn: str) -> None:
    """By the copy's own command and migrations."""
    environment = {**_environment(tree), "DUBAN_POSTGRES": dsn}
    command = [sys.executable, "-c", "from services.cli.main import app; app()", "migrate"]
    child = run.start("migrate", command, environment=environment)
    code = await child.wait()
    run.forget(child)
    if code:
        raise child.failure(f"ended with {code}")


def _environment(tree: Path) -> dict[str, str]:
    return {**inherited_environment(), "PYTHONSAFEPATH": "1", "PYTHONPATH": str(tree)}


@asynccontextmanager
async def start_cluster(
    infrastructure: Infrastructure, tree: Path, services: Sequence[str] = SERVICES
) -> AsyncIterator[Cluster]:
    """Topics and schemas made, all replicas started and ready."""
    home = infrastructure.run.directory
    await ensure_topics(infrastructure.kafka.address)
    await migrate(infrastructure.run, tree, infrastructure.postgres.dsn())
    (home / "catalogue.yaml").write_text(CATALOGUE)
    (home / "rulebook.yaml").write_text(RULEBOOK)
    written_key(home)
    points = {service: home / "failpoints" / service for service in SERVICES}
    for directory in points.values():
        directory.mkdir(parents=True)
    replicas = [
        _replica(infrastructure, tree, service, road, points[service]) for service in services for road in ROADS
    ]
    deaths: Counter[str] = Counter()

    def restarted(restart: Restart) -> None:
        deaths[f"{restart.service.rpartition('-')[0]} {restart.code}"] += 1

    async with supervise(infrastructure.run, replicas, restarted) as supervisor:
        await supervisor.ready(START_LIMIT_S)
        cluster = Cluster(infrastructure, supervisor, points, deaths)
        try:
            yield cluster
        finally:
            for name in cluster.names:  # a stopped process cannot drain
                cluster.signal(name, signal.SIGCONT)


def _replica(infrastructure: Infrastructure, tree: Path, service: str, road: str, points: Path) -> Replica:
    home, port = infrastructure.run.directory, free_port()
    shift = home / f"{service}-{road}.clock"
    shift.write_bytes(struct.pack("<d", 0.0))
    environment: Mapping[str, str] = {
        **_environment(tree),
        **SETTINGS,
        "DUBAN_KAFKA": f"127.0.0.1:{infrastructure.to_kafka[road].port}",
        "DUBAN_POSTGRES": infrastructure.postgres.dsn(infrastructure.to_postgres[road].port),
        "DUBAN_HTTP_PORT": str(port),
        "DUBAN_INTAKE_CATALOGUES": str(home / "catalogue.yaml"),
        "DUBAN_RULEBOOK": str(home / "rulebook.yaml"),
        "DUBAN_RECORD_KEY": str(home / "record-key.pem"),
        "DUBAN_FAILPOINTS": str(points),
    }
    return Replica(f"{service}-{road}", port, environment, service, tree, shift)


async def ready(cluster: Cluster, limit_s: float) -> str | None:
    """Wait until every replica says that it is ready; None, or which are not. Deaths before do not count: we killed."""
    waiting = {each.name: each.port for each in cluster.supervisor.services.values()}
    async with httpx2.AsyncClient(timeout=5, trust_env=False) as client:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while waiting:
                    for name, port in list(waiting.items()):
                        with contextlib.suppress(httpx2.HTTPError):
                            if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                                del waiting[name]
                    await asyncio.sleep(0.2)
    return f"not ready: {', '.join(waiting)}" if waiting else None


def keep_logs(run: Run, to: Path) -> None:
    """Copy the logs of the run where they outlive it."""
    with contextlib.suppress(OSError):
        shutil.copytree(run.directory / "logs", to, dirs_exist_ok=True)
