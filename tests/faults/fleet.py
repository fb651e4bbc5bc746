"""The services as processes that a test starts, kills and watches by itself: no supervisor hides a death here."""

import asyncio
import contextlib
import json
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.cli.config import inherited_environment
from services.cli.migrate import SERVICES, migrate_all
from services.cli.providers import Child, Run, free_port
from services.cli.replay.watch import Snapshot, Stuck, Watch
from services.cli.topics import ensure_topics
from shared.clock import create_simulated, set_simulated
from shared.events.base import aggregate_key
from shared.events.catalog import topics
from shared.events.envelope import STRUCTURED
from shared.outbox import bucket_of
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
AUTHORITY = "quanzhou"
SOURCE = "/quanzhou/approvals"
GIVE_UP_S = 120.0
"""Without any movement. A killed broker's groups come back only after their coordinator has."""
START = "2026-01-05T09:00:00+08:00"


@dataclass
class Process:
    """One replica of a service, wherever its code lies."""

    service: str
    child: Child
    port: int
    began: int = 0

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged since it was started. What is no JSON (a traceback) is left out."""
        found = []
        for line in self.child.log.read_text(errors="replace")[self.began :].splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return found

    def said(self, event: str, **fields: Any) -> bool:
        """Whether it has logged this, with these values."""
        return any(
            line.get("event") == event and all(line.get(name) == value for name, value in fields.items())
            for line in self.lines()
        )

    async def ask(self, path: str) -> tuple[int, str]:
        """Status and text of an answer; 0 and why when there is none."""
        async with httpx2.AsyncClient(timeout=5, trust_env=False) as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{self.port}{path}")
            except httpx2.HTTPError as error:
                return 0, type(error).__name__
            return answer.status_code, answer.text

    async def is_ready(self) -> bool:
        return (await self.ask("/readyz"))[0] == 200

    async def metric(self, name: str, **labels: str) -> float:
        """The value of one of its metrics; 0 where it was never set."""
        inside = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
        _, text = await self.ask("/metrics")
        for line in text.splitlines():
            head, _, value = line.rpartition(" ")
            found, _, rest = head.partition("{")
            if found == name and ",".join(sorted(rest.rstrip("}").split(","))) == inside:
                return float(value)
        return 0

    async def drain(self, run: Run, grace_s: float = 25) -> int:
        """SIGTERM, as an orchestrator sends it; the exit code."""
        self.child.signal(signal.SIGTERM)
        return await run.stop(self.child, grace_s)

    async def ended(self, run: Run) -> int:
        """Its exit code, when it has ended by itself."""
        code = await self.child.wait()
        run.forget(self.child)
        return code


@dataclass
class Fleet:
    """A deployment: where its Kafka and its Postgres are, and the processes that run."""

    run: Run
    kafka: str
    dsn: str
    prefix: str
    settings: Mapping[str, str]
    producer: AIOKafkaProducer
    conn: "asyncpg.Connection[asyncpg.Record]"
    watch: Watch
    clock: str = "simulated"
    processes: dict[str, Process] = field(default_factory=dict)
    sent: int = 0
    now: str = START

    def start(self, service: str, name: str | None = None, *, tree: Path = ROOT, **settings: str) -> Process:
        """Start a replica, not yet ready; `name` tells two of a service apart, `tree` is where the code lies."""
        name, port = name or service, free_port()
        environment = {
            **inherited_environment(),
            "PYTHONPATH": str(tree),
            "PYTHONSAFEPATH": "1",
            "DUBAN_KAFKA": self.kafka,
            "DUBAN_POSTGRES": self.dsn,
            "DUBAN_CLOCK": self.clock,
            "DUBAN_TOPIC_PREFIX": self.prefix,
            "DUBAN_HTTP_PORT": str(port),
            **self.settings,
            **settings,
        }
        log = self.run.directory / "logs" / f"{name}.log"
        began = len(log.read_text(errors="replace")) if log.exists() else 0
        child = self.run.start(name, [sys.executable, "-m", f"services.{service}"], environment=environment, cwd=tree)
        self.processes[name] = Process(service, child, port, began)
        return self.processes[name]

    async def start_all(self, **settings: str) -> None:
        """One replica of each service, ready."""
        for service in SERVICES:
            self.start(service, tree=ROOT, **settings)
        for service in SERVICES:
            await self.ready(service)

    async def ready(self, name: str) -> Process:
        process = self.processes[name]
        await until(lambda: not process.child.running or process.is_ready(), within_s=120)
        assert process.child.running, process.child.log_tail()
        await until(process.is_ready, within_s=120)
        return process

    async def drain(self, name: str) -> int:
        """SIGTERM; the exit code."""
        return await self.processes.pop(name).drain(self.run)

    async def drain_all(self) -> None:
        codes = await asyncio.gather(*(self.drain(name) for name in list(self.processes)))
        assert set(codes) <= {0}, codes

    async def kill(self, name: str) -> None:
        """SIGKILL."""
        process = self.processes.pop(name)
        process.child.signal(signal.SIGKILL)
        await process.ended(self.run)

    async def kill_all(self) -> None:
        for name in list(self.processes):
            await self.kill(name)

    async def submit(self, type_: str, matter: str, at: str, **data: Any) -> str:
        """One fact on `submissions`; the event's id."""
        self.sent += 1
        id = str(data.pop("id", f"e{self.sent}"))
        event = {
            "specversion": "1.0", "id": id, "source": SOURCE, "type": type_, "version": 1,
            "subject": aggregate_key(AUTHORITY, matter), "time": self.now, "data": {"occurred_at": at, **data},
        }  # fmt: skip
        await self.send("submissions", json.dumps(event).encode(), key=str(event["subject"]).encode())
        return id

    async def send(
        self, topic: str, value: bytes | None, *, key: bytes, headers: list[tuple[str, bytes | None]] | None = None
    ) -> int:
        """Put a raw message on a topic; its offset. `settled` waits until it is consumed."""
        partition = bucket_of(key.decode("latin-1"))
        headers = [("content-type", STRUCTURED.encode())] if headers is None else headers
        while True:
            try:
                sent = await self.producer.send_and_wait(self.prefix + topic, value, key, partition, headers=headers)
                break
            except KafkaError:  # a publisher tries again; twice is a duplicate, and changes nothing
                await asyncio.sleep(0.2)
        self.watch.own[topic, partition] = sent.offset + 1
        return int(sent.offset)

    async def settled(self) -> Snapshot:
        """What was seen when nothing was in flight. Who keeps it waiting is to be seen in a failing test."""
        try:
            return await self.watch.until_quiet(give_up_s=GIVE_UP_S)
        except Stuck as error:
            tails = [f"{name} ({p.child.returncode}): {p.child.log_tail(8)}" for name, p in self.processes.items()]
            raise AssertionError("\n".join([str(error), *tails])) from error

    async def fast_forward(self, to: str) -> None:
        """Move the clock through every alarm up to `to`."""
        until_ = datetime.fromisoformat(to)
        while True:
            seen = await self.settled()
            if seen.alarm is None or seen.alarm > until_:
                break
            await set_simulated(self.conn, seen.alarm)
        await self.jump(to)
        await self.settled()

    async def jump(self, to: str) -> None:
        """Move the clock and wait for nothing."""
        self.now = to
        await set_simulated(self.conn, datetime.fromisoformat(to))

    async def reconnect(self) -> None:
        """After the database went away under our own connection."""
        self.conn.terminate()
        self.conn = await asyncpg.connect(self.dsn, timeout=10)
        own = self.watch.own
        self.watch = await Watch(self.conn, topics()).start()
        self.watch.own = own


@contextlib.asynccontextmanager
async def open_fleet(
    run: Run, kafka: str, dsn: str, settings: Mapping[str, str], *, clock: str = "simulated", prefix: str | None = None
) -> AsyncIterator[Fleet]:
    """Topics and schemas, made; no process yet. At the end what still runs is stopped."""
    prefix = f"f{secrets.token_hex(4)}-" if prefix is None else prefix
    await ensure_topics(kafka, prefix)
    await migrate_all(dsn)
    conn = await asyncpg.connect(dsn, timeout=10)
    if clock == "simulated":
        await create_simulated(conn, datetime.fromisoformat(START))
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", max_request_size=4_000_000)
    await producer.start()
    watch = await Watch(conn, topics()).start()
    fleet = Fleet(run, kafka, dsn, prefix, settings, producer, conn, watch, clock)
    try:
        yield fleet
    finally:
        for name in list(fleet.processes):
            if fleet.processes[name].child in run.children:
                await run.stop(fleet.processes[name].child, 5)
        await producer.stop()
        fleet.conn.terminate()
