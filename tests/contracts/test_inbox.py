"""Offsets and dead letters move in the consumer's own transactions: what is stored as done is done, once."""

import asyncio
from collections.abc import Sequence

import orjson
import pytest

from shared import inbox
from shared.inbox import Message
from shared.postgres import Pool
from tests.support.waiting import until


def messages(*offsets: int, partition: int = 0, topic: str = "submissions") -> list[Message]:
    return [Message(topic, partition, offset, b"key", b"%d" % offset, ()) for offset in offsets]


async def consume(pool: Pool, batch: Sequence[Message]) -> list[int]:
    """The offsets that a member took of a batch."""
    async with pool.acquire() as conn, conn.transaction():
        fresh = await inbox.claim(conn, batch)
        await inbox.advance(conn, fresh)
        return [m.offset for m in fresh]


async def positions(pool: Pool) -> dict[inbox.Partition, int]:
    async with pool.acquire() as conn:
        return await inbox.next_offsets(conn)


async def test_a_message_is_taken_once(pool: Pool) -> None:
    assert await consume(pool, messages(0, 1, 2)) == [0, 1, 2]
    assert await consume(pool, messages(1, 2, 3)) == [3]
    assert await consume(pool, messages(0, 1, 2, 3)) == []
    assert await positions(pool) == {("submissions", 0): 4}


async def test_offsets_may_have_gaps(pool: Pool) -> None:
    assert await consume(pool, messages(10, 17)) == [10, 17]
    assert await positions(pool) == {("submissions", 0): 18}


async def test_partitions_and_topics_are_counted_apart(pool: Pool) -> None:
    batch = [*messages(5), *messages(3, partition=1), *messages(7, topic="case-events")]
    assert await consume(pool, batch) == [5, 3, 7]
    assert await positions(pool) == {("submissions", 0): 6, ("submissions", 1): 4, ("case-events", 0): 8}


async def test_a_transaction_that_is_taken_back_leaves_the_messages_to_do(pool: Pool) -> None:
    with pytest.raises(RuntimeError):
        async with pool.acquire() as conn, conn.transaction():
            await inbox.advance(conn, await inbox.claim(conn, messages(0, 1)))
            raise RuntimeError
    assert await consume(pool, messages(0, 1)) == [0, 1]


async def test_positions_never_move_back(pool: Pool) -> None:
    await consume(pool, messages(9))
    async with pool.acquire() as conn:
        await inbox.store(conn, {("submissions", 0): 4})
    assert await positions(pool) == {("submissions", 0): 10}


async def test_the_second_of_two_members_waits_and_finds_its_messages_done(pool: Pool) -> None:
    async with pool.acquire() as first, pool.acquire() as watching:
        transaction = first.transaction()
        await transaction.start()
        await inbox.advance(first, await inbox.claim(first, messages(0, 1, 2)))
        second = asyncio.create_task(consume(pool, messages(0, 1, 2, 3)))
        waits = (
            "select count(*) > 0 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
        await until(lambda: watching.fetchval(waits))
        await transaction.commit()
        assert await second == [3]


async def test_members_that_take_partitions_in_different_order_do_not_deadlock(pool: Pool) -> None:
    ahead = [message for n in range(6) for message in messages(*range(50), partition=n)]
    taken = await asyncio.gather(*(consume(pool, ahead if n % 2 else ahead[::-1]) for n in range(8)))
    assert sorted(map(len, taken)) == [0] * 7 + [300]


async def test_a_dead_letter_keeps_every_byte(pool: Pool) -> None:
    headers: tuple[tuple[str, bytes | None], ...] = (("ce_id", b"\xff\0"), ("none", None), ("ce_id", "鲤".encode()))
    letter = Message("submissions", 3, 17, b"\0\xff", b"\0{not json\xff", headers)
    async with pool.acquire() as conn:
        await inbox.bury(conn, letter, "no reason\0")
        await inbox.bury(conn, letter, "told twice")
    (row,) = await pool.fetch("select * from dead_letters")
    assert (row["topic"], row["partition"], row["position"]) == ("submissions", 3, 17)
    assert (row["key"], row["value"], row["reason"]) == (b"\0\xff", b"\0{not json\xff", "no reason\ufffd")
    kept = [(name, None if text is None else text.encode("latin-1")) for name, text in orjson.loads(row["headers"])]
    assert tuple(kept) == headers
