"""A replica that opens a case and a replica that learns who held the post: neither may miss the other (I8)."""

import asyncio

from shared.postgres import Connection, Pool
from tests.support.case_world import World, assigned, delivered, in_hands_of, missed
from tests.support.waiting import until


async def test_a_directory_fact_waits_for_the_cases_that_are_being_opened(pool: Pool, world: World) -> None:
    async with pool.acquire() as other:
        elsewhere = World(other)
        opening = world.conn.transaction()
        await opening.start()
        await world.feed(delivered(missed()))
        learning = asyncio.create_task(elsewhere.feed(delivered(assigned("li", "leading", "2025-01-01"), post="p")))
        async with pool.acquire() as observer:
            await until(lambda: _waits(observer))
        await opening.commit()
        await learning
    assert (await world.case())["leading_person"] == "li"
    assert await world.types() == ["case.opened", "case.revised"]


async def test_misses_of_one_authority_are_decided_side_by_side(pool: Pool, world: World) -> None:
    async with pool.acquire() as other:
        opening = world.conn.transaction()
        await opening.start()
        await world.feed(delivered(missed("M1")))
        await World(other).feed(delivered(missed("M2")))
        await opening.commit()
    assert len(await world.cases()) == 2


async def test_yellow_cards_of_one_person_are_counted_by_one_replica_at_a_time(pool: Pool, world: World) -> None:
    hands = (in_hands_of("zhang"),)
    await world.feed(delivered(missed("M1", holdings=hands)))
    async with pool.acquire() as other:
        first = world.conn.transaction()
        await first.start()
        await world.feed(delivered(missed("M2", holdings=hands)))
        await World(other).feed(delivered(missed("M3", holdings=hands)))
        assert await other.fetchval("select sum(amount) from told_words") == 1, "left for who is at it, or who comes"
        await first.commit()
        await World(other).issue_cards()
    red = await world.conn.fetch("select level from cards where rule = 'repetition' and revoked_at is null")
    assert [row["level"] for row in red] == ["red"]


async def _waits(observer: Connection) -> bool:
    waiting = await observer.fetchval(
        "select count(*) from pg_locks l join pg_database d on d.oid = l.database"
        " where d.datname = current_database() and l.locktype = 'advisory' and not l.granted"
    )
    return bool(waiting)
