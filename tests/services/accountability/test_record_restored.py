"""A record that is carried into another database, row by row as a dump does it, verifies there and is sealed on: no row
is lost or sealed twice, and the heads that a witness kept before are heads of it still.

The rows are copied by Postgres' own COPY: pg_dump is not among the binaries of the embedded Postgres.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.accountability.record import texts
from shared.postgres import Connection, Pool, connect
from tests.support.case_world import AUTHORITY, World, delivered, missed
from tests.support.databases import Databases
from tests.support.record import MATTERS, heads_published, sealed, sealer_of, signer, some_cases, verified

_TABLES = """
select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    and a.attgenerated = ''
where c.relnamespace = current_schema::regnamespace and c.relkind = 'r' group by 1
"""
_COUNTED = """
select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attidentity <> ''
where c.relnamespace = current_schema::regnamespace and c.relkind = 'r'
"""


@pytest.fixture
async def elsewhere(databases: Databases) -> AsyncIterator[Pool]:
    """The service's schema in a database without a row."""
    async with databases.lent("accountability") as dsn:
        pool = await connect(dsn, "accountability", size=4)
        yield pool
        await pool.close()


async def carry(source: Connection, target: Connection, directory: Path) -> None:
    """Every table, what is derived left to the target, and where sequences are, as a dump has it."""
    tables = await source.fetch(_TABLES)
    await target.execute("set session_replication_role = replica")  # a dump's triggers come after its rows
    await target.execute(f"truncate {', '.join(row['name'] for row in tables)}")
    for row in tables:
        file = directory / row["name"]
        await source.copy_from_table(row["name"], columns=row["columns"], output=file)
        await target.copy_to_table(row["name"], columns=row["columns"], source=file)
    for name, column in await source.fetch(_COUNTED):
        await target.execute(
            f"select setval(pg_get_serial_sequence('{name}', '{column}'), coalesce(max({column}), 1)) from {name}"
        )
    await target.execute("reset session_replication_role")


async def test_a_record_in_another_database_verifies_and_is_sealed_on(
    pool: Pool, world: World, elsewhere: Pool, tmp_path: Path
) -> None:
    key = signer(tmp_path)
    await some_cases(world)
    await sealed(sealer_of(pool, world.clock, key))
    witnessed = await heads_published(world.conn)
    await world.feed(delivered(missed("unsealed when it was dumped")))
    await texts.keep(world.conn, authority=AUTHORITY, matter="M1", kind="defence", text="so it was", at=world.clock.now)
    (tmp_path / "dump").mkdir()
    async with elsewhere.acquire() as there:
        await carry(world.conn, there, tmp_path / "dump")
    before = await verified(elsewhere, world.clock, heads=witnessed)
    assert before.problems == []
    assert before.unsealed > 0

    sealer = sealer_of(elsewhere, world.clock, key)
    assert sum((await sealed(sealer)).rows.values()) == before.unsealed
    async with elsewhere.acquire() as there:
        await World(there, world.clock).feed(delivered(missed("after it was restored")))
        assert sum((await sealed(sealer)).rows.values()) > 0
        heads = await heads_published(there)
        assert [head["n"] for head in heads] == list(range(1, len(heads) + 1))
        assert len(heads) >= len(witnessed) + 2
        await there.execute("update case_events set says = replace(says, 'li', 'xi') where matter = $1", MATTERS[3])
    after = await verified(elsewhere, world.clock, heads=witnessed)
    assert after.unsealed == 0
    assert after.problems != [] and all(MATTERS[3] in problem for problem in after.problems)
