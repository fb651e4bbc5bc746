"""The notification service's schema in a database of its own."""

from collections.abc import AsyncIterator

import pytest

from shared.postgres import Pool, connect
from tests.support.databases import Databases
from tests.support.notice_world import World


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[str]:
    async with databases.lent("notification") as dsn:
        yield dsn


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    pool = await connect(database, "notification", size=4)
    yield pool
    await pool.close()


@pytest.fixture
def world(pool: Pool) -> World:
    return World(pool)
