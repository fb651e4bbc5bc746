"""All four services at once on a real broker and a real Postgres, with a clock that the story moves.

Stories read as they happen: submit, fast-forward, expect. Every wait is for nothing being in flight, never for a time.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from services.accountability.config import Settings as AccountabilitySettings
from services.accountability.main import build as build_accountability
from services.cli.migrate import migrate_all
from services.cli.providers import Infrastructure
from services.cli.replay.watch import Watch
from services.cli.topics import ensure_topics
from services.deadline.config import Settings as DeadlineSettings
from services.deadline.main import build as build_deadline
from services.intake.config import DEFAULT
from services.intake.config import Settings as IntakeSettings
from services.intake.main import build as build_intake
from services.notification.config import Settings as NotificationSettings
from services.notification.main import build as build_notification
from shared.clock import SimulatedClock, create_simulated, set_simulated
from shared.events.base import aggregate_key
from shared.events.catalog import topics
from shared.events.envelope import STRUCTURED
from shared.outbox import bucket_of
from shared.postgres import Connection
from shared.runtime import App, serve
from tests.support.record_key import written_key
from tests.support.waiting import until

ITEMS = Path(__file__).parent / "story_catalogue.yaml"
AUTHORITY = "quanzhou"
SOURCE = "/quanzhou/approvals"


@dataclass
class World:
    """One authority's world; `now` is where its clock stands."""

    conn: Connection
    producer: AIOKafkaProducer
    client: httpx2.AsyncClient
    watch: Watch
    prefix: str
    builders: dict[str, Callable[[], Awaitable[App]]]
    now: datetime
    kafka: str
    apps: dict[str, App] = field(default_factory=dict)
    running: dict[str, tuple[asyncio.Event, "asyncio.Task[None]"]] = field(default_factory=dict)
    count: int = field(default=0)

    async def submit(
        self, type_: str, subject: str, at: str, *, authority: str = AUTHORITY, wait: bool = True, **more: Any
    ) -> str:
        """Publish one fact on `submissions` and wait until all that follows from it has happened; the event's id."""
        self.count += 1
        id = more.pop("id", f"e{self.count}")
        data = {"occurred_at": at, **({"zone": "Asia/Shanghai"} if len(at) == 10 else {}), **more}
        await self.publish(type_, subject, data, id=id, authority=authority, wait=wait)
        return str(id)

    async def publish(
        self,
        type_: str,
        subject: str,
        data: dict[str, Any],
        *,
        id: str,
        authority: str = AUTHORITY,
        wait: bool = True,
    ) -> None:
        """Publish an event with that very data."""
        event = {
            "specversion": "1.0", "id": id, "source": SOURCE, "type": type_, "version": 1,
            "subject": aggregate_key(authority, subject), "time": self.now.isoformat(), "data": data,
        }  # fmt: skip
        await self.send(json.dumps(event, ensure_ascii=False).encode(), key=event["subject"])
        if wait:
            await self.settled()

    async def hand_in(self, event: dict[str, Any]) -> None:
        """Send an event by HTTP, as an office does, and wait until all that follows from it has happened."""
        answer = await self.client.post(
            self.url("intake") + "/v1/events",
            content=json.dumps(event, ensure_ascii=False).encode(),
            headers={"content-type": STRUCTURED},
        )
        assert answer.is_success and answer.json()["status"] == "accepted", answer.text
        await self.settled()

    async def send(
        self, value: bytes | None, *, key: Any = "k/k", headers: Sequence[tuple[str, bytes | None]] | None = None
    ) -> None:
        """Put a raw message on `submissions`."""
        partition = bucket_of(str(key))
        sent = await self.producer.send_and_wait(
            self.prefix + "submissions", value, str(key).encode(), partition,
            headers=[("content-type", STRUCTURED.encode())] if headers is None else list(headers),
        )  # fmt: skip
        self.watch.own["submissions", partition] = sent.offset + 1

    async def start(self, service: str) -> None:
        """Start a service that does not run."""
        stopping = asyncio.Event()
        self.apps[service] = await self.builders[service]()
        self.running[service] = stopping, asyncio.create_task(serve(self.apps[service], stopping))

    async def stop(self, service: str) -> None:
        """Drain a service and end it."""
        stopping, task = self.running.pop(service)
        stopping.set()
        await task

    async def settled(self) -> None:
        """Return when nothing is in flight."""
        await self.watch.until_quiet(give_up_s=30)

    async def fast_forward(self, to: str) -> None:
        """Move the clock through every alarm up to `to`."""
        until = datetime.fromisoformat(to)
        while True:
            seen = await self.watch.until_quiet(give_up_s=30)
            if seen.alarm is None or seen.alarm > until:
                break
            await self._move(seen.alarm)
        await self._move(until)
        await self.settled()

    async def jump(self, to: str) -> None:
        """Move the clock without waiting for anything: somebody who should act is down."""
        await self._move(datetime.fromisoformat(to))

    async def _move(self, to: datetime) -> None:
        assert to >= self.now, "a story's clock never goes back"
        self.now = to
        await set_simulated(self.conn, to)

    async def get(self, service: str, path: str, status: int = 200) -> Any:
        """What a service answers."""
        answer = await self.client.get(self.url(service) + path)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, service: str, path: str, body: Any, status: int) -> Any:
        """What a service answers to a JSON body."""
        answer = await self.client.post(self.url(service) + path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def url(self, service: str) -> str:
        """Where a service answers."""
        return f"http://127.0.0.1:{self.apps[service].port}"

    async def clock(self, matter: str, name: str, subject: str = "") -> Any:
        """One clock of a matter."""
        found = await self.get("deadline", f"/v1/matters/{AUTHORITY}/{matter}/deadlines")
        return next(c for c in found["deadlines"] if (c["clock"], c["subject"]) == (name, subject))

    async def told(self, matter: str, clock: str) -> list[Any]:
        """What `deadline-events` says of one clock of a matter and its parts, in order: each event's data, its type and
        subject beside it."""
        topic, key = self.prefix + "deadline-events", aggregate_key(AUTHORITY, matter)
        at = TopicPartition(topic, bucket_of(key))
        found: list[Any] = []
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.kafka, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            consumer.assign([at])
            end = (await consumer.end_offsets([at]))[at]
            consumer.seek(at, 0)
            while await consumer.position(at) < end:
                batches = await consumer.getmany(at, timeout_ms=1000)
                for message in batches.get(at, ()):
                    type_ = dict(message.headers)["ce_type"].decode()
                    data = json.loads(message.value)
                    if message.key == key.encode() and data["clock"] == clock:
                        found.append({**data, "type": type_})
        finally:
            await consumer.stop()
        return found

    async def read_topic(self, name: str) -> list[ConsumerRecord]:
        """Everything on a topic, as somebody reads it who comes now: each partition from its beginning to its end."""
        topic = self.prefix + name
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, enable_auto_commit=False)
        await consumer.start()
        try:
            places = [TopicPartition(topic, n) for n in range(topics()[name].partitions)]
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            found: list[ConsumerRecord] = []
            for place in places:
                consumer.seek(place, 0)
                while await consumer.position(place) < ends[place]:
                    for batch in (await consumer.getmany(place, timeout_ms=1000)).values():
                        found += batch
            return found
        finally:
            await consumer.stop()

    async def sealed(self) -> None:
        """Everything that happened is in the record, under a signed head, and what follows from that is published."""
        await self.settled()
        await until(self._is_sealed)
        await self.settled()

    async def _is_sealed(self) -> bool:
        found: bool = await self.conn.fetchval(
            "select not exists (select from accountability.case_events e where not exists ("
            " select from accountability.seals s where (s.row_id, s.row_n, s.kind) = (e.case_id, e.n, 'case-event')))"
            " and (select sum(n) from accountability.chains) = (select sum(l::bigint) from"
            " json_array_elements_text((select body::json -> 'lengths' from accountability.record_heads"
            " order by n desc limit 1)) l)"
        )
        return found

    async def watermark(self, up_to: str) -> None:
        """The source says that it has sent everything up to then."""
        self.count += 1
        await self.publish("source.watermark", "watermark", {"up_to": up_to}, id=f"w{self.count}")

    async def cases(self, matter: str, *, authority: str = AUTHORITY) -> list[Any]:
        """The cases of a matter, in full, oldest first."""
        rows = await self.conn.fetch(
            "select case_id from accountability.report where authority = $1 and matter = $2", authority, matter
        )
        found = [await self.get("accountability", f"/v1/cases/{row['case_id']}") for row in rows]
        return sorted(found, key=lambda case: (case["opened_at"], case["case_id"]))

    async def inbox(self, person: str) -> list[Any]:
        """A person's notices, oldest first."""
        found: list[Any] = (await self.get("notification", f"/v1/people/{person}/inbox"))["notices"]
        return found[::-1]

    async def holder(self, post: str, role: str, person: str, since: str, unit: str | None = "planning") -> None:
        """A person takes a post."""
        served: dict[str, Any] = {"unit": unit} if unit else {}
        await self.submit("holder.assigned", post, since, person=person, role=role, **served)


