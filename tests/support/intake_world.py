"""Intake on a database of its own, with a clock that stands still; spoken to by HTTP or with Kafka messages."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import orjson

from services.intake import catalogue
from services.intake.api import add_routes
from services.intake.config import DEFAULT
from services.intake.handlers import Intake
from services.intake.main import MIGRATIONS
from services.intake.permission import Admission
from services.intake.rules.judge import Margins
from services.intake.rules.silence import Patience
from shared.clock import Moment
from shared.events.base import Event
from shared.events.catalog import model_of
from shared.events.envelope import STRUCTURED
from shared.http import create_api
from shared.inbox import Message
from shared.postgres import Connection, Pool, connect, migrate
from tests.support.databases import created

NOW = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
MARGINS = Margins(facts=timedelta(minutes=5), holders=timedelta(days=730))
PATIENCE = Patience(timedelta(hours=1), timedelta(days=30))
EXTRA = Path(__file__).parent / "intake_catalogue.yaml"
CATALOGUE = catalogue.load([DEFAULT, EXTRA], calendar="CN")
OPEN = Admission()
Headers = Iterable[tuple[str, bytes | None]]


@dataclass
class StandingClock:
    """Business time stands at `now`."""

    now: datetime = NOW

    async def moment(self, conn: Connection) -> Moment:
        return Moment(self.now, self.now)


@dataclass
class Published:
    """An event as it stands in the outbox, its data read back strictly."""

    topic: str
    key: str
    headers: dict[str, str]
    data: dict[str, Any]
    event: Event


@dataclass
class World:
    """The service and its database."""

    pool: Pool
    intake: Intake
    clock: StandingClock
    http: httpx2.AsyncClient
    offset: int = 0
    woken: list[int] = field(default_factory=list)

    def message(self, value: bytes | None, headers: Headers = (), partition: int = 0) -> Message:
        """The next message of a partition of `submissions`."""
        self.offset += 1
        return Message("submissions", partition, self.offset, b"key", value, tuple(headers))

    async def kafka(self, *messages: Message) -> None:
        """One batch, in one transaction."""
        async with self.pool.acquire() as conn, conn.transaction():
            await self.intake.handle(conn, messages)

    async def send(self, *events: dict[str, Any]) -> None:
        """One batch of structured events by Kafka."""
        headers = [("content-type", STRUCTURED.encode())]
        await self.kafka(*(self.message(orjson.dumps(event), headers) for event in events))

    async def post(self, content: bytes, kind: str = STRUCTURED, **headers: str) -> httpx2.Response:
        """One request."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post("/v1/events", content=content, headers={"content-type": kind, **named})

    async def post_event(self, event: dict[str, Any], **headers: str) -> httpx2.Response:
        return await self.post(json.dumps(event).encode(), **headers)

    async def published(self, topic: str, key: str | None = None) -> list[Published]:
        """What the outbox holds for a topic, in order; each validated against the contract."""
        rows = await self.fetch(
            "select topic, key, headers, body from outbox where topic = $1 and ($2::text is null or key = $2)"
            " order by id",
            topic,
            key,
        )
        return [read(row) for row in rows]

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        async with self.pool.acquire() as conn:
            return await conn.fetch(query, *arguments)


def read(row: asyncpg.Record) -> Published:
    headers = orjson.loads(row["headers"])
    model = model_of(row["topic"], headers["ce_type"], int(headers["ce_version"]))
    assert isinstance(model, type)
    data = orjson.loads(row["body"])
    return Published(row["topic"], row["key"], headers, data, model.model_validate_json(row["body"]))


@asynccontextmanager
async def intake_world(server: str, admission: Admission = OPEN) -> AsyncIterator[World]:
    """A world on a new database of the server `server` (a DSN). `admission` says whom it asks who they are."""
    async with created(server) as dsn:
        await migrate(dsn, "intake", MIGRATIONS)
        pool = await connect(dsn, "intake", size=10)
        clock = StandingClock()
        intake = Intake(CATALOGUE, MARGINS, clock, admission)
        api = create_api("intake", live=lambda: None, ready=lambda: None, verifier=admission.verifier)
        woken: list[int] = []
        add_routes(api, pool, intake, lambda: woken.append(1), PATIENCE)
        transport = httpx2.ASGITransport(app=api, raise_app_exceptions=True)
        try:
            async with httpx2.AsyncClient(transport=transport, base_url="http://intake") as http:
                yield World(pool, intake, clock, http, woken=woken)
        finally:
            await pool.close()
