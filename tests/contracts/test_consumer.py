"""The inbox path on a real broker: each message has its effect once, in order, whatever fails or restarts."""

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest

from shared import runtime
from shared.errors import LogTooShort, Permanent
from shared.inbox import Message
from shared.outbox import Relay
from shared.postgres import Connection
from tests.support.broker import Broker
from tests.support.probe import TOPIC, Probe, failure, fill
from tests.support.running import crash, running
from tests.support.waiting import until

# Positions


async def test_a_restart_continues_exactly(probe: Probe, broker: Broker) -> None:
    await fill(broker, 0, 600)
    async with running(probe.consumer()):
        await until(lambda: probe.count(600))
    await fill(broker, 600, 1200)
    async with running(probe.consumer()):
        await until(lambda: probe.count(1200))
    assert sorted(map(int, await probe.seen())) == list(range(1200))
    assert await probe.by_partition() == {partition: list(range(200)) for partition in range(6)}
    assert [await probe.stored(n) for n in range(6)] == [200] * 6


async def test_a_crash_before_the_commit_leaves_neither_effect_nor_position(probe: Probe, broker: Broker) -> None:
    await fill(broker, 0, 600)
    reached = asyncio.Event()

    async def handle(conn: Connection, messages: Sequence[Message]) -> None:
        await probe.handle(conn, messages)
        if len(probe.batches) == 3:
            reached.set()
            await asyncio.Event().wait()  # where a kill -9 finds it

    task = asyncio.create_task(probe.consumer(handle=handle).run())
    async with asyncio.timeout(15):
        await reached.wait()
    await crash(task)
    done = len(await probe.seen())
    assert done == sum(probe.batches[:2])
    assert sum([await probe.stored(n) or 0 for n in range(6)]) == done
    async with running(probe.consumer()):
        await until(lambda: probe.count(600))
    assert await probe.by_partition() == {partition: list(range(100)) for partition in range(6)}


@pytest.mark.parametrize("stored", [10, None])
async def test_the_stored_position_counts_and_not_the_one_in_kafka(
    probe: Probe, broker: Broker, stored: int | None
) -> None:
    """D13: a restored database is behind what Kafka believes, and skips nothing."""
    await broker.send(TOPIC, *(b"%d" % n for n in range(50)))
    await broker.commit("probe", TOPIC, partition=0, offset=40)
    assert await broker.committed("probe", TOPIC, partition=0) == 40
    if stored is not None:
        await probe.pool.execute("insert into consumed_offsets values ($1, 0, $2)", TOPIC, stored)
    async with running(probe.consumer()):
        await until(lambda: probe.count(50 - (stored or 0)))
    assert await probe.by_partition() == {0: list(range(stored or 0, 50))}


async def test_a_position_beyond_the_log_stops_loudly(probe: Probe, broker: Broker) -> None:
    """The topic was recreated: reading on from its beginning, or waiting, would both skip events."""
    await broker.send(TOPIC, b"0", b"1")
    await probe.pool.execute("insert into consumed_offsets values ($1, 0, 500)", TOPIC)
    assert isinstance(await failure(probe.consumer()), LogTooShort)
    assert await probe.seen() == []
    assert await probe.stored() == 500


async def test_a_position_at_the_end_of_the_log_is_fine(probe: Probe, broker: Broker) -> None:
    await broker.send(TOPIC, b"0", b"1")
    await probe.pool.execute("insert into consumed_offsets values ($1, 0, 2)", TOPIC)
    async with running(probe.consumer()) as consumer:
        await until(lambda: consumer.assigned)
        await broker.send(TOPIC, b"2")
        await until(lambda: probe.count(1))
    assert await probe.seen() == [b"2"]


# Failures


POISON = b"\x00\xff not an event"


async def test_poison_among_a_thousand_is_dead_lettered_alone(probe: Probe, broker: Broker) -> None:
    def refuse(messages: Sequence[Message]) -> None:
        if any(m.value == POISON for m in messages):
            raise Permanent("cannot be read")

    probe.before = refuse
    await broker.create("probe-dlq", partitions=1)
    await broker.send(TOPIC, *(b"%d" % n for n in range(500)))
    await broker.send(TOPIC, POISON, key=b"\xff\0key", headers=[("ce_id", b"\xff"), ("ce_null", None)])
    await broker.send(TOPIC, *(b"%d" % n for n in range(500, 1000)))
    relay = Relay(probe.pool, broker.bootstrap, service="probe", idempotent=False, prefix=broker.prefix)
    async with running(relay), running(probe.consumer(committed=relay.wake)) as consumer:
        await until(lambda: probe.count(1000))
        await until(lambda: probe.pool.fetchval("select bool_and(sent_at is not null) from outbox"))
        assert runtime.ready(consumer) is None
    assert [int(value) for value in await probe.seen()] == list(range(1000))
    assert await probe.letters() == [(0, 500, POISON, "cannot be read")]
    assert (consumer.dead_lettered, consumer.processed) == (1, 1000)
    assert await probe.stored() == 1001
    (letter,) = await broker.read("probe-dlq")
    assert letter.value == POISON
    assert dict(letter.headers) == {
        "reason": b"cannot be read", "topic": TOPIC.encode(), "partition": b"0", "offset": b"500",
    }  # fmt: skip


