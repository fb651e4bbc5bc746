"""Where a benchmark runs: a real Kafka, a real Postgres that syncs its commits, the four services as processes."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from services.cli.providers import Infrastructure
from services.cli.replay.watch import Snapshot, Watch
from services.cli.stack import ClockKind, Stack, start_stack
from services.intake.config import DEFAULT
from shared.events.catalog import PARTITIONS, topics
from shared.postgres import Connection
from tests.bench.matters import HEADERS, Wire
from tests.bench.processes import Usage, peak_mb, usage

ITEMS = Path(__file__).with_name("catalogue.yaml")
CHUNK = 3000
GIVE_UP_S = 180.0


class WrongCount(AssertionError):
    """The services did not do what they were to do: the time it took says nothing."""


@dataclass
class Ground:
    """Infrastructure that the benchmarks of a run share, one after the other; each has its own database and topics."""

    infrastructure: Infrastructure
    settings: Mapping[str, str]
    """DUBAN_… variables beyond the provider's, for every service."""
    say: Callable[[str], None]
    used: int = 0

    @property
    def pids(self) -> dict[str, int]:
        """Of the broker and the database."""
        children = self.infrastructure.run.children
        return {child.name: child.pid for child in children if child.name in ("kafka", "postgres")}

    @contextlib.asynccontextmanager
    async def database(self, name: str) -> AsyncIterator[str]:
        """A fresh database's DSN; it is dropped afterwards."""
        self.used += 1
        unique = f"bench_{name.replace('-', '_')}_{self.used}"
        await self._administer(f'create database "{unique}"')
        try:
            yield urlunsplit(urlsplit(self.infrastructure.postgres)._replace(path=f"/{unique}"))
        finally:
            await self._administer(f'drop database "{unique}" with (force)')

    async def _administer(self, statement: str) -> None:
        conn: Connection = await asyncpg.connect(self.infrastructure.postgres)
        try:
            await conn.execute(statement)
        finally:
            await conn.close()

    @contextlib.asynccontextmanager
    async def services(
        self,
        name: str,
        dsn: str,
        *,
        clock: ClockKind = "wall",
        catalogues: Sequence[Path] = (DEFAULT, ITEMS),
        prefix: str = "",
        start: datetime | None = None,
    ) -> AsyncIterator["Field"]:
        """The four services, ready, on this database and on topics of their own (removed afterwards, unless named)."""
        own = prefix or f"bench-{name}-{self.used}-"
        infrastructure = dataclasses.replace(self.infrastructure, postgres=dsn)
        async with contextlib.AsyncExitStack() as stack:
            if not prefix:
                stack.push_async_callback(self._remove_topics, own)
            started = await stack.enter_async_context(
                start_stack(
                    infrastructure, clock=clock, prefix=own, start=start, catalogues=catalogues, settings=self.settings
                )
            )
            conn: Connection = await asyncpg.connect(dsn, command_timeout=3600)
            stack.push_async_callback(conn.close)
            producer = AIOKafkaProducer(
                bootstrap_servers=infrastructure.kafka, acks="all", enable_idempotence=True, max_batch_size=262_144
            )
            await producer.start()
            stack.push_async_callback(producer.stop)
            watch = await Watch(conn, topics()).start()
            field_ = Field(self, started, conn, producer, watch, own, dsn)
            yield field_
            if any(started.supervisor.restarts.values()):
                raise WrongCount(f"services died and were started again: {started.supervisor.restarts}")

    async def _remove_topics(self, prefix: str) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.infrastructure.kafka)
        await admin.start()
        try:
            await admin.delete_topics([prefix + topic for topic in topics()])
        finally:
            await admin.close()


@dataclass
class Field:
    """Services that run, and our hands on them."""

    ground: Ground
    stack: Stack
    conn: Connection
    producer: AIOKafkaProducer
    watch: Watch
    prefix: str
    dsn: str = field(repr=False)

    @property
    def kafka(self) -> str:
        return self.ground.infrastructure.kafka

    @property
    def pids(self) -> dict[str, int]:
        """The services, and what they run on."""
        return {name: child.pid for name, child in self.stack.supervisor.children.items()} | self.ground.pids

    def usage(self) -> Usage:
        return usage(self.pids)

    def peak_mb(self) -> dict[str, int]:
        services = self.stack.supervisor.children
        return peak_mb({name: pid for name, pid in self.pids.items() if name in services})

    async def send(self, messages: Iterable[Wire]) -> int:
        """Put these on `submissions`, as fast as the broker takes them; how many."""
        remaining, count = iter(messages), 0
        while chunk := list(islice(remaining, CHUNK)):
            lanes: dict[int, list[Wire]] = {}
            for each in chunk:
                lanes.setdefault(each[0], []).append(each)
            await asyncio.gather(*(self._send_lane(partition, lane) for partition, lane in lanes.items()))
            count += len(chunk)
        return count

    async def _send_lane(self, partition: int, lane: Sequence[Wire]) -> None:
        waiting, topic = [], self.prefix + "submissions"
        builder = self.producer.create_batch()
        for _, key, value in lane:
            if builder.append(key=key, value=value, timestamp=None, headers=HEADERS) is None:
                builder.close()
                waiting.append((await self.producer.send_batch(builder, topic, partition=partition), builder))
                builder = self.producer.create_batch()
                builder.append(key=key, value=value, timestamp=None, headers=HEADERS)
        builder.close()
        waiting.append((await self.producer.send_batch(builder, topic, partition=partition), builder))
        for acknowledged, batch in waiting:
            end = (await acknowledged).offset + batch.record_count()
            at = "submissions", partition
            self.watch.own[at] = max(self.watch.own.get(at, 0), end)

    async def quiet(self) -> Snapshot:
        """Wait until nothing is in flight: every lag 0, every outbox sent."""
        return await self.watch.until_quiet(give_up_s=GIVE_UP_S)

    async def count(self, statement: str, *arguments: object) -> int:
        """One number of the database."""
        return int(await self.conn.fetchval(statement, *arguments))

    async def no_dead_letters(self) -> None:
        """Raise WrongCount where a service set something aside or refused it."""
        for service in ("intake", "deadline", "accountability", "notification"):
            if dead := await self.count(f"select count(*) from {service}.dead_letters"):
                raise WrongCount(f"{service} has {dead} dead letters")
        if refused := await self.count("select count(*) from intake.rejections"):
            raise WrongCount(f"intake refused {refused} submissions")


assert PARTITIONS > 0  # the sender above relies on bucket = partition on `submissions`
