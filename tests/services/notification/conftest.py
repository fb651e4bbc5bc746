"""The notification service's schema in a database of its own."""

from collections.abc import AsyncIterator

import pytest

from shared.postgres import Pool, connect, migrate
from tests.support.notice_world import MIGRATIONS, World


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    await migrate(database, "notification", MIGRATIONS)
    pool = await connect(database, "notification", size=4)
    yield pool
    await pool.close()


@pytest.fixture
def world(pool: Pool) -> World:
    return World(pool)
