"""The deadline service's schema in a database of its own."""

from collections.abc import AsyncIterator

import pytest

from shared.postgres import connect
from tests.support.databases import Databases
from tests.support.deadline_service import Service, at


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[str]:
    async with databases.lent("deadline") as dsn:
        yield dsn


@pytest.fixture
async def service(database: str) -> AsyncIterator[Service]:
    """It is Monday 2 March 2026, 09:00 in Shanghai."""
    pool = await connect(database, "deadline", size=6)
    yield Service(pool, at("03-02 09:00"))
    await pool.close()
