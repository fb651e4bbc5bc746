"""A watermark stands in every partition, behind all facts of its source that were accepted before it (D8)."""

import asyncio
from typing import Any
from uuid import uuid4

import orjson

from services.cli.recovery.sources import events_of
from shared.events.base import aggregate_key
from shared.events.catalog import PARTITIONS
from shared.outbox import bucket_of
from tests.support.intake_submissions import new_key, registration
from tests.support.intake_world import World
from tests.support.submissions import submission


def watermark(authority: str = "licheng", **changes: Any) -> dict[str, Any]:
    key = aggregate_key(authority, "watermark")
    data = {"up_to": "2026-03-06T08:00:00+00:00"}
    return submission(**{"id": uuid4().hex, "type": "source.watermark", "subject": key, "data": data, **changes})


async def rows(world: World, topic: str = "matter-events") -> list[tuple[int, str, str]]:
    """(bucket, key, event id) of the outbox, in the order in which a relay sends each bucket."""
    found = await world.fetch("select bucket, key, event_id from outbox where topic = $1 order by id", topic)
    return [(row["bucket"], row["key"], row["event_id"]) for row in found]


async def test_a_watermark_is_one_event_in_every_partition(world: World) -> None:
    mark = watermark("once")
    answer = await world.post_event(mark)
    assert answer.status_code == 202
    mine = [(bucket, event) for bucket, key, event in await rows(world) if key == mark["subject"]]
    assert mine == [(bucket, answer.json()["event"]) for bucket in range(PARTITIONS)]
    published = await world.published("matter-events", mark["subject"])
    assert {each.headers["ce_revision"] for each in published} == {"1"}
    assert {each.data["up_to"] for each in published} == {"2026-03-06T08:00:00+00:00"}


async def test_a_watermark_sent_again_is_a_duplicate_and_is_not_published_again(world: World) -> None:
    mark = watermark("twice")
    await world.post_event(mark)
    assert (await world.post_event(mark)).json()["status"] == "duplicate"
    assert len(await world.published("matter-events", mark["subject"])) == PARTITIONS


async def test_a_watermark_follows_a_batch_of_its_source_that_is_still_under_way(world: World) -> None:
    """The batch has taken no row of the outbox yet when the watermark arrives, and commits after it was asked for."""
    fact, mark = registration(new_key("late")), watermark("late")
    async with world.pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await conn.execute("select pg_advisory_xact_lock_shared(hashtextextended($1, 8))", fact["source"])
        asked = asyncio.create_task(world.post_event(mark))
        while not await world.fetch("select from pg_locks where locktype = 'advisory' and not granted"):
            assert not asked.done()
        await conn.execute("set local lock_timeout = '1s'")
        await world.intake.handle(conn, [world.message(*_structured(fact))])
        await transaction.commit()
    assert (await asked).status_code == 202
    order = [key for bucket, key, _ in await rows(world) if bucket == bucket_of(fact["subject"])]
    assert order.index(fact["subject"]) < order.index(mark["subject"])


async def test_batches_of_one_source_and_watermarks_of_others_do_not_wait(world: World) -> None:
    one, other = registration(new_key()), watermark(source="/quanzhou/hotline")
    async with world.pool.acquire() as conn, conn.transaction():
        await world.intake.handle(conn, [world.message(*_structured(one))])
        async with asyncio.timeout(10):
            assert (await world.post_event(registration(new_key()))).status_code == 202
            assert (await world.post_event(other)).status_code == 202


async def test_a_watermark_from_the_future_or_of_a_matter_is_refused(world: World) -> None:
    ahead = await world.post_event(watermark(data={"up_to": "2026-03-06T09:06:00+00:00"}))
    assert [(e["code"], e["pointer"]) for e in ahead.json()["errors"]] == [("in-the-future", "/data/up_to")]
    misplaced = await world.post_event(watermark(subject="licheng/2026-0117"))
    assert [e["code"] for e in misplaced.json()["errors"]] == ["not-a-watermark"]


async def test_a_rebuilt_topic_has_its_watermarks_last_and_in_every_partition(world: World) -> None:
    mark, fact = watermark("again"), registration(new_key("zz-after-it"))
    await world.send(mark, fact)
    async with world.pool.acquire() as conn, conn.transaction():
        sent = [message async for batch in events_of(conn, "matter-events") for message in batch]
    mine = [message.bucket for message in sent if message.key == mark["subject"]]
    assert mine == list(range(PARTITIONS))
    keys = [message.key for message in sent]
    assert keys.index(fact["subject"]) < keys.index(mark["subject"])
    assert {message.key.rpartition("/")[2] for message in sent[keys.index(mark["subject"]) :]} == {"watermark"}


def _structured(event: dict[str, Any]) -> tuple[bytes, list[tuple[str, bytes | None]]]:
    return orjson.dumps(event), [("content-type", b"application/cloudevents+json")]
