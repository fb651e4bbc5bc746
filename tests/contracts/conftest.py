"""A service that has nothing but what every service has: the shared tables in a schema of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.cli.providers import Infrastructure
from shared.postgres import Pool, connect, migrate
from tests.support.broker import Broker, open_broker
from tests.support.probe import CREATE, TOPIC, Probe

SERVICE = "probe"


@pytest.fixture
async def pool(database: str, tmp_path: Path) -> AsyncIterator[Pool]:
    await migrate(database, SERVICE, tmp_path)
    opened = await connect(database, SERVICE, size=10)
    yield opened
    await opened.close()


@pytest.fixture
async def broker(infrastructure: Infrastructure) -> AsyncIterator[Broker]:
    async with open_broker(infrastructure.kafka) as opened:
        yield opened


@pytest.fixture
async def probe(pool: Pool, broker: Broker) -> AsyncIterator[Probe]:
    await pool.execute(CREATE)
    await broker.create(TOPIC)
    yield Probe(pool, broker)
