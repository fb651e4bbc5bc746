"""A fault of the deployment ends the process, loudly; no message is buried for it, and none is passed over."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from structlog.testing import capture_logs

from services.cli.config import inherited_environment
from shared import clock, wiring
from shared.errors import LogTrimmed, WrongEnvironment
from shared.inbox import Message
from shared.postgres import Connection, MigrationMismatch, Pool, check_migrated, is_environmental, migrate
from shared.settings import ServiceSettings
from tests.support.broker import Broker
from tests.support.probe import CREATE, TOPIC, Probe, failure
from tests.support.running import running
from tests.support.waiting import until


@pytest.fixture
async def probe(pool: Pool, broker: Broker) -> AsyncIterator[Probe]:
    await pool.execute(CREATE)
    await broker.create(TOPIC)
    yield Probe(pool, broker)


async def _ended_or_done(task: asyncio.Task[None], probe: Probe) -> bool:
    return task.done() or await probe.count(2)


STATEMENTS = [
    ("select nothing from effects", asyncpg.UndefinedColumnError),
    ("select from not_made_yet", asyncpg.UndefinedTableError),
    ("select not_made_yet()", asyncpg.UndefinedFunctionError),
    (
        "grant usage on schema probe to pg_monitor; set local role pg_monitor; table effects",
        asyncpg.InsufficientPrivilegeError,
    ),
    ("set transaction read only; delete from effects", asyncpg.ReadOnlySQLTransactionError),
]


@pytest.mark.parametrize(("statement", "error"), STATEMENTS, ids=[error.__name__ for _, error in STATEMENTS])
async def test_a_fault_of_the_deployment_buries_nothing(
    probe: Probe, broker: Broker, statement: str, error: type[Exception]
) -> None:
    async def handle(conn: Connection, messages: Sequence[Message]) -> None:
        await conn.execute(statement)

    await broker.send(TOPIC, b"0", b"1", b"2")
    assert isinstance(await failure(probe.consumer(handle=handle)), error)
    assert (await probe.letters(), await probe.stored()) == ([], None)
    async with running(probe.consumer()):
        await until(lambda: probe.count(3))


async def test_a_fault_of_the_deployment_that_comes_with_the_second_attempt_buries_nothing(
    probe: Probe, broker: Broker
) -> None:
    failures = iter([RuntimeError(), asyncpg.UndefinedTableError()])

    def fail(_: Sequence[Message]) -> None:
        raise next(failures)

    probe.before = fail
    await broker.send(TOPIC, b"0")
    assert isinstance(await failure(probe.consumer()), asyncpg.UndefinedTableError)
    assert (await probe.letters(), await probe.stored()) == ([], None)


async def test_a_transaction_that_was_idle_too_long_buries_nothing(probe: Probe, broker: Broker) -> None:
    """Whichever way the driver tells it: the process ends or the message is tried again."""
    stalled = 0

    async def handle(conn: Connection, messages: Sequence[Message]) -> None:
        nonlocal stalled
        if stalled < 2:
            stalled += 1
            await conn.execute("set local idle_in_transaction_session_timeout = '10ms'")
            pid = await conn.fetchval("select pg_backend_pid()")
            await until(lambda: probe.pool.fetchval(f"select count(*) = 0 from pg_stat_activity where pid = {pid}"))
        await probe.handle(conn, messages)

    await broker.send(TOPIC, b"0", b"1")
    while not await probe.count(2):
        task = asyncio.create_task(probe.consumer(handle=handle).run())
        await until(partial(_ended_or_done, task, probe))
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(ended, asyncio.CancelledError | asyncpg.InvalidTransactionStateError)
    assert await probe.letters() == []


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (asyncpg.InvalidCachedStatementError(), False),
        (asyncpg.LockNotAvailableError(), False),
        (asyncpg.UniqueViolationError(), False),
        (asyncpg.DataError(), False),
        (RuntimeError(), False),
        (asyncpg.IdleInTransactionSessionTimeoutError(), True),
        (asyncpg.ReadOnlySQLTransactionError(), True),
        (asyncpg.InvalidPasswordError(), True),
        (asyncpg.FeatureNotSupportedError(), True),
        (MigrationMismatch(), True),
    ],
)
def test_what_is_the_deployment_s_fault(error: Exception, expected: bool) -> None:
    assert is_environmental(error) is expected


async def test_a_clock_that_was_never_set_is_the_deployment_s_fault(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await conn.execute("create schema clock; create table clock.simulated (instant timestamptz, set_at timestamptz,"
                           " rate float8, confirmed timestamptz)")  # fmt: skip
        with pytest.raises(WrongEnvironment):
            await clock.SimulatedClock().moment(conn)


# What the log no longer holds


async def test_a_log_that_begins_after_the_stored_position_stops_loudly(
    probe: Probe, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retention passed us, or an old backup was restored. The embedded broker deletes nothing: where its log begins is
    pretended."""
    await broker.send(TOPIC, *(b"%d" % n for n in range(10)))
    await probe.pool.execute("insert into consumed_offsets values ($1, 0, 3)", TOPIC)
    begins_at(5, monkeypatch)
    error = await failure(probe.consumer())
    assert isinstance(error, LogTrimmed)
    assert "begins at 5, but was consumed up to 3 only: 2 messages" in str(error)
    assert (await probe.seen(), await probe.stored()) == ([], 3)


