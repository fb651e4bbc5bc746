"""The running service on a real broker: a miss in, a case out; it drains when told."""

import asyncio
from typing import Any

import httpx2
import orjson

from services.accountability import metrics
from services.accountability.config import Settings
from services.accountability.main import build
from services.accountability.watch import last_rung
from services.cli.providers import Infrastructure
from shared.events.accountability import CardIssued, CaseAnswered, CaseOpened
from shared.events.base import Event
from shared.inbox import Message
from shared.postgres import Pool
from shared.runtime import serve
from tests.support.broker import Broker, open_broker
from tests.support.case_world import (
    StandingClock,
    World,
    assigned,
    day,
    delivered,
    key_of,
    missed,
    rung_missed,
)
from tests.support.waiting import until

TOPICS = ("deadline-events", "directory-events", "case-events", "accountability-dlq")


async def send(broker: Broker, m: Message) -> None:
    await broker.send(m.topic, m.value, key=m.key, headers=m.headers)


async def test_a_miss_becomes_a_case_that_can_be_read_and_answered(
    infrastructure: Infrastructure, database: str
) -> None:
    async with open_broker(infrastructure.kafka) as broker:
        await broker.create(*TOPICS)
        tuning: dict[str, Any] = {k.removeprefix("DUBAN_").lower(): v for k, v in infrastructure.settings.items()}
        settings = Settings(kafka=infrastructure.kafka, postgres=database, topic_prefix=broker.prefix, **tuning)
        app = await build(settings, StandingClock(day("2026-03-11")))
        stopping = asyncio.Event()
        served = asyncio.create_task(serve(app, stopping))
        try:
            await send(broker, delivered(assigned("zhang", "direct", "2025-01-01"), post="window-1"))
            await until(lambda: app.consumer.processed == 1)
            good = delivered(missed())
            await broker.send("deadline-events", b"{}", key=good.key, headers=good.headers)
            await send(broker, good)
            await until(lambda: app.consumer.processed == 2 and app.consumer.dead_lettered == 1)
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{app.port}") as client:
                case = (await client.get(f"/v1/cases/{key_of().case_id}")).json()
                assert (case["direct"], case["state"]) == ("zhang", "standing")
                reply = {"person": "zhang", "text": "It lay with us for two days."}
                assert (await client.post(f"/v1/cases/{key_of().case_id}/answers", json=reply)).status_code == 201
                assert (await client.get("/livez")).status_code == 200
                metrics = (await client.get("/metrics")).text
                assert 'duban_accountability_case_changes_total{kind="opened"}' in metrics
                assert "duban_accountability_last_rung_cases" in metrics
        finally:
            stopping.set()
            await served
        records = await broker.read("case-events")
        types = [dict(record.headers)["ce_type"].decode() for record in records]
        assert types == [CaseOpened.TYPE, CardIssued.TYPE, CaseAnswered.TYPE]
        models: tuple[type[Event], ...] = (CaseOpened, CardIssued, CaseAnswered)
        for record, model in zip(records, models, strict=True):
            model.model_validate_json(record.value)
        (letter,) = await broker.read("accountability-dlq")
        assert letter.value == b"{}"
        assert orjson.loads(records[0].value)["case_id"] == str(key_of().case_id)


async def test_the_gauge_of_the_last_rung_counts_who_waits(pool: Pool) -> None:
    async with pool.acquire() as conn:
        world = World(conn)
        await world.feed(delivered(missed()))
        await world.feed(delivered(rung_missed(key_of().case_id, 2, "2026-03-18")))
        await last_rung(conn)
    assert metrics.LAST_RUNG._value.get() == 1
