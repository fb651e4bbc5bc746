"""The running service on a real broker: good and bad messages in, facts and rejections out; it drains when told."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2
import orjson

from services.cli.providers import Infrastructure
from services.intake.config import Settings
from services.intake.main import MIGRATIONS, build
from shared.events.envelope import STRUCTURED
from shared.postgres import migrate
from shared.runtime import serve
from tests.support.broker import open_broker
from tests.support.intake_world import StandingClock
from tests.support.submissions import binary, submission
from tests.support.waiting import until

TOPICS = ("submissions", "matter-events", "directory-events", "rejections", "intake-dlq")


async def test_messages_of_every_kind_go_through_the_running_service(
    infrastructure: Infrastructure, database: str
) -> None:
    await migrate(database, "intake", MIGRATIONS)
    event = submission(id=uuid4().hex, subject="licheng/1")
    by_http = submission(id=uuid4().hex, subject="licheng/2")
    headers, value = binary(submission(id=uuid4().hex, subject="licheng/3"))
    kind = [("content-type", STRUCTURED.encode())]
    async with open_broker(infrastructure.kafka) as broker:
        await broker.create(*TOPICS)
        tuning: dict[str, Any] = {k.removeprefix("DUBAN_").lower(): v for k, v in infrastructure.settings.items()}
        settings = Settings(kafka=infrastructure.kafka, postgres=database, topic_prefix=broker.prefix, **tuning)
        app = await build(settings, StandingClock())
        stopping = asyncio.Event()
        served = asyncio.create_task(serve(app, stopping))
        try:
            await broker.send("submissions", orjson.dumps(event), orjson.dumps(event), headers=kind, key=b"licheng/1")
            await broker.send("submissions", b"not json", None, headers=kind, key=b"licheng/1")
            await broker.send("submissions", value, headers=[*headers, ("reply_to", b"elsewhere"), ("x", None)])
            await broker.send("submissions", value, headers=[("ce_specversion", b"1.0"), ("ce_id", None)])
            await broker.send("submissions", value, headers=[("ce_specversion", b"1.0"), ("ce_id", b"\xff")])
            await until(lambda: app.consumer.processed == 7)
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{app.port}") as client:
                answer = await client.post(
                    "/v1/events", content=orjson.dumps(by_http), headers={"content-type": STRUCTURED}
                )
                assert answer.status_code == 202
                metrics = (await client.get("/metrics")).text
                assert 'duban_intake_rejected_total{code="null-header",transport="kafka"}' in metrics
                assert (await client.get("/readyz")).status_code == 200
        finally:
            stopping.set()
            await served
        facts = await broker.read("matter-events")
        rejections = await broker.read("rejections")
        letters = await broker.read("intake-dlq")
    assert sorted(record.key for record in facts) == [b"licheng/1", b"licheng/2", b"licheng/3"]
    codes = [reason["code"] for record in rejections for reason in orjson.loads(record.value)["reasons"]]
    assert sorted(codes) == ["not-json", "not-json", "not-utf8-header", "null-header"]
    assert letters == []
    assert app.consumer.dead_lettered == 0