async def test_an_error_that_repeats_is_given_up_after_some_attempts(probe: Probe, broker: Broker) -> None:
    attempts = []

    def stumble(messages: Sequence[Message]) -> None:
        if any(m.value == POISON for m in messages):
            attempts.append(len(messages))
            raise RuntimeError("a bug")

    probe.after = stumble
    await broker.send(TOPIC, b"before", POISON, b"after")
    async with running(probe.consumer()):
        await until(lambda: probe.count(2))
    assert await probe.seen() == [b"before", b"after"]
    assert await probe.letters() == [(0, 1, POISON, "RuntimeError after 5 attempts")]
    assert attempts[-5:] == [1] * 5


async def test_a_value_that_no_column_holds_is_not_retried_for_ever(probe: Probe, broker: Broker) -> None:
    async def handle(conn: Connection, messages: Sequence[Message]) -> None:
        for m in messages:
            await conn.execute("insert into effects (partition, value) values ($1, $2)", int(m.value or b"0"), m.value)

    await broker.send(TOPIC, b"1", b"99999999999999999999", b"2")
    async with running(probe.consumer(handle=handle)):
        await until(lambda: probe.count(2))
    assert [(offset, reason) for _, offset, _, reason in await probe.letters()] == [(1, "DataError after 5 attempts")]


@pytest.mark.parametrize("error", [asyncpg.SerializationError, asyncpg.DeadlockDetectedError, ConnectionResetError])
async def test_a_passing_error_is_retried_until_it_passes(probe: Probe, broker: Broker, error: type[Exception]) -> None:
    failures = iter(range(6))  # the batch, then as often as a message is tried when the fault is its own

    def fail(_: Sequence[Message]) -> None:
        if next(failures, None) is not None:
            raise error

    probe.after = fail
    await broker.send(TOPIC, b"0", b"1", b"2")
    async with running(probe.consumer()):
        await until(lambda: probe.count(3))
    assert await probe.seen() == [b"0", b"1", b"2"]
    assert await probe.letters() == []


async def test_a_database_that_goes_away_for_a_moment_is_waited_for(probe: Probe, broker: Broker) -> None:
    async with running(probe.consumer()):
        await broker.send(TOPIC, b"0")
        await until(lambda: probe.count(1))
        others = "datname = current_database() and pid <> pg_backend_pid()"
        await probe.pool.execute(f"select count(pg_terminate_backend(pid)) from pg_stat_activity where {others}")
        await broker.send(TOPIC, b"1", b"2")
        await until(lambda: probe.count(3))
    assert await probe.seen() == [b"0", b"1", b"2"]
    assert await probe.letters() == []


# Several members


async def test_two_that_both_believe_they_own_a_partition_have_one_effect(probe: Probe, broker: Broker) -> None:
    """A zombie after a rebalance: here two groups, so that each is given every message."""
    await fill(broker, 0, 3000)
    async with running(probe.consumer("one")) as one, running(probe.consumer("two")) as two:
        await until(lambda: probe.count(3000))
        await until(lambda: one.assigned and two.assigned)
        await fill(broker, 3000, 6000)
        await until(lambda: probe.count(6000))
    assert await probe.by_partition() == {partition: list(range(1000)) for partition in range(6)}
    assert one.processed + two.processed == 6000


async def test_members_come_and_go_and_nothing_is_lost_doubled_or_reordered(probe: Probe, broker: Broker) -> None:
    await fill(broker, 0, 1200)
    async with running(probe.consumer(batch=20)) as first:
        await until(lambda: probe.count(100))
        async with running(probe.consumer(batch=20)) as second:
            await until(lambda: second.assigned)
            await fill(broker, 1200, 2400)
            await until(lambda: second.processed > 0)
            await until(lambda: probe.count(2400), within_s=30)
        await fill(broker, 2400, 3000)
        await until(lambda: probe.count(3000), within_s=30)
    assert first.processed + second.processed == 3000
    assert await probe.by_partition() == {partition: list(range(500)) for partition in range(6)}
