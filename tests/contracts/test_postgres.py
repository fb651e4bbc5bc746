"""Migrations are applied once, in order, by one process at a time, and never edited afterwards; connections give up."""

import asyncio
import contextlib
from pathlib import Path

import asyncpg
import pytest

from shared.postgres import MIGRATIONS, PASSING, MigrationMismatch, connect, load_queries, migrate
from tests.support.waiting import until

SHARED = [f"shared/{file.stem}" for file in sorted(MIGRATIONS.glob("*.sql"))]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "0001_create_things.sql").write_text("create table things (id int primary key);")
    return tmp_path


async def test_the_shared_tables_come_first_and_a_new_migration_is_added_later(database: str, directory: Path) -> None:
    assert await migrate(database, "probe", directory) == [*SHARED, "own/0001_create_things"]
    (directory / "0002_add_names.sql").write_text("alter table things add column name text;")
    assert await migrate(database, "probe", directory) == ["own/0002_add_names"]
    assert await migrate(database, "probe", directory) == []


async def test_services_live_beside_each_other(database: str, directory: Path) -> None:
    assert await migrate(database, "one", directory) == await migrate(database, "two", directory)


async def test_replicas_that_start_together_migrate_once(database: str, directory: Path) -> None:
    applied = await asyncio.gather(*(migrate(database, "probe", directory) for _ in range(4)))
    assert sorted(map(len, applied)) == [0, 0, 0, len(SHARED) + 1]


async def test_a_migration_that_fails_leaves_nothing(database: str, directory: Path) -> None:
    (directory / "0002_fail.sql").write_text("create table more (id int); select 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(database, "probe", directory)
    (directory / "0002_fail.sql").write_text("create table more (id int);")
    assert await migrate(database, "probe", directory) == [*SHARED, "own/0001_create_things", "own/0002_fail"]


async def test_an_applied_migration_cannot_be_edited(database: str, directory: Path) -> None:
    await migrate(database, "probe", directory)
    (directory / "0001_create_things.sql").write_text("create table things (id bigint primary key);")
    with pytest.raises(MigrationMismatch, match="own/0001_create_things was edited"):
        await migrate(database, "probe", directory)


async def test_an_older_build_refuses_a_newer_database(database: str, directory: Path) -> None:
    (directory / "0002_add_names.sql").write_text("alter table things add column name text;")
    await migrate(database, "probe", directory)
    (directory / "0002_add_names.sql").unlink()
    with pytest.raises(MigrationMismatch, match="0002_add_names"):
        await migrate(database, "probe", directory)


async def test_a_migration_with_another_name_is_refused(database: str, directory: Path) -> None:
    (directory / "2_oops.sql").write_text("select 1;")
    with pytest.raises(MigrationMismatch, match="0001_verb_object"):
        await migrate(database, "probe", directory)


async def test_a_connection_gives_up_on_a_lock_and_on_an_idle_transaction(database: str, directory: Path) -> None:
    await migrate(database, "probe", directory)
    pool = await connect(database, "probe")
    try:
        settings = (
            "search_path",
            "TimeZone",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
            "application_name",
        )
        found = [await pool.fetchval("select current_setting($1)", name) for name in settings]
        assert found == ["probe", "UTC", "10s", "30s", "duban-probe"]
        async with pool.acquire() as one, pool.acquire() as two:
            await two.execute("set lock_timeout = '50ms'")
            async with one.transaction():
                await one.execute("lock table things")
                with pytest.raises(asyncpg.LockNotAvailableError):
                    await two.execute("select from things")
    finally:
        await pool.close()


async def test_json_columns_take_and_give_python_values(database: str, directory: Path) -> None:
    await migrate(database, "probe", directory)
    pool = await connect(database, "probe")
    try:
        value = {"鲤": [1, 2.5, None, True, {"a": "b"}]}
        assert await pool.fetchval("select $1::jsonb", value) == value
        assert await pool.fetchval("select $1::json", value) == value
        assert await pool.fetchval("select $1::jsonb[]", [value, 1]) == [value, 1]
    finally:
        await pool.close()


async def test_a_connection_that_was_cut_is_replaced(database: str, directory: Path) -> None:
    await migrate(database, "probe", directory)
    pool = await connect(database, "probe", size=2)
    try:
        async with pool.acquire() as killer:
            others = "datname = current_database() and pid <> pg_backend_pid()"
            victim = await pool.fetchval("select pg_backend_pid()")
            await killer.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {others}")
            await until(lambda: killer.fetchval(f"select count(*) = 0 from pg_stat_activity where pid = {victim}"))

            async def answers() -> bool:
                """What is said by a connection whose end is not noticed yet counts as passing; the next one answers."""
                with contextlib.suppress(*PASSING):
                    return bool(await pool.fetchval("select 1") == 1)
                return False

            await until(answers)
    finally:
        await pool.close()


def test_statements_are_found_by_name_with_their_sentence(tmp_path: Path) -> None:
    file = tmp_path / "queries.sql"
    file.write_text("-- select_things --\n-- All of them.\nselect 1\n\n-- count_things --\n-- How many.\nselect 2\n")
    assert load_queries(file) == {
        "select_things": "-- All of them.\nselect 1",
        "count_things": "-- How many.\nselect 2",
    }
