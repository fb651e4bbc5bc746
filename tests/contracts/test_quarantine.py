"""What the broker refuses for good holds nothing else up, is never lost sight of, and is sent once it can be."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError, NotEnoughReplicasError, TopicAuthorizationFailedError
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shared import outbox
from shared.errors import NewerVersion, Permanent
from shared.outbox import Message, Relay
from shared.postgres import Pool
from shared.sending import MAX_BYTES
from tests.support.broker import Broker
from tests.support.probe import CREATE, TOPIC, Probe
from tests.support.running import running
from tests.support.waiting import until

KEY = "A/1"
HUGE = b"x" * (MAX_BYTES + 1)


@pytest.fixture(autouse=True)
def made_events() -> None:
    """Stands in for the one that holds events to their models: the outbox carries anything, as these tests do."""


@pytest.fixture
async def made(broker: Broker) -> AsyncIterator[None]:
    await broker.create(TOPIC)
    yield


def relay(pool: Pool, broker: Broker, **changes: Any) -> Relay:
    return Relay(pool, broker.bootstrap, service="probe", idempotent=False, prefix=broker.prefix, **changes)


async def append(pool: Pool, *bodies: bytes, topic: str = TOPIC, key: str = KEY) -> None:
    async with pool.acquire() as conn, conn.transaction():
        await outbox.append(conn, [Message(topic, key, "id", b"{}", body) for body in bodies])


async def nothing_waits(pool: Pool) -> bool:
    return bool(await pool.fetchval("select count(*) = 0 from outbox where sent_at is null and quarantined_at is null"))


async def quarantined(pool: Pool) -> list[tuple[int, str]]:
    """The size and the reason of each row that was set aside."""
    rows = await pool.fetch("select length(body), quarantine_reason from outbox where quarantined_at is not null")
    return [(size, reason) for size, reason in rows]


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


async def test_a_row_too_large_is_set_aside_and_the_others_go_in_order(pool: Pool, broker: Broker, made: None) -> None:
    before = metric("duban_outbox_quarantined_total", service="probe")
    await append(pool, b"0", b"1", HUGE, b"3", b"4")
    with capture_logs() as logs:
        async with running(relay(pool, broker)) as sending:
            await until(lambda: nothing_waits(pool))
            await append(pool, b"5")
            await until(lambda: nothing_waits(pool))
    assert [record.value for record in await broker.read(TOPIC)] == [b"0", b"1", b"3", b"4", b"5"]
    assert await quarantined(pool) == [(len(HUGE), "MessageSizeTooLargeError")]
    assert sending.sent == 5
    assert metric("duban_outbox_quarantined_total", service="probe") == before + 1
    (entry,) = [entry for entry in logs if entry["event"] == "quarantined"]
    assert (entry["topic"], entry["reason"], entry["log_level"]) == (TOPIC, "MessageSizeTooLargeError", "error")


async def test_a_row_that_the_broker_refuses_in_a_batch_is_found_row_by_row(
    pool: Pool, broker: Broker, made: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a broker does whose limit is lower than ours; the embedded one has none."""
    answering(monkeypatch, lambda body: MessageSizeTooLargeError if b"poison" in body else None)
    await append(pool, b"0", b"poison 1", b"2", b"poison 3", b"4")
    await append(pool, b"other", key="A/2")
    async with running(relay(pool, broker)):
        await until(lambda: nothing_waits(pool))
    values = [record.value for record in await broker.read(TOPIC) if record.key == KEY.encode()]
    assert values == [b"0", b"2", b"4"]
    assert await quarantined(pool) == [(8, "MessageSizeTooLargeError")] * 2


