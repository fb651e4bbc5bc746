"""A broker's corner and a service's schema, for tests of what operators see."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.cli.providers import Infrastructure
from shared.postgres import Pool, connect, migrate
from tests.support.broker import Broker, open_broker


@pytest.fixture
async def broker(infrastructure: Infrastructure) -> AsyncIterator[Broker]:
    async with open_broker(infrastructure.kafka) as opened:
        yield opened


@pytest.fixture
async def pool(database: str, tmp_path: Path) -> AsyncIterator[Pool]:
    """What every service has in its schema."""
    await migrate(database, "probe", tmp_path)
    pool = await connect(database, "probe", size=4)
    yield pool
    await pool.close()
