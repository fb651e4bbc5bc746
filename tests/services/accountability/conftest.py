"""The accountability service's schema in a database of its own."""

from collections.abc import AsyncIterator

import pytest

from shared.postgres import Pool, connect
from tests.support.case_world import World
from tests.support.databases import Databases


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[str]:
    async with databases.lent("accountability") as dsn:
        yield dsn


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    pool = await connect(database, "accountability", size=4)
    yield pool
    await pool.close()


@pytest.fixture
async def world(pool: Pool) -> AsyncIterator[World]:
    async with pool.acquire() as conn:
        yield World(conn)
