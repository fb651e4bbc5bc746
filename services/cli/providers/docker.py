"""Kafka and Postgres in containers, by testcontainers, for machines with a Docker Engine: throw-away, on loopback.

The images are those of docker-compose.yml, tag for tag (a test compares them). Of the Kafka image only its bash and the
scripts in /opt/kafka/bin are used, as the compose file does, so its own configuration by environment plays no part.
testcontainers' helper Ryuk removes the containers when this process is killed; where its image cannot be pulled and
TESTCONTAINERS_RYUK_DISABLED says so, a killed process leaves them behind.

testcontainers is no dependency of Duban: it comes with the extra ``dev``, and is imported when this provider is asked
for.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import asyncpg

from services.cli.providers import postgres
from services.cli.providers.apache import PROPERTIES, SETTINGS, new_cluster_id
from services.cli.providers.infrastructure import Infrastructure
from services.cli.providers.kafka_probe import answers as kafka_answers
from services.cli.providers.process import POLL_S, ProcessError, free_port, run

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

KAFKA_IMAGE = "apache/kafka:4.1.2"
POSTGRES_IMAGE = "postgres:18.6-bookworm"
START_LIMIT_S = 90.0
PORT_ATTEMPTS = 5
LOOPBACK = "127.0.0.1"

START_KAFKA = """
set -eu
printf '%s' "$DUBAN_PROPERTIES" >/tmp/server.properties
/opt/kafka/bin/kafka-storage.sh format -t "$DUBAN_CLUSTER" -c /tmp/server.properties
exec /opt/kafka/bin/kafka-server-start.sh /tmp/server.properties
"""


@asynccontextmanager
async def docker(*, durable: bool) -> AsyncIterator[Infrastructure]:
    """Raises ProcessError where no Docker answers, or an image cannot be had."""
    started: list[DockerContainer] = []
    async with run() as current:
        try:
            async with asyncio.TaskGroup() as both:
                kafka = both.create_task(_start_kafka(started))
                dsn = both.create_task(_start_postgres(started, durable=durable))
            yield Infrastructure("docker", kafka.result(), dsn.result(), current, SETTINGS)
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed  # one reason is enough for whoever reads it
        finally:
            for container in reversed(started):
                await asyncio.to_thread(container.stop)


async def _start_kafka(started: list["DockerContainer"]) -> str:
    """Start the broker; its address. It must be told before it starts which port its clients will find it at."""
    cluster = new_cluster_id()

    def describe(port: int) -> "DockerContainer":
        listeners = {
            "listeners": "PLAINTEXT://:9092,CONTROLLER://localhost:9093",
            "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
            "controller.quorum.voters": "1@localhost:9093",
            "log.dirs": "/tmp/kafka",  # noqa: S108 - of the container, not of this machine
        }
        properties = "".join(f"{name}={value}\n" for name, value in (PROPERTIES | listeners).items())
        environment = {"DUBAN_PROPERTIES": properties, "DUBAN_CLUSTER": cluster, "KAFKA_HEAP_OPTS": "-Xms512m -Xmx512m"}
        return _container(KAFKA_IMAGE, ["/bin/bash", "-c", START_KAFKA], environment, {9092: port})

    port = await _on_a_free_port(started, describe)
    await _until(started, KAFKA_IMAGE, lambda: kafka_answers(port, cluster))
    return f"{LOOPBACK}:{port}"


async def _start_postgres(started: list["DockerContainer"], *, durable: bool) -> str:
    """Start the server; the DSN of its superuser."""
    password = secrets.token_urlsafe(24)
    kept = {"max_connections", "shared_buffers", "max_wal_size", "checkpoint_timeout", "jit", "timezone"}
    settings = {name: value for name, value in postgres.SETTINGS.items() if name in kept}
    settings |= {} if durable else postgres.NOT_DURABLE
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    environment = {
        "POSTGRES_USER": postgres.ROLE,
        "POSTGRES_DB": postgres.DATABASE,
        "POSTGRES_PASSWORD": password,
        "POSTGRES_INITDB_ARGS": "--locale=C --encoding=UTF8",  # by code point, as the embedded one sorts
    }
    start = ["docker-entrypoint.sh", "postgres", *options]
    port = await _on_a_free_port(started, lambda port: _container(POSTGRES_IMAGE, start, environment, {5432: port}))
    await _until(started, POSTGRES_IMAGE, lambda: _postgres_answers(port, password))
    return postgres.dsn(port, password)


async def _postgres_answers(port: int, password: str) -> bool:
    """Docker's proxy takes connections before the server does, and drops them."""
    try:
        return await postgres.answers(port, password)
    except asyncpg.PostgresConnectionError:
        return False


def _container(
    image: str, entrypoint: list[str], environment: Mapping[str, str], ports: Mapping[int, int]
) -> "DockerContainer":
    """Described, not started. Raises what docker.errors has where no Docker answers."""
    from testcontainers.core.container import DockerContainer

    container = DockerContainer(image, env=dict(environment)).with_kwargs(entrypoint=entrypoint, init=True)
    # Docker publishes a bare port on every address of the machine; a pair is passed on as it is.
    published = cast("dict[str, object]", container.ports)  # declared as numbers only
    published.update({f"{inside}/tcp": (LOOPBACK, outside) for inside, outside in ports.items()})
    return container


async def _on_a_free_port(started: list["DockerContainer"], describe: Callable[[int], "DockerContainer"]) -> int:
    """Start a container on a port of our choice, on another where somebody took it meanwhile. Raises ProcessError."""
    try:
        from docker.errors import DockerException
    except ImportError:
        raise ProcessError("the provider docker needs testcontainers: pip install 'duban[dev]'") from None
    for attempt in range(1, PORT_ATTEMPTS + 1):
        port = free_port()
        try:
            container = await asyncio.to_thread(describe, port)
            started.append(container)  # first, as one that fails to start is there all the same
            await asyncio.to_thread(container.start)
        except DockerException as error:  # no engine, an image that cannot be pulled (Ryuk's too), a port that is taken
            if attempt < PORT_ATTEMPTS and "port is already allocated" in str(error):
                continue
            raise ProcessError(f"no Docker: {error}. Is an engine running, and DOCKER_HOST right?") from error
        return port
    raise AssertionError("unreachable: the last attempt raises or returns")


async def _until(started: list["DockerContainer"], image: str, answers: Callable[[], Awaitable[bool]]) -> None:
    """Return as soon as the server in the container answers. Raises ProcessError with the end of its log."""
    container = next(one for one in reversed(started) if one.image == image)
    try:
        async with asyncio.timeout(START_LIMIT_S):
            while not await answers():
                if await asyncio.to_thread(_ended, container):
                    raise ProcessError(f"{image} ended before it answered\n{await asyncio.to_thread(_log, container)}")
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        log = await asyncio.to_thread(_log, container)
        raise ProcessError(f"{image} does not answer after {START_LIMIT_S:g} s\n{log}") from None


def _ended(container: "DockerContainer") -> bool:
    wrapped = container.get_wrapped_container()
    wrapped.reload()
    return bool(wrapped.status in ("exited", "dead"))


def _log(container: "DockerContainer", lines: int = 20) -> str:
    out: bytes = container.get_wrapped_container().logs(tail=lines)
    return out.decode(errors="replace").rstrip()
