"""Who sends which buckets, when the database's clock is set back: what was promised ahead of it holds nobody up."""

from datetime import timedelta

from shared.events.catalog import PARTITIONS
from shared.leases import Leases
from shared.postgres import Pool
from tests.support.waiting import until

HOUR = timedelta(hours=1)
_MOVE = """
with relays as (update outbox_relays set seen_at = seen_at + $1)
update outbox_leases set expires_at = expires_at + $1
"""
"""Everything that was written is as far ahead as if the clock had been set back since."""


async def test_a_dead_relays_leases_from_before_the_clock_was_set_back_are_free(pool: Pool) -> None:
    dead, living = Leases(0.2), Leases(0.2)
    async with pool.acquire() as conn:
        assert len(await dead.renew(conn)) == PARTITIONS
        await conn.execute(_MOVE, HOUR)

        async def holds_all() -> bool:
            return len(await living.renew(conn)) == PARTITIONS

        await until(holds_all)


async def test_a_living_relay_keeps_what_it_held_when_the_clock_was_set_back(pool: Pool) -> None:
    first, second = Leases(10), Leases(10)
    async with pool.acquire() as conn:
        await first.renew(conn)
        await second.renew(conn)
        held = await first.renew(conn)
        await second.renew(conn)
        await conn.execute(_MOVE, HOUR)
        assert await first.renew(conn) == held
        assert set(await second.renew(conn)) == set(range(PARTITIONS)) - set(held)


async def test_a_clock_set_back_by_less_than_a_lease_takes_nothing_from_its_holder(pool: Pool) -> None:
    holder, other = Leases(10), Leases(10)
    async with pool.acquire() as conn:
        await holder.renew(conn)
        await conn.execute(_MOVE, timedelta(seconds=9))
        assert await other.renew(conn) == []