async def test_a_log_that_begins_where_we_go_on_is_fine(
    probe: Probe, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await broker.send(TOPIC, *(b"%d" % n for n in range(10)))
    await probe.pool.execute("insert into consumed_offsets values ($1, 0, 5)", TOPIC)
    begins_at(5, monkeypatch)
    async with running(probe.consumer()):
        await until(lambda: probe.count(5))
    assert await probe.by_partition() == {0: [5, 6, 7, 8, 9]}


async def test_a_log_that_is_cut_while_we_lag_stops_loudly(
    probe: Probe, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiokafka goes to the log's new beginning by itself: the messages between would be skipped without a word."""
    usual = AIOKafkaConsumer.getmany
    polling = asyncio.Event()

    async def cut(self: AIOKafkaConsumer, **options: Any) -> Any:
        polling.set()
        polled = await usual(self, **options)
        kept = {tp: [r for r in records if r.offset not in (3, 4)] for tp, records in polled.items()}
        return {tp: records for tp, records in kept.items() if records}

    await broker.send(TOPIC, b"0", b"1", b"2")
    task = asyncio.create_task(probe.consumer().run())
    await until(lambda: probe.count(3))
    monkeypatch.setattr(AIOKafkaConsumer, "getmany", cut)
    begins_at(5, monkeypatch)
    await polling.wait()
    await broker.send(TOPIC, b"3", b"4", b"5")
    await until(lambda: task.done())
    assert isinstance(task.exception(), LogTrimmed)
    assert await probe.seen() == [b"0", b"1", b"2"]


async def test_a_gap_in_a_log_that_is_whole_is_no_loss(
    probe: Probe, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compaction, and transactions that were taken back, leave some."""
    usual = AIOKafkaConsumer.getmany

    async def gaps(self: AIOKafkaConsumer, **options: Any) -> Any:
        polled = await usual(self, **options)
        kept = {tp: [r for r in records if r.offset % 2] for tp, records in polled.items()}
        return {tp: records for tp, records in kept.items() if records}

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", gaps)
    await broker.send(TOPIC, b"0", b"1", b"2", b"3")
    async with running(probe.consumer()):
        await until(lambda: probe.count(2))
    assert await probe.seen() == [b"1", b"3"]


async def test_the_broker_tells_where_its_logs_begin(broker: Broker) -> None:
    await broker.create(TOPIC)
    await broker.send(TOPIC, *(b"%d" % n for n in range(25)))
    places = [TopicPartition(broker.prefix + TOPIC, n) for n in range(2)]
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap)
    await consumer.start()
    try:
        assert await consumer.beginning_offsets(places) == dict.fromkeys(places, 0)
    finally:
        await consumer.stop()


def begins_at(offset: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the logs' first message is that one."""

    async def begins(self: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: offset if tp.partition == 0 else 0 for tp in partitions}

    monkeypatch.setattr(AIOKafkaConsumer, "beginning_offsets", begins)


# Migrations


async def test_a_service_starts_on_a_schema_of_its_build_only(database: str, tmp_path: Path) -> None:
    (tmp_path / "0001_create_things.sql").write_text("create table things (id int primary key);")
    settings = ServiceSettings(kafka="127.0.0.1:1", postgres=database)

    async def mismatch() -> str:
        with pytest.raises(MigrationMismatch) as raised:
            await wiring.database_of(settings, service="probe", migrations=tmp_path)
        return str(raised.value)

    assert await mismatch() == "the database has no schema probe: run `duban migrate`"
    await migrate(database, "probe", tmp_path)
    await (await wiring.database_of(settings, service="probe", migrations=tmp_path)).close()
    (tmp_path / "0002_add_names.sql").write_text("alter table things add column name text;")
    assert await mismatch() == "probe lacks own/0002_add_names: run `duban migrate`"
    await migrate(database, "probe", tmp_path)
    (tmp_path / "0002_add_names.sql").write_text("alter table things add column name int;")
    assert "own/0002_add_names was edited after it was applied" in await mismatch()


async def test_an_older_build_goes_on_beside_a_newer_one(database: str, tmp_path: Path) -> None:
    """Expand, deploy, contract: the schema is ahead of the processes for a while. It is said."""
    (tmp_path / "0001_create_things.sql").write_text("create table things (id int primary key);")
    await migrate(database, "probe", tmp_path)
    (tmp_path / "0001_create_things.sql").unlink()
    with capture_logs() as logs:
        await check_migrated(database, "probe", tmp_path)
    assert [(entry["event"], entry["unknown"]) for entry in logs] == [("schema_newer", ["own/0001_create_things"])]


@pytest.mark.parametrize("service", ["intake", "deadline", "accountability", "notification"])
async def test_every_service_says_what_it_lacks_and_ends(service: str, database: str) -> None:
    environment = {**inherited_environment(), "DUBAN_KAFKA": "127.0.0.1:1", "DUBAN_POSTGRES": database}
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", f"services.{service}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    assert f"the database has no schema {service}: run `duban migrate`" in ended.stdout + ended.stderr
