"""When nothing is in flight: each cause of later work keeps the watch waiting, and only those do."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.migrate import SERVICES, migrate_all
from services.cli.providers import Infrastructure
from services.cli.replay.feed import Feed, producing
from services.cli.replay.watch import Stuck, Watch, behind, consumed_topics
from services.cli.topics import ensure_topics
from shared.clock import create_simulated, set_simulated
from shared.events.catalog import topics
from shared.outbox import Message, bucket_of
from shared.postgres import Connection

NOW = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


@pytest.fixture
async def conn(database: str) -> AsyncIterator[Connection]:
    await migrate_all(database)
    connection = await asyncpg.connect(database)
    await create_simulated(connection, NOW)
    yield connection
    await connection.close()


@pytest.fixture
async def watch(conn: Connection) -> Watch:
    return await Watch(conn, topics()).start()


async def waiting(watch: Watch) -> list[str]:
    return watch.waiting_for(await watch.snapshot())


async def test_services_that_never_had_anything_to_do_are_quiet(watch: Watch) -> None:
    seen = await watch.until_quiet()
    assert (seen.now, seen.confirmed, seen.alarm) == (NOW, NOW, None)


@pytest.mark.parametrize("service", SERVICES)
async def test_an_unsent_event_is_in_flight(watch: Watch, conn: Connection, service: str) -> None:
    await conn.execute(
        f"insert into {service}.outbox (bucket, topic, key, event_id, headers, body) values (0, 't', 'k', 'e', '', '')"
    )
    assert await waiting(watch) == [f"{service} has unsent events"]
    await conn.execute(f"update {service}.outbox set sent_at = now()")
    assert await waiting(watch) == []


async def test_words_that_are_in_no_card_are_in_flight_but_those_set_aside(watch: Watch, conn: Connection) -> None:
    await conn.execute("insert into accountability.told_words (words, amount) values ('[]', 1)")
    assert await waiting(watch) == ["accountability has words that are in no card"]
    await conn.execute("update accountability.told_words set set_aside_at = now(), reason = 'ArithmeticError'")
    assert await waiting(watch) == []


async def test_our_own_message_is_in_flight_until_it_is_consumed(
    infrastructure: Infrastructure, watch: Watch, conn: Connection, database: str
) -> None:
    prefix = f"{urlsplit(database).path[1:]}-"
    await ensure_topics(infrastructure.kafka, prefix)
    sent: list[int] = []
    async with producing(infrastructure.kafka) as producer:
        feed = Feed(conn, producer, watch, prefix, sent.append)
        await feed.send(Message("submissions", "a/1", f"e{n}", b"{}", b"{}") for n in range(3))
    assert sent == [3]
    partition = bucket_of("a/1")
    expected = f"intake has consumed submissions/{partition} up to"
    assert await waiting(watch) == [f"{expected} 0 of 3"]
    await conn.execute("insert into intake.consumed_offsets values ('submissions', $1, 2)", partition)
    with pytest.raises(Stuck, match=f"nothing has moved for 0.1 s: {expected} 2 of 3"):
        await watch.until_quiet(give_up_s=0.1)
    await conn.execute("update intake.consumed_offsets set next_offset = 3")
    await watch.until_quiet()


async def test_a_published_event_is_in_flight_until_all_its_consumers_have_it(watch: Watch, conn: Connection) -> None:
    await conn.execute("insert into deadline.published_offsets values ('deadline-events', 4, 7)")
    assert await waiting(watch) == [
        "accountability has consumed deadline-events/4 up to 0 of 7",
        "notification has consumed deadline-events/4 up to 0 of 7",
    ]
    for service in ("accountability", "notification"):
        await conn.execute(f"insert into {service}.consumed_offsets values ('deadline-events', 4, 7)")
    await watch.until_quiet()


async def test_an_alarm_is_in_flight_once_it_is_due_and_confirmed(watch: Watch, conn: Connection) -> None:
    await conn.execute("insert into deadline.matters values ('a', '1', $1)", NOW + timedelta(hours=1))
    seen = await watch.until_quiet()
    assert seen.alarm == NOW + timedelta(hours=1)
    await set_simulated(conn, NOW + timedelta(hours=2), confirmed=NOW)
    assert await waiting(watch) == []
    await set_simulated(conn, NOW + timedelta(hours=1))
    (found,) = await waiting(watch)
    assert found.startswith("an alarm is due")


def test_every_service_consumes_something() -> None:
    consumed = consumed_topics(topics())
    assert consumed["intake"] == ("submissions",)
    assert all(consumed.values())


@given(st.dictionaries(st.integers(0, 5), st.integers(0, 9)), st.dictionaries(st.integers(0, 5), st.integers(0, 9)))
def test_behind_is_exactly_what_is_not_consumed(stored: dict[int, int], ends: dict[int, int]) -> None:
    found = behind(
        {("intake", "submissions", n): at for n, at in stored.items()},
        {("submissions", n): end for n, end in ends.items()},
        {"intake": ("submissions",), "deadline": ("matter-events",)},
    )
    assert len(found) == sum(stored.get(n, 0) < end for n, end in ends.items())
