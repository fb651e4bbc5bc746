"""The gauges that every service has move as their help says: of the outbox, the consumer, the schema, the clocks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared import metrics, outbox
from shared.events.catalog import PARTITIONS
from shared.inbox import Message
from shared.outbox import bucket_of
from shared.postgres import Connection, Pool
from shared.watch import COUNTED, Measure, backlog, clocks, schema, watch
from tests.support.broker import Broker
from tests.support.metered import metric
from tests.support.probe import CREATE, TOPIC, Probe
from tests.support.running import running
from tests.support.waiting import until


@pytest.fixture
async def probe(pool: Pool, broker: Broker) -> AsyncIterator[Probe]:
    await pool.execute(CREATE)
    await broker.create(TOPIC)
    yield Probe(pool, broker)


async def measured(pool: Pool, measure: Measure) -> None:
    async with pool.acquire() as conn, conn.transaction():
        await measure(conn)


async def append(pool: Pool, keys: Sequence[str]) -> None:
    async with pool.acquire() as conn, conn.transaction():
        await outbox.append(conn, [outbox.Message("nowhere", key, key, b"{}", b"{}") for key in keys])


def seen(name: str) -> float | None:
    return metric(name, service="probe")


async def test_the_outbox_shows_how_much_is_unsent_how_old_it_is_and_what_is_set_aside(pool: Pool) -> None:
    measure = backlog("probe")
    await measured(pool, measure)
    assert (seen("duban_outbox_unsent_events"), seen("duban_outbox_oldest_unsent_seconds")) == (0, 0)
    await append(pool, ["a/1", "a/2", "a/3"])
    await pool.execute("update outbox set created_at = now() - interval '1 h' where key = 'a/2'")
    await measured(pool, measure)
    oldest = seen("duban_outbox_oldest_unsent_seconds")
    assert seen("duban_outbox_unsent_events") == 3
    assert oldest is not None and 3600 <= oldest < 3660
    await pool.execute("update outbox set quarantined_at = now(), quarantine_reason = 'x' where key = 'a/2'")
    await pool.execute("update outbox set sent_at = now() where key = 'a/1'")
    await measured(pool, measure)
    oldest = seen("duban_outbox_oldest_unsent_seconds")
    assert (seen("duban_outbox_unsent_events"), seen("duban_outbox_quarantined_events")) == (1, 1)
    assert oldest is not None and 0 < oldest < 60


async def test_a_backlog_is_counted_up_to_a_bound_for_each_partition(pool: Pool) -> None:
    bucket = bucket_of("a/1")
    await pool.execute(
        "insert into outbox (bucket, topic, key, event_id, headers, body)"
        " select $1, 't', 'a/1', 'e', '{}', '{}' from generate_series(1, $2)",
        bucket,
        COUNTED + 5,
    )
    await measured(pool, backlog("probe"))
    assert 0 <= bucket < PARTITIONS and seen("duban_outbox_unsent_events") == COUNTED


async def test_a_schema_of_another_build_is_seen(pool: Pool, tmp_path: Path) -> None:
    measure = schema("probe", tmp_path)
    await measured(pool, measure)
    assert seen("duban_schema_differing_migrations") == 0
    await pool.execute("insert into migrations values ('own/0002_add_what_is_new', 'x')")
    await measured(pool, measure)
    assert seen("duban_schema_differing_migrations") == 1
    await pool.execute("delete from migrations where name = 'shared/0002_create_outbox_relays'")
    await measured(pool, measure)
    assert seen("duban_schema_differing_migrations") == 2


async def test_a_clock_that_is_set_shows_as_a_jump_and_as_a_difference_to_the_database(pool: Pool) -> None:
    ahead = timedelta(0)

    def wall() -> datetime:
        return datetime.now(UTC) + ahead

    measure = clocks("probe", wall)
    await measured(pool, measure)
    jumped = seen("duban_clock_wall_offset_seconds")
    assert jumped is not None and abs(jumped) < 60
    ahead = timedelta(hours=1)
    await measured(pool, measure)
    jumped, database = seen("duban_clock_wall_offset_seconds"), seen("duban_clock_database_ahead_seconds")
    assert jumped is not None and 3540 < jumped < 3660
    assert database is not None and -3660 < database < -3540


async def test_gauges_that_cannot_be_read_grow_old_and_recover(pool: Pool) -> None:
    away, rounds = True, 0

    async def measure(_: object) -> None:
        nonlocal rounds
        rounds += 1
        if away:
            raise TimeoutError

    stopping = asyncio.Event()
    watching = asyncio.create_task(watch(pool, "probe", [measure], stopping, every_s=0.01))
    await until(lambda: rounds > 3)
    old = seen("duban_watch_age_seconds")
    away = False
    await until(lambda: (seen("duban_watch_age_seconds") or 0) < (old or 0))
    stopping.set()
    await watching


async def test_lag_rises_while_a_batch_is_held_up_and_falls_when_it_goes_through(probe: Probe, broker: Broker) -> None:
    def lag() -> float:
        found = [
            metric("duban_consumer_lag_messages", service="held", topic=TOPIC, partition=str(n))
            for n in range(PARTITIONS)
        ]
        return sum(value or 0 for value in found)

    def age() -> float:
        return metric("duban_consumer_progress_age_seconds", service="held", topic=TOPIC, partition="0") or 0

    held = True

    def hold(_: Sequence[Message]) -> None:
        if held:
            raise TimeoutError

    async with running(probe.consumer("held", batch=5)) as consumer:
        await broker.send(TOPIC, b"0")
        await until(lambda: metric("duban_consumer_messages_total", service="held", topic=TOPIC) == 1)
        await until(lambda: lag() == 0)
        assert metric("duban_consumer_owned_partitions", service="held") == PARTITIONS
        assert metric("duban_consumer_topic_partitions", service="held") == PARTITIONS
        probe.before = hold
        await broker.send(TOPIC, *[b"%d" % n for n in range(50)])
        await until(lambda: age() > 2)
        held = False
        await until(lambda: metric("duban_consumer_messages_total", service="held", topic=TOPIC) == 51)
        await until(lambda: lag() == 0)
        assert consumer.processed == 51
    assert metric("duban_consumer_owned_partitions", service="held") == 0
    assert metric("duban_consumer_lag_messages", service="held", topic=TOPIC, partition="0") is None


async def test_what_waits_behind_the_batch_in_hand_is_lag(probe: Probe, broker: Broker) -> None:
    lags: list[float] = []

    def look(_: Sequence[Message]) -> None:
        lags.append(metric("duban_consumer_lag_messages", service="behind", topic=TOPIC, partition="0") or 0)

    probe.after = look
    await broker.send(TOPIC, *[b"%d" % n for n in range(40)])
    async with running(probe.consumer("behind", batch=10)):
        await until(lambda: metric("duban_consumer_messages_total", service="behind", topic=TOPIC) == 40)
    assert lags[0] == 0, "nothing was known before the first batch"
    assert lags[1:] == sorted(lags[1:], reverse=True) and lags[1] > 0


async def test_a_batch_that_takes_long_is_seen_by_the_age_of_the_last_poll(probe: Probe, broker: Broker) -> None:
    begun, over = asyncio.Event(), asyncio.Event()

    async def handle(conn: Connection, messages: Sequence[Message]) -> None:
        begun.set()
        await over.wait()

    def age() -> float:
        return metric("duban_consumer_poll_age_seconds", service="slow") or 0

    await broker.send(TOPIC, b"0")
    async with running(probe.consumer("slow", handle=handle)):
        await begun.wait()
        await until(lambda: age() > 1)
        over.set()
        await until(lambda: age() < 1)


def test_what_was_never_counted_is_shown_as_0() -> None:
    metrics.expect("fresh", ["t"])
    for reason in metrics.DEAD:
        assert metric("duban_consumer_dead_letters_total", service="fresh", topic="t", reason=reason) == 0
    assert metric("duban_outbox_quarantined_total", service="fresh") == 0