async def test_what_was_set_aside_is_sent_when_an_operator_lets_it_go(
    pool: Pool, broker: Broker, made: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        answering(patched, lambda body: MessageSizeTooLargeError if b"poison" in body else None)
        await append(pool, b"0", b"poison")
        async with running(relay(pool, broker)):
            await until(lambda: nothing_waits(pool))
    await pool.execute("update outbox set quarantined_at = null, quarantine_reason = null")
    async with running(relay(pool, broker)):
        await until(lambda: nothing_waits(pool))
    assert [record.value for record in await broker.read(TOPIC)] == [b"0", b"poison"]


async def test_a_topic_that_cannot_exist_holds_nothing_up(pool: Pool, broker: Broker, made: None) -> None:
    await append(pool, b"nowhere", topic="no topic/at all")
    await append(pool, b"0")
    async with running(relay(pool, broker)):
        await until(lambda: nothing_waits(pool))
    assert [record.value for record in await broker.read(TOPIC)] == [b"0"]
    assert await quarantined(pool) == [(7, "InvalidTopicError")]


@pytest.mark.parametrize("error", [NotEnoughReplicasError, TopicAuthorizationFailedError])
async def test_what_is_not_about_the_row_sets_none_aside(
    pool: Pool, broker: Broker, made: None, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """A privilege that is missing would empty the outbox into the quarantine."""
    failures = iter(range(2))
    answering(monkeypatch, lambda body: error if next(failures, None) is not None else None)
    await append(pool, b"0", b"1")
    async with running(relay(pool, broker)):
        await until(lambda: nothing_waits(pool))
    assert [record.value for record in await broker.read(TOPIC)] == [b"0", b"1"]
    assert await quarantined(pool) == []


def answering(monkeypatch: pytest.MonkeyPatch, judge: Callable[[bytes], type[Exception] | None]) -> None:
    """The broker answers a batch with what `judge` says of its bytes."""
    usual = AIOKafkaProducer.send_batch

    async def send_batch(self: AIOKafkaProducer, batch: Any, topic: str, *, partition: int) -> Any:
        if (error := judge(bytes(batch._build()))) is None:
            return await usual(self, batch, topic, partition=partition)
        refused = asyncio.get_running_loop().create_future()
        refused.set_exception(error())
        return refused

    monkeypatch.setattr(AIOKafkaProducer, "send_batch", send_batch)


async def test_a_row_is_sent_or_set_aside_with_its_reason(pool: Pool) -> None:
    await append(pool, b"0")
    with pytest.raises(asyncpg.CheckViolationError, match="outbox_sent_or_quarantined"):
        await pool.execute("update outbox set sent_at = now(), quarantined_at = now(), quarantine_reason = 'x'")
    with pytest.raises(asyncpg.CheckViolationError, match="outbox_quarantined_with_its_reason"):
        await pool.execute("update outbox set quarantined_at = now()")


# How long rows are kept


async def test_what_was_sent_long_ago_is_deleted_and_nothing_else(pool: Pool, broker: Broker, made: None) -> None:
    await append(pool, b"old", b"unsent", b"aside", b"old too", b"young")
    await pool.execute("update outbox set created_at = now() - interval '99 d'")
    await pool.execute("update outbox set sent_at = now() - interval '31 d' where body like 'old%'")
    await pool.execute("update outbox set sent_at = now() - interval '29 d' where body = 'young'")
    await pool.execute("update outbox set quarantined_at = now() - interval '31 d', quarantine_reason = 'x'"
                       " where body = 'aside'")  # fmt: skip
    async with pool.acquire() as conn:
        assert await outbox.purge_sent(conn, timedelta(days=30), limit=1) == 1
        assert await outbox.purge_sent(conn, timedelta(days=30)) == 1
        assert await outbox.purge_sent(conn, timedelta(days=30)) == 0
    bodies = await pool.fetchval("select array_agg(body order by id) from outbox")
    assert bodies == [b"unsent", b"aside", b"young"]


async def test_the_relay_deletes_what_was_sent_long_ago(pool: Pool, broker: Broker, made: None) -> None:
    await append(pool, *(b"%d" % n for n in range(2500)))
    await pool.execute("update outbox set sent_at = now() - interval '3 d'")
    await append(pool, b"new")
    async with running(relay(pool, broker, keep_days=2)):
        await until(lambda: pool.fetchval("select array_agg(body) = array['new'::bytea] from outbox"))
    assert [record.value for record in await broker.read(TOPIC)] == [b"new"]


# What operators see


async def test_messages_dead_letters_and_stopped_partitions_are_counted(pool: Pool, broker: Broker, made: None) -> None:
    def refuse(messages: Any) -> None:
        for m in messages:
            if m.value == b"poison":
                raise Permanent("cannot be read")
            if m.value == b"newer":
                raise NewerVersion("version 2")

    await pool.execute(CREATE)
    probe = Probe(pool, broker)
    probe.before = refuse
    await broker.send(TOPIC, b"0", b"poison", b"2", b"newer", b"4")
    async with running(probe.consumer("probe-counted")) as consumer:
        await until(lambda: consumer.stopped_partitions != {})
        assert metric("duban_consumer_stopped_partitions", service="probe-counted") == 1
    labels = {"service": "probe-counted", "topic": TOPIC}
    assert metric("duban_consumer_messages_total", **labels) == 2
    assert metric("duban_consumer_dead_letters_total", **labels, reason="contradictory") == 1
    probe.before = lambda _: None
    async with running(probe.consumer("probe-counted")):
        await until(lambda: probe.count(4))
        assert metric("duban_consumer_stopped_partitions", service="probe-counted") == 0
    assert metric("duban_consumer_messages_total", **labels) == 4
