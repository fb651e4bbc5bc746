"""What is committed is sealed, once each, whoever writes at the same time and wherever the database is restored."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg

from services.accountability.record.chain import CHAINS, chain_of, follow
from services.accountability.record.row_store import KINDS, of_seals
from shared.postgres import Connection, Pool
from tests.support.case_world import AUTHORITY, World, delivered, missed
from tests.support.record import MATTERS, sealed, sealer_of, signer, some_cases, untold
from tests.support.running import running


async def seals(conn: Connection) -> list[asyncpg.Record]:
    return await conn.fetch("select * from seals order by chain, n")


async def chained(conn: Connection) -> int:
    """How many rows there are to seal."""
    counts = [await conn.fetchval(f"select count(*) from {kind.table}") for kind in KINDS]
    return sum(counts)


async def test_every_event_and_directory_fact_is_in_the_chain_of_its_matter_or_post(pool: Pool, world: World) -> None:
    await some_cases(world)
    done = await sealed(sealer_of(pool, world.clock))
    events = await world.conn.fetchval("select count(*) from case_events")
    assert done.rows == {"case-event": events, "directory-fact": 3}
    assert events > 2 * len(MATTERS)  # each case has a card
    found = await seals(world.conn)
    rows = await of_seals(world.conn, found)
    for seal, row in zip(found, rows, strict=True):
        assert row is not None
        assert seal["chain"] == row.chain
    withdrawn = [
        seal
        for seal, row in zip(found, rows, strict=True)
        if row is not None and '"card' not in str(row.spelled) and "case.withdrawn" in str(row.spelled)
    ]
    assert [seal["chain"] for seal in withdrawn] == [chain_of(AUTHORITY, MATTERS[0])]


async def test_a_chain_is_counted_without_gaps_and_each_hash_follows_from_the_one_before(
    pool: Pool, world: World
) -> None:
    await some_cases(world)
    await sealed(sealer_of(pool, world.clock))
    found = await seals(world.conn)
    rows = await of_seals(world.conn, found)
    ends: dict[int, tuple[int, bytes]] = {
        c: (0, (await world.conn.fetchval("select sha256($1::bytea)", f"duban record 1, chain {c}".encode())))
        for c in range(CHAINS)
    }
    for seal, row in zip(found, rows, strict=True):
        assert row is not None
        n, before = ends[seal["chain"]]
        ends[seal["chain"]] = n + 1, follow(before, row.spelled)
        assert (seal["n"], seal["hash"]) == ends[seal["chain"]]
    kept = await world.conn.fetch("select chain, n, hash from chains")
    assert {row["chain"]: (row["n"], row["hash"]) for row in kept} == ends


async def test_nothing_is_sealed_twice(pool: Pool, world: World) -> None:
    await some_cases(world)
    sealer = sealer_of(pool, world.clock)
    await sealed(sealer)
    assert (await sealed(sealer)).rows == {}
    assert len(await seals(world.conn)) == await chained(world.conn)


async def test_what_was_there_before_the_migration_is_sealed_too(pool: Pool, world: World) -> None:
    await some_cases(world)
    await world.conn.execute("update case_events set xid = 5; update directory_facts set xid = 5")
    await sealed(sealer_of(pool, world.clock))
    assert len(await seals(world.conn)) == await chained(world.conn)


async def test_a_transaction_that_commits_late_is_not_overtaken(pool: Pool, world: World) -> None:
    sealer = sealer_of(pool, world.clock)
    await some_cases(world, ("M1",))
    async with pool.acquire() as late:
        transaction = late.transaction()
        await transaction.start()
        await World(late, world.clock).feed(delivered(missed("M2")))
        await World(world.conn, world.clock).conn.execute("select pg_current_xact_id()")
        await sealed(sealer)
        before = len(await seals(world.conn))
        await transaction.commit()
    await sealed(sealer)
    assert before < len(await seals(world.conn)) == await chained(world.conn)


async def test_two_sealers_at_once_seal_each_row_once(pool: Pool, world: World) -> None:
    await some_cases(world)
    done = await asyncio.gather(*(sealer_of(pool, world.clock).run_once() for _ in range(3)))
    assert sum(sum(each.rows.values()) for each in done if each is not None) == await chained(world.conn)


async def test_a_pass_after_a_storm_reads_what_is_new_and_not_the_storm_again(pool: Pool, world: World) -> None:
    """The index of transactions knows no more than the last vacuum did, until it is told."""
    await world.conn.execute(
        "insert into case_events (authority, matter, case_id, n, event_id, type, occurred_at, says)"
        " select 'a', 'm' || n, gen_random_uuid(), 1, 'e' || n, 'card.issued', now(), repeat('x', 1000)"
        " from generate_series(1, 3000) n"
    )
    assert (await sealed(sealer_of(pool, world.clock, changed=untold))).rows == {"case-event": 3000}
    assert await world.conn.fetchval("select brin_summarize_new_values('case_events_by_transaction')") == 0


async def restored_elsewhere(conn: Connection, counter: int) -> None:
    """As a dump finds itself in a new cluster: all rows as they were, transactions counted from elsewhere."""
    await conn.execute("update sealing set cluster = 'where it was dumped', sealed_below = $1", counter)


async def test_in_a_new_cluster_whose_transactions_start_anew_nothing_is_left_out(pool: Pool, world: World) -> None:
    await some_cases(world, MATTERS[:10])
    await sealed(sealer_of(pool, world.clock))
    await world.feed(*(delivered(missed(matter)) for matter in MATTERS[10:20]))
    await world.conn.execute(  # unsealed when it was dumped: their transactions are of the old cluster
        "update case_events e set xid = 3 * 10^12 where not exists (select from seals where row_id = e.case_id)"
    )
    await restored_elsewhere(world.conn, counter=2 * 10**12)
    await world.feed(*(delivered(missed(matter)) for matter in MATTERS[20:30]))
    sealer = sealer_of(pool, world.clock)
    assert (await sealed(sealer)).rows == {"case-event": 40}  # 20 cases, and a card of each
    await world.feed(*(delivered(missed(matter)) for matter in MATTERS[30:]))
    assert (await sealed(sealer)).rows == {"case-event": 20}
    assert len(await seals(world.conn)) == await chained(world.conn)


async def test_a_transaction_under_way_while_a_new_cluster_is_noticed_is_sealed_later(pool: Pool, world: World) -> None:
    sealer = sealer_of(pool, world.clock)
    await some_cases(world, MATTERS[:3])
    await restored_elsewhere(world.conn, counter=10**12)
    async with pool.acquire() as late:
        transaction = late.transaction()
        await transaction.start()
        await World(late, world.clock).feed(delivered(missed("M9")))
        await sealed(sealer)
        await transaction.commit()
    await sealed(sealer)
    assert len(await seals(world.conn)) == await chained(world.conn)


async def test_a_head_is_made_where_a_chain_has_grown_and_not_otherwise(
    pool: Pool, world: World, tmp_path: Path
) -> None:
    sealer = sealer_of(pool, world.clock, signer(tmp_path))
    assert not (await sealed(sealer)).head
    await some_cases(world)
    assert [(await sealed(sealer)).head for _ in range(3)] == [True, False, False]
    await world.feed(delivered(missed("M99")))
    assert (await sealed(sealer)).head
    published = await world.conn.fetch("select event_id, key from outbox where topic = 'record-heads' order by id")
    assert [row["event_id"].split("|")[1] for row in published] == ["1", "2"]
    assert {row["key"] for row in published} == {"duban/record"}


async def test_without_a_key_rows_are_sealed_and_no_head_is_made(pool: Pool, world: World) -> None:
    await some_cases(world)
    done = await sealed(sealer_of(pool, world.clock, None))
    assert sum(done.rows.values()) == await chained(world.conn)
    assert await world.conn.fetchval("select count(*) from record_heads") == 0


async def test_the_loop_seals_what_comes_while_it_runs(pool: Pool, world: World) -> None:
    sealer: Any = sealer_of(pool, world.clock)
    stopping = asyncio.Event()

    class Looping:
        async def run(self) -> None:
            await sealer.run(stopping)

        def stop(self) -> None:
            stopping.set()

    async with running(Looping()):
        await some_cases(world, ("M1",))
        sealer.hear()
        async with asyncio.timeout(20):
            while len(await seals(world.conn)) < await chained(world.conn):  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.01)
