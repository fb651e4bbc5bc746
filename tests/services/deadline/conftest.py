"""The deadline service's schema in a database of its own."""

from collections.abc import AsyncIterator

import pytest

from shared.postgres import connect, migrate
from tests.support.deadline_service import MIGRATIONS, Service, at


@pytest.fixture
async def service(database: str) -> AsyncIterator[Service]:
    """It is Monday 2 March 2026, 09:00 in Shanghai."""
    await migrate(database, "deadline", MIGRATIONS)
    pool = await connect(database, "deadline", size=6)
    yield Service(pool, at("03-02 09:00"))
    await pool.close()