@asynccontextmanager
async def open_world(infrastructure: Infrastructure, database: str, start: str) -> AsyncIterator[World]:
    """The services, ready, with the clock standing at `start`."""
    prefix = f"w{secrets.token_hex(4)}-"
    began = datetime.fromisoformat(start)
    await ensure_topics(infrastructure.kafka, prefix)
    await migrate_all(database)
    common: dict[str, Any] = {
        "kafka": infrastructure.kafka,
        "postgres": database,
        "clock": "simulated",
        "topic_prefix": prefix,
        **{name.removeprefix("DUBAN_").lower(): value for name, value in infrastructure.settings.items()},
    }
    key = written_key(infrastructure.directory)
    record: dict[str, Any] = {"record_key": key, "record_every_s": 0.2, "record_head_s": 0.001}
    async with AsyncExitStack() as stack:
        conn: Connection = await asyncpg.connect(database)
        stack.push_async_callback(conn.close)
        await create_simulated(conn, began)
        clock = SimulatedClock()
        builders: dict[str, Callable[[], Awaitable[App]]] = {
            "intake": lambda: build_intake(IntakeSettings(**common, catalogues=(DEFAULT, ITEMS)), clock),
            "deadline": lambda: build_deadline(DeadlineSettings(**common), clock),
            "accountability": lambda: build_accountability(AccountabilitySettings(**common, **record), clock),
            "notification": lambda: build_notification(
                NotificationSettings(**common, notification_allow_private_webhooks=True), clock
            ),
        }
        producer = AIOKafkaProducer(bootstrap_servers=infrastructure.kafka, acks="all", max_request_size=4_000_000)
        await producer.start()
        stack.push_async_callback(producer.stop)
        client = await stack.enter_async_context(httpx2.AsyncClient(timeout=10, trust_env=False))
        watch = await Watch(conn, topics()).start()
        world = World(conn, producer, client, watch, prefix, builders, began, infrastructure.kafka)

        async def stop_all() -> None:
            await asyncio.gather(*(world.stop(service) for service in list(world.running)))

        stack.push_async_callback(stop_all)
        await asyncio.gather(*(world.start(service) for service in builders))
        yield world
