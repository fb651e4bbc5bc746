"""A real Apache Kafka, one node in KRaft mode, and a Postgres from the wheel: throw-away, on loopback.

Needs Java 17; the broker's jars come from Maven's repository once (deploy/kafka/pom.xml) and stay in
``build/kafka``. What the services meet here is what they meet in production: idempotent producers, groups
with a rebalance of their own, retention.
"""

import asyncio
import base64
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.providers import postgres
from services.cli.providers.infrastructure import Infrastructure
from services.cli.providers.kafka_probe import answers
from services.cli.providers.process import Child, ProcessError, Run, free_port, run
from services.cli.providers.waiting import start_on_a_free_port, until_answering

START_LIMIT_S = 60.0
ROOT = Path(__file__).resolve().parents[3]
POM = ROOT / "deploy" / "kafka" / "pom.xml"
JARS = ROOT / "build" / "kafka"
SETTINGS = {
    "DUBAN_KAFKA_IDEMPOTENCE": "true",
    "DUBAN_KAFKA_SESSION_MS": "3000",
    "DUBAN_KAFKA_WAIT_MS": "20",
    "DUBAN_RELAY_LEASE_S": "2",
}
"""Short, since nobody's network is in between: a test need not wait long for what a dead service held."""

JVM = ("-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4", "-Xshare:auto")
PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "controlled.shutdown.enable": "false",
}
"""One node keeps one copy; the rest lets tests start and rebalance in milliseconds."""


@asynccontextmanager
async def apache(*, durable: bool) -> AsyncIterator[Infrastructure]:
    async with run() as current:
        try:
            async with asyncio.TaskGroup() as both:
                kafka = both.create_task(start_apache(current))
                dsn = both.create_task(postgres.start(current, durable=durable))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed  # one reason is enough for whoever reads it
        yield Infrastructure("apache", kafka.result().address, dsn.result(), current, SETTINGS)


@dataclass
class ApacheKafka:
    """One broker with a directory of its own. It keeps its port and its log over a restart."""

    run: Run
    jars: Path
    home: Path
    cluster: str
    port: int = 0
    child: Child | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self, port: int) -> Child:
        """Start the process on this port; it answers some seconds later."""
        settings = PROPERTIES | self.listeners(port) | {"log.dirs": str(self.home / "log")}
        properties = self.home / "server.properties"
        properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        self.port = port
        self.child = self.run.start("kafka", java(self.jars, "kafka.Kafka", properties), cwd=self.home)
        return self.child

    def listeners(self, port: int) -> dict[str, str]:
        """Where it listens: clients on this port, its own controller on another."""
        controller = free_but(port)
        return {
            "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        }

    async def restart(self, limit_s: float = START_LIMIT_S) -> None:
        """Start it again where it was, after it has ended, and wait until it answers."""
        if self.child is None or self.child.running:
            raise ProcessError("kafka: not ended, so it cannot be started again")
        self.run.forget(self.child)
        await until_answering(self.start(self.port), self.port, self._answers, limit_s)

    async def _answers(self, port: int) -> bool:
        return await answers(port, self.cluster)


async def start_apache(run: Run) -> ApacheKafka:
    """Bring the jars if they are not there, format a log directory, start the broker."""
    broker = ApacheKafka(run, await installed_jars(run), run.directory / "kafka", new_cluster_id())
    broker.home.mkdir(mode=0o700)
    await format_log(broker)
    await start_on_a_free_port(run, broker.start, broker._answers, START_LIMIT_S)
    return broker


async def format_log(broker: ApacheKafka) -> None:
    """KRaft wants to be told which cluster a directory belongs to before a broker may use it."""
    properties = broker.home / "format.properties"
    voters = {"controller.quorum.voters": "1@127.0.0.1:1", "listeners": "PLAINTEXT://:0,CONTROLLER://127.0.0.1:1"}
    settings = PROPERTIES | voters | {"log.dirs": str(broker.home / "log")}
    properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    arguments = java(broker.jars, "kafka.tools.StorageTool", "format", "-t", broker.cluster, "-c", properties)
    await completed(broker.run, "kafka-format", arguments, cwd=broker.home)


async def installed_jars(run: Run) -> Path:
    """The directory of the jars that this pom asks for; Maven brings them once, checksums compared."""
    if shutil.which("java") is None:
        raise ProcessError("no Java: the provider apache needs Java 17 (Debian: default-jre-headless)")
    stamp = JARS / "pom.xml"
    if stamp.exists() and stamp.read_bytes() == POM.read_bytes():
        return JARS
    if shutil.which("mvn") is None:
        raise ProcessError("no Maven: the provider apache needs it once, for Kafka's jars (Debian: maven)")
    fresh = JARS.with_name(f"kafka-{uuid.uuid4().hex[:8]}")  # its own, as two test workers may do this at once
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={fresh}", "-DincludeScope=runtime"]
    await completed(run, "maven", ["mvn", "--batch-mode", "--quiet", "--strict-checksums", "-f", POM, *goal])
    shutil.copyfile(POM, fresh / "pom.xml")
    shutil.rmtree(JARS, ignore_errors=True)
    try:
        fresh.rename(JARS)
    except OSError:  # the other was faster; what it brought is the same
        shutil.rmtree(fresh)
    return JARS


async def completed(run: Run, name: str, command: list[str | Path], cwd: Path | None = None) -> None:
    child = run.start(name, command, cwd=cwd)
    code = await child.wait()
    run.forget(child)
    if code:
        raise child.failure(f"ended with {code}")


def java(jars: Path, main: str, *arguments: str | Path) -> list[str | Path]:
    return ["java", *JVM, "-cp", f"{jars}/*", main, *arguments]


def new_cluster_id() -> str:
    """Kafka's form of a UUID: 22 characters of base64url, never beginning with a dash (an option, to its tools)."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def free_but(port: int) -> int:

    while (other := free_port()) == port:
        pass
    return other
