"""The broker is killed under load and comes back, or stops answering without closing a connection."""

import asyncio
import signal

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import OutOfOrderSequenceNumber

from services.cli.providers.apache import ApacheKafka
from shared.outbox import Message, Relay, append
from shared.positions import CAUGHT_UP_S
from shared.postgres import connect
from tests.faults.broker import ids_on
from tests.faults.database import connected
from tests.faults.fleet import Fleet
from tests.faults.scenes import LATE, MATTERS, STEPS, play, receive, staff, state_of
from tests.faults.state import State, difference
from tests.support.running import running
from tests.support.waiting import until


async def test_a_broker_killed_under_load_twice_costs_nothing(fleet: Fleet, calm: State, apache: ApacheKafka) -> None:
    """Idempotent producers and consumers find their way back by themselves; no process ends."""
    await fleet.start_all()
    await play(fleet, staff)
    processes = dict(fleet.processes)
    loading = asyncio.create_task(receive(fleet))
    for _ in range(2):
        before = fleet.sent
        while fleet.sent < before + 10 and not loading.done():  # noqa: ASYNC110 - a counter has no event
            await asyncio.sleep(0.01)
        assert apache.child is not None
        apache.child.signal(signal.SIGKILL)
        await apache.child.wait()
        await apache.restart()
    await loading
    await play(fleet, *STEPS[2:])
    assert (found := difference(calm, await state_of(fleet))) == "", found
    assert all(process.child.running for process in processes.values())
    published = await ids_on(fleet, "matter-events")
    async with connected(fleet.dsn) as conn:
        facts = await conn.fetch("select published_id from intake.facts where topic = 'matter-events'")
    assert {row["published_id"] for row in facts} == set(published)


async def test_a_broker_that_does_not_answer_accuses_nobody_and_is_told(fleet: Fleet, apache: ApacheKafka) -> None:
    """It accepts and never answers: what stands on it unread may be completions. Its silence is no end of the log."""
    await fleet.start_all()
    await play(fleet, *STEPS[:4])
    deadline = fleet.processes["deadline"]
    assert apache.child is not None
    apache.child.signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(CAUGHT_UP_S + 1)  # for so long the last answer counts; nothing tells when it does not
        await fleet.jump(LATE)

        async def told() -> bool:
            status, text = await deadline.ask("/readyz")
            return status == 503 and "consumer_reconnecting" in text

        await until(told, within_s=90)
        assert (await deadline.ask("/livez"))[0] == 200, "it tries again: a new start would not help"
        async with connected(fleet.dsn) as conn:
            assert await conn.fetchval("select count(*) from deadline.clocks where state = 'missed'") == 0
    finally:
        apache.child.signal(signal.SIGCONT)
    await fleet.settled()
    async with connected(fleet.dsn) as conn:
        assert await conn.fetchval("select count(*) from accountability.cases") == MATTERS - 20
    assert deadline.child.running


async def test_a_producer_that_is_wedged_is_replaced(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """aiokafka/issues/1017: every send of an idempotent producer fails, and goes on failing."""
    made: list[AIOKafkaProducer] = []
    send = AIOKafkaProducer.send_batch

    async def refuse(self: AIOKafkaProducer, *arguments: object, **named: object) -> object:
        if self not in made:
            made.append(self)
        if made.index(self) < 2:
            raise OutOfOrderSequenceNumber
        return await send(self, *arguments, **named)

    monkeypatch.setattr(AIOKafkaProducer, "send_batch", refuse)
    pool = await connect(fleet.dsn, "intake")
    relay = Relay(pool, fleet.kafka, service="intake", idempotent=True, prefix=fleet.prefix)
    async with pool.acquire() as conn, conn.transaction():
        await append(conn, [Message("rejections", "A/1", f"{n}", b'{"ce_id": "%d"}' % n, b"{}") for n in range(3)])
    async with running(relay):
        await until(lambda: pool.fetchval("select bool_and(sent_at is not null) from outbox"), within_s=30)
    assert len(made) == 3
    assert await ids_on(fleet, "rejections") == ["0", "1", "2"]
    await pool.close()
