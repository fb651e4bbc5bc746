"""Whatever is done to the record behind its back is found, by a verifier that knows nothing of the services; each way
to do it is done here, by SQL in the database."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from services.accountability.record.chain import follow
from services.accountability.record.row_store import of_seals
from services.accountability.record.sealer import Sealer
from services.cli.record_verifier import NotAnExport, verify
from shared.postgres import Connection, Pool
from tests.support.case_world import World, delivered, missed, rung_missed
from tests.support.record import (
    MATTERS,
    export_of,
    heads_published,
    sealed,
    sealer_of,
    signer,
    some_cases,
    verified,
)


@pytest.fixture
async def sealer(pool: Pool, world: World, tmp_path: Path) -> AsyncIterator[Sealer]:
    """Some cases, sealed and signed."""
    made = sealer_of(pool, world.clock, signer(tmp_path))
    await some_cases(world)
    await sealed(made)
    yield made


async def longest(conn: Connection) -> int:
    """A chain with three rows at least."""
    chain: int = await conn.fetchval("select chain from chains where n >= 3 order by n desc limit 1")
    return chain


async def seal_at(conn: Connection, chain: int, n: int) -> asyncpg.Record:
    row = await conn.fetchrow("select * from seals where chain = $1 and n = $2", chain, n)
    assert row is not None
    return row


async def sealed_case_event(conn: Connection) -> asyncpg.Record:
    """The seal of an event of a case, in a chain in which it is not the last one."""
    row = await conn.fetchrow(
        "select s.* from seals s join chains c using (chain) where kind = 'case-event' and s.n < c.n and s.row_n = 1"
        " order by chain, s.n limit 1"
    )
    assert row is not None
    return row


async def test_a_record_that_nobody_touched_is_whole(sealer: Sealer, pool: Pool, world: World) -> None:
    report = await verified(pool, world.clock)
    assert report.problems == []
    assert (report.heads, report.beyond_head, report.unsealed) == (1, 0, 0)
    assert report.rows == await world.conn.fetchval("select count(*) from seals") > 80


async def test_what_is_not_sealed_yet_is_reported_and_no_fault(sealer: Sealer, pool: Pool, world: World) -> None:
    await world.feed(delivered(missed("M99")))
    report = await verified(pool, world.clock)
    assert (report.problems, report.unsealed) == ([], 2)


async def test_an_edited_row_is_found_and_named(sealer: Sealer, pool: Pool, world: World) -> None:
    seal = await sealed_case_event(world.conn)
    await world.conn.execute(
        "update case_events set says = replace(says, 'zhang', 'someone-else') where case_id = $1", seal["row_id"]
    )
    await world.conn.execute("update case_events set type = 'case.seen' where case_id = $1 and n = 1", seal["row_id"])
    problems = (await verified(pool, world.clock)).problems
    assert f"chain {seal['chain']}, row {seal['n']}: case-event {seal['row_id']} 1" in problems[0]
    assert "edited" in problems[0]


async def test_a_directory_fact_that_was_edited_is_found(sealer: Sealer, pool: Pool, world: World) -> None:
    await world.conn.execute("update directory_facts set person = 'nobody' where post = 'deputy'")
    (problem,) = (await verified(pool, world.clock)).problems
    assert "directory-fact" in problem
    assert "deputy" in problem


async def test_a_deleted_row_is_found_and_named(sealer: Sealer, pool: Pool, world: World) -> None:
    seal = await sealed_case_event(world.conn)
    await world.conn.execute("delete from case_events where case_id = $1 and n = 1", seal["row_id"])
    problems = (await verified(pool, world.clock)).problems
    assert problems[0] == f"chain {seal['chain']}, row {seal['n']}: case-event {seal['row_id']} 1 was deleted"


async def test_a_row_deleted_with_its_seal_is_found(sealer: Sealer, pool: Pool, world: World) -> None:
    chain = await longest(world.conn)
    seal = await seal_at(world.conn, chain, 2)
    await world.conn.execute("delete from case_events where case_id = $1 and n = $2", seal["row_id"], seal["row_n"])
    await world.conn.execute("delete from seals where chain = $1 and n = 2", chain)
    problems = (await verified(pool, world.clock)).problems
    assert problems[0] == f"chain {chain}: after row 1 comes row 3: what was between them is gone"


async def test_a_row_inserted_behind_the_sealers_back_is_found(sealer: Sealer, pool: Pool, world: World) -> None:
    (case,) = [c for c in await world.cases() if c["matter"] == "M7"]
    await world.conn.execute(
        "insert into case_events (authority, matter, case_id, n, event_id, type, occurred_at, says, xid)"
        " select authority, matter, case_id, n + 1, 'planted', 'case.answered', occurred_at, '{}', xid"
        " from case_events where case_id = $1",
        case["case_id"],
    )
    (problem,) = (await verified(pool, world.clock)).problems
    assert "planted" in problem
    assert "inserted" in problem


async def test_a_row_inserted_into_a_chain_is_found(sealer: Sealer, pool: Pool, world: World) -> None:
    """With a seal of its own, and all seals after it moved up."""
    chain, planted = await longest(world.conn), UUID(int=1)
    seal = await seal_at(world.conn, chain, 2)
    await world.conn.execute(
        "insert into case_events (authority, matter, case_id, n, event_id, type, occurred_at, says)"
        " select authority, matter, $2, 1, 'planted', type, occurred_at, says"
        " from case_events where case_id = $1 and n = $3",
        seal["row_id"], planted, seal["row_n"],
    )  # fmt: skip
    await world.conn.execute("alter table seals drop constraint seals_are_counted_from_one")
    await world.conn.execute("update seals set n = -n where chain = $1 and n >= 2", chain)
    await world.conn.execute("update seals set n = 1 - n where chain = $1 and n < 0", chain)
    await world.conn.execute(
        "insert into seals (chain, n, kind, row_id, row_n, hash) values ($1, 2, 'case-event', $2, 1, $3)",
        chain, planted, seal["hash"],
    )  # fmt: skip
    problems = (await verified(pool, world.clock)).problems
    assert f"chain {chain}, row 2: case-event {planted} 1 planted" in problems[0]


async def test_reordered_rows_are_found(sealer: Sealer, pool: Pool, world: World) -> None:
    chain = await longest(world.conn)
    first, second = [await seal_at(world.conn, chain, n) for n in (1, 2)]
    await world.conn.execute("alter table seals drop constraint seals_one_per_row")
    for seal, other in ((first, second), (second, first)):
        await world.conn.execute(
            "update seals set kind = $3, row_id = $4, row_n = $5 where chain = $1 and n = $2",
            chain, seal["n"], other["kind"], other["row_id"], other["row_n"],
        )  # fmt: skip
    problems = (await verified(pool, world.clock)).problems
    assert problems[0].startswith(f"chain {chain}, row 1: ")
    assert "another's place" in problems[0]
    assert problems[1].startswith(f"chain {chain}, row 2: ")


async def cut_off(conn: Connection, chain: int, left: int) -> None:
    """The end of a chain, rows and seals, as if they had never been."""
    seals = await conn.fetch("select * from seals where chain = $1 and n > $2", chain, left)
    for seal in seals:
        await conn.execute("delete from case_events where case_id = $1 and n = $2", seal["row_id"], seal["row_n"])
        await conn.execute("delete from directory_facts where row_id = $1", seal["row_id"])
    await conn.execute("delete from seals where chain = $1 and n > $2", chain, left)
    hash = await conn.fetchval("select hash from seals where chain = $1 and n = $2", chain, left)
    await conn.execute("update chains set n = $2, hash = $3 where chain = $1", chain, left, hash)


async def test_a_chain_that_was_cut_off_is_found(sealer: Sealer, pool: Pool, world: World) -> None:
    chain = await longest(world.conn)
    had = await world.conn.fetchval("select n from chains where chain = $1", chain)
    await cut_off(world.conn, chain, 1)
    problems = (await verified(pool, world.clock)).problems
    assert problems[0] == f"chain {chain} was cut off: head 1 says {had} rows, there are 1"


async def test_a_chain_cut_off_together_with_its_heads_is_found_by_a_head_that_somebody_kept(
    sealer: Sealer, pool: Pool, world: World
) -> None:
    witnessed = await heads_published(world.conn)
    chain = await longest(world.conn)
    seals = await world.conn.fetchval("select n from chains where chain = $1", chain)
    await cut_off(world.conn, chain, seals - 1)
    await world.conn.execute("delete from record_heads")
    assert not any("cut off" in problem for problem in (await verified(pool, world.clock)).problems)
    problems = (await verified(pool, world.clock, heads=witnessed)).problems
    assert any(problem.startswith(f"chain {chain} was cut off: head 1") for problem in problems)


async def test_a_chain_that_was_edited_and_counted_anew_is_found_by_its_head(
    sealer: Sealer, pool: Pool, world: World
) -> None:
    """Whoever can edit rows can count hashes, too; they cannot sign."""
    chain = await longest(world.conn)
    seal = await seal_at(world.conn, chain, 1)
    await world.conn.execute(
        "update case_events set event_id = 'another' where case_id = $1 and n = $2", seal["row_id"], seal["row_n"]
    )
    seals = await world.conn.fetch("select * from seals where chain = $1 order by n", chain)
    hash = await world.conn.fetchval("select sha256($1::bytea)", f"duban record 1, chain {chain}".encode())
    for seal, row in zip(seals, await of_seals(world.conn, seals), strict=True):
        assert row is not None
        hash = follow(hash, row.spelled)
        await world.conn.execute("update seals set hash = $3 where chain = $1 and n = $2", chain, seal["n"], hash)
    await world.conn.execute("update chains set hash = $2 where chain = $1", chain, hash)
    (problem,) = (await verified(pool, world.clock)).problems
    assert problem.endswith("head 1 has another hash: the chain was made anew after it was signed")


async def test_a_head_signed_by_another_key_is_found(sealer: Sealer, pool: Pool, world: World, tmp_path: Path) -> None:
    given = signer(tmp_path)
    await world.feed(delivered(missed("M99")))
    await sealed(sealer_of(pool, world.clock, signer(tmp_path, seed=2)))
    lines = await export_of(pool, world.clock)
    assert verify(lines).problems == []
    assert not verify(lines).keys_given
    (problem,) = verify(lines, {given.key: given.public.hex()}).problems
    assert problem == "head 2: its key is none of those given"


async def test_a_head_whose_content_was_changed_is_found(sealer: Sealer, pool: Pool, world: World) -> None:
    await world.conn.execute("""update record_heads set body = replace(body, '"n":1', '"n":2')""")
    assert (await verified(pool, world.clock)).problems == ["head 2: its signature is not true"]


async def test_an_event_that_was_deleted_before_it_was_sealed_is_missed_where_a_later_one_stands(
    sealer: Sealer, pool: Pool, world: World
) -> None:
    (case,) = [c for c in await world.cases() if c["matter"] == MATTERS[5]]
    for rung, due in ((1, "2026-03-12"), (2, "2026-03-19")):
        await world.feed(delivered(rung_missed(case["case_id"], rung, due, MATTERS[5])))
    await world.conn.execute("delete from case_events where case_id = $1 and n = 2", case["case_id"])
    (problem,) = (await verified(pool, world.clock)).problems
    assert problem.startswith(f"the events of {case['case_id']} are not numbered 1 to 2")


async def test_an_export_that_was_cut_off_on_its_way_is_no_export(sealer: Sealer, pool: Pool, world: World) -> None:
    lines = await export_of(pool, world.clock)
    with pytest.raises(NotAnExport, match="ends before its end"):
        verify(lines[:-1])
    with pytest.raises(NotAnExport, match="lacks some"):
        verify([line for line in lines if line.get("n") != 1])
    with pytest.raises(NotAnExport, match="does not begin"):
        verify(lines[1:])
    with pytest.raises(NotAnExport, match="not as an export's"):
        verify([*lines[:3], {"chain": 0}, *lines[3:]])
