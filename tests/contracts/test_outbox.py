"""Events leave if and only if their transaction was committed, in the order of their key, by any number of relays."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from shared import outbox
from shared.events.base import aggregate_key
from shared.events.catalog import PARTITIONS
from shared.events.envelope import read_own
from shared.events.submissions import MatterClosed
from shared.outbox import Message, Relay
from shared.postgres import Pool
from tests.support.broker import Broker
from tests.support.running import crash, running
from tests.support.waiting import until

TOPIC = "matter-events"
KEYS = [aggregate_key("鲤城区", f"2026-{n:04}") for n in range(40)]


@pytest.fixture(autouse=True)
def made_events() -> None:
    """Stands in for the one that holds events to their models: the outbox carries anything, as these tests do."""


def numbered(key: str, n: int, topic: str = TOPIC) -> Message:
    return Message(topic, key, f"{key}#{n}", b'{"ce_id":"%d"}' % n, b"%d" % n)


def relay(pool: Pool, broker: Broker) -> Relay:
    return Relay(
        pool, broker.bootstrap, service="probe", idempotent=False, prefix=broker.prefix, batch=200, poll_s=0.02
    )


async def append(pool: Pool, messages: Sequence[Message]) -> None:
    async with pool.acquire() as conn, conn.transaction():
        await outbox.append(conn, messages)


async def all_sent(pool: Pool) -> bool:
    return bool(await pool.fetchval("select count(*) = 0 from outbox where sent_at is null"))


def by_key(records: Sequence[Any]) -> dict[str, list[int]]:
    found = defaultdict(list)
    for record in records:
        found[record.key.decode()].append(int(record.value))
    return dict(found)


async def test_what_a_transaction_took_back_never_leaves(pool: Pool, broker: Broker) -> None:
    await broker.create(TOPIC)
    async with running(relay(pool, broker)):
        with pytest.raises(RuntimeError, match="taken back"):
            async with pool.acquire() as conn, conn.transaction():
                await outbox.append(conn, [numbered(KEYS[0], 1)])
                raise RuntimeError("taken back")
        await append(pool, [numbered(KEYS[0], 2)])
        await until(lambda: all_sent(pool))
    assert by_key(await broker.read(TOPIC)) == {KEYS[0]: [2]}


async def test_each_key_keeps_its_order_on_the_partition_of_the_default_partitioner(pool: Pool, broker: Broker) -> None:
    await broker.create(TOPIC)
    async with running(relay(pool, broker)) as sending:
        for start in range(0, 50, 10):
            await append(pool, [numbered(key, n) for n in range(start, start + 10) for key in KEYS])
            sending.wake()
        await until(lambda: all_sent(pool))
    assert sending.sent == 2000
    records = await broker.read(TOPIC)
    assert by_key(records) == {key: list(range(50)) for key in KEYS}
    everywhere = list(range(PARTITIONS))
    assert {(r.key, r.partition) for r in records} == {
        (key.encode(), DefaultPartitioner()(key.encode(), everywhere, everywhere)) for key in KEYS
    }


@given(st.text(), st.integers(1, 50))
def test_a_bucket_is_the_partition_of_the_default_partitioner(key: str, partitions: int) -> None:
    key = key.encode("utf-8", "replace").decode()
    everywhere = list(range(partitions))
    assert outbox.bucket_of(key, partitions) == DefaultPartitioner()(key.encode(), everywhere, everywhere)


async def test_a_topic_may_have_another_number_of_partitions(pool: Pool, broker: Broker) -> None:
    await broker.create("probe-dlq", partitions=1)
    await broker.create(TOPIC, partitions=12)
    messages = [numbered(key, n, topic) for n in range(3) for key in KEYS for topic in ("probe-dlq", TOPIC)]
    await append(pool, messages)
    async with running(relay(pool, broker)):
        await until(lambda: all_sent(pool))
    assert by_key(await broker.read("probe-dlq")) == {key: [0, 1, 2] for key in KEYS}
    wide = await broker.read(TOPIC)
    assert by_key(wide) == {key: [0, 1, 2] for key in KEYS}
    assert {(r.key.decode(), r.partition) for r in wide} == {(key, outbox.bucket_of(key, 12)) for key in KEYS}


async def test_an_event_arrives_as_it_was_appended(pool: Pool, broker: Broker) -> None:
    await broker.create(TOPIC)
    event = MatterClosed.model_validate({"occurred_at": "2026-03-05T17:12:44+08:00", "outcome": "granted"})
    time = datetime(2026, 3, 5, 9, 12, 45, 555000, tzinfo=UTC)
    await append(
        pool,
        [
            outbox.message(
                TOPIC, event, id="e-1", source="/duban/intake", subject=KEYS[0], time=time, revision=7, causation="s-1"
            )
        ],
    )
    async with running(relay(pool, broker)):
        await until(lambda: all_sent(pool))
    (record,) = await broker.read(TOPIC)
    read = read_own(record.headers, record.value)
    assert (read.id, read.subject, read.time, read.revision, read.causation) == ("e-1", KEYS[0], time, 7, "s-1")
    assert record.key.decode() == read.subject
    assert MatterClosed.model_validate_json(read.data) == event
    assert dict(record.headers)["content-type"] == b"application/json"


async def test_large_events_are_sent_in_several_batches(pool: Pool, broker: Broker) -> None:
    await broker.create(TOPIC)
    bodies = [bytes([65 + n]) * 600_000 for n in range(4)] + [b"Z" * 1_040_000, b"last"]
    await append(pool, [Message(TOPIC, KEYS[0], str(n), b"{}", body) for n, body in enumerate(bodies)])
    async with running(relay(pool, broker)):
        await until(lambda: all_sent(pool))
    assert [record.value for record in await broker.read(TOPIC)] == bodies


async def test_two_relays_share_the_buckets_and_lose_and_reorder_nothing(pool: Pool, broker: Broker) -> None:
    await broker.create(TOPIC)
    first, second = relay(pool, broker), relay(pool, broker)

    async def shares() -> list[int]:
        rows = await pool.fetch(
            "select count(*) n from outbox_leases where expires_at > clock_timestamp() group by holder order by holder"
        )
        return [row["n"] for row in rows]

    async def holds(share: list[int]) -> bool:
        return await shares() == share

    async with running(first):
        await append(pool, [numbered(key, n) for n in range(20) for key in KEYS])
        await until(lambda: holds([6]))
        async with running(second):
            for start in range(20, 200, 10):
                await append(pool, [numbered(key, n) for n in range(start, start + 10) for key in KEYS])
            await until(lambda: holds([3, 3]))
            before = first.sent, second.sent
            await append(pool, [numbered(key, n) for n in range(200, 220) for key in KEYS])
            await until(lambda: all_sent(pool))
            assert first.sent > before[0]
            assert second.sent > before[1]
        await until(lambda: holds([6]))
        await append(pool, [numbered(key, n) for n in range(220, 240) for key in KEYS])
        await until(lambda: all_sent(pool))
    assert by_key(await broker.read(TOPIC)) == {key: list(range(240)) for key in KEYS}


async def test_a_dead_relay_keeps_its_buckets_until_its_leases_expire(pool: Pool, broker: Broker) -> None:
    await broker.create(TOPIC)
    expiry = await pool.fetchval("select clock_timestamp() + interval '1.5 s'")
    await pool.execute(
        "insert into outbox_leases select b, 'dead', 7, $2 from generate_series(0, $1 - 1) b", PARTITIONS, expiry
    )
    await append(pool, [numbered(key, 1) for key in KEYS])
    async with running(relay(pool, broker)):
        await until(lambda: all_sent(pool))
        assert await pool.fetchval("select min(sent_at) from outbox") >= expiry
        assert await pool.fetchval("select array_agg(distinct epoch) from outbox_leases") == [8]
    assert by_key(await broker.read(TOPIC)) == {key: [1] for key in KEYS}


async def test_a_crash_between_sending_and_marking_sends_the_same_event_again(pool: Pool, broker: Broker) -> None:
    await broker.create(TOPIC)
    await append(pool, [numbered(key, n) for n in range(5) for key in KEYS])
    async with running(relay(pool, broker)):
        await until(lambda: all_sent(pool))
    await pool.execute("update outbox set sent_at = null where event_id like '%#3' or event_id like '%#4'")
    async with running(relay(pool, broker)):
        await until(lambda: all_sent(pool))
    records = await broker.read(TOPIC)
    assert by_key(records) == {key: [0, 1, 2, 3, 4, 3, 4] for key in KEYS}
    assert len({(r.key, r.value, tuple(r.headers)) for r in records}) == 5 * len(KEYS)


async def test_stopping_sends_what_is_committed(pool: Pool, broker: Broker) -> None:
    await broker.create(TOPIC)
    sending = Relay(pool, broker.bootstrap, service="probe", idempotent=False, prefix=broker.prefix, batch=7, poll_s=60)
    async with running(sending):
        await until(lambda: pool.fetchval("select count(*) = 6 from outbox_leases"))
        await append(pool, [numbered(key, n) for n in range(5) for key in KEYS])
    assert await all_sent(pool)
    assert by_key(await broker.read(TOPIC)) == {key: list(range(5)) for key in KEYS}


async def test_a_wake_sends_before_the_next_poll(pool: Pool, broker: Broker) -> None:
    await broker.create(TOPIC)
    sending = Relay(pool, broker.bootstrap, service="probe", idempotent=False, prefix=broker.prefix, poll_s=60)

    async def append_and_send(n: int) -> None:
        await append(pool, [numbered(KEYS[0], n)])
        sending.wake()
        await until(lambda: all_sent(pool))

    async with running(sending), asyncio.timeout(10):
        for n in range(20):  # without the wake each would wait for the next look at the leases, a second
            await append_and_send(n)


async def test_the_log_of_each_partition_is_known_as_far_as_we_wrote_it(pool: Pool, broker: Broker) -> None:
    await broker.create(TOPIC)
    await append(pool, [numbered(key, n) for n in range(5) for key in KEYS])
    async with running(relay(pool, broker)):
        await until(lambda: all_sent(pool))
    ends: dict[int, int] = {}
    for record in await broker.read(TOPIC):
        ends[record.partition] = record.offset + 1
    rows = await pool.fetch("select topic, partition, next_offset from published_offsets")
    assert {(r["topic"], r["partition"]): r["next_offset"] for r in rows} == {
        (TOPIC, n): end for n, end in ends.items()
    }


async def test_a_backlog_without_statistics_is_read_by_its_index(pool: Pool) -> None:
    """A table that was just filled has no statistics; the planner would sort all of it for every batch."""
    await append(pool, [numbered(key, n) for n in range(500) for key in KEYS])
    async with pool.acquire() as conn:
        await conn.execute(outbox._PLAN)
        plan = await conn.fetchval(f"explain (format json) {outbox._UNSENT}", list(range(PARTITIONS)), 500)
    kinds = set()

    def walk(node: dict[str, Any]) -> None:
        kinds.add((node["Node Type"], node.get("Index Name")))
        for child in node.get("Plans", ()):
            walk(child)

    walk((orjson.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
    assert ("Index Scan", "outbox_unsent") in kinds
    assert not {"Sort", "Incremental Sort", "Seq Scan", "Bitmap Heap Scan"} & {kind for kind, _ in kinds}


async def test_a_relay_waits_for_a_broker_that_is_not_there(pool: Pool) -> None:
    """It neither ends nor leaves a producer open: warnings are errors here."""
    with capture_logs() as logs:
        task = asyncio.create_task(Relay(pool, "127.0.0.1:1", service="probe", idempotent=False).run())
        await until(lambda: len(logs) >= 2)
        assert not task.done()
        await crash(task)
    assert {(entry["event"], entry["error"]) for entry in logs} == {("relay_retrying", "KafkaConnectionError")}
