"""The accountability service's schema in a database of its own."""

from collections.abc import AsyncIterator

import pytest

from shared.postgres import Pool, connect, migrate
from tests.support.case_world import MIGRATIONS, World


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    await migrate(database, "accountability", MIGRATIONS)
    pool = await connect(database, "accountability", size=4)
    yield pool
    await pool.close()


@pytest.fixture
async def world(pool: Pool) -> AsyncIterator[World]:
    async with pool.acquire() as conn:
        yield World(conn)
