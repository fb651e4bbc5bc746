"""A world for each story; it begins on a Monday morning."""

from collections.abc import AsyncIterator

import pytest

from services.cli.migrate import SERVICES
from services.cli.providers import Infrastructure
from tests.support.databases import Databases
from tests.support.world import World, open_world


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[str]:
    async with databases.lent(*SERVICES) as dsn:
        yield dsn


@pytest.fixture
async def world(infrastructure: Infrastructure, database: str) -> AsyncIterator[World]:
    async with open_world(infrastructure, database, "2026-01-05T09:00:00+08:00") as opened:
        yield opened


@pytest.fixture
async def staffed(world: World) -> World:
    """The planning office has a clerk, a deputy director and a director."""
    await world.holder("planning-clerk", "direct", "p-clerk", "2025-01-01")
    await world.holder("planning-deputy", "leading", "p-deputy", "2025-01-01")
    await world.holder("director", "principal", "p-director", "2025-01-01", unit=None)
    return world
