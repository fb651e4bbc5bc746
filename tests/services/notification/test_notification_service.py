"""The whole service on a real broker: events in; a notice, a webhook and their events out; drained when asked to."""

import asyncio

import httpx2
import orjson

from services.cli.providers import Infrastructure
from services.notification.config import Settings
from services.notification.handlers import TOPICS
from services.notification.main import build
from shared.clock import WallClock
from shared.runtime import serve
from tests.support.broker import open_broker
from tests.support.notice_world import World, delivered, opened, receiving
from tests.support.waiting import until


async def test_a_case_reaches_a_person_and_a_subscriber(
    infrastructure: Infrastructure, database: str, world: World
) -> None:
    async with open_broker(infrastructure.kafka) as broker, receiving() as receiver:
        await broker.create(*TOPICS, "notification-events", "notification-dlq")
        app = await build(
            Settings.model_validate(
                {
                    "kafka": infrastructure.kafka, "postgres": database, "topic_prefix": broker.prefix,
                    "notification_allow_private_webhooks": True, "notification_webhook_backoff_s": 0,
                }
            ),
            WallClock(),
        )  # fmt: skip
        stopping = asyncio.Event()
        service = asyncio.create_task(serve(app, stopping))
        async with httpx2.AsyncClient(trust_env=False) as http:

            async def ready() -> bool:
                return bool(app.port) and (await http.get(f"{base()}/readyz")).status_code == 200

            def base() -> str:
                return f"http://127.0.0.1:{app.port}"

            await until(ready)
            made = await http.post(f"{base()}/v1/subscriptions", json={"url": receiver.url, "types": ["case.*"]})
            assert made.status_code == 201
            message = delivered(opened(), id="e1")
            await broker.send("case-events", b"nonsense", partition=1)
            await broker.send("case-events", message.value, key=message.key, headers=message.headers)

            async def arrived() -> bool:
                page = (await http.get(f"{base()}/v1/people/li/inbox")).json()
                return len(page["notices"]) == 1 and len(receiver.requests) == 1

            await until(arrived)
            assert "duban_notification_notices_total" in (await http.get(f"{base()}/metrics")).text
        stopping.set()
        await service
        published = await broker.read("notification-events")
        assert {(orjson.loads(r.value)["channel"], dict(r.headers)["ce_type"]) for r in published} == {
            ("inbox", b"notification.sent"), ("webhook", b"notification.sent"),
        }  # fmt: skip
        assert {r.key for r in published} == {b"licheng/M1"}
        assert [r.value for r in await broker.read("notification-dlq")] == [b"nonsense"]
