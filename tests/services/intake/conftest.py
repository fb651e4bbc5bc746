"""One intake for the tests of a file."""

from collections.abc import AsyncIterator

import pytest

from tests.support.intake_world import World, intake_world


@pytest.fixture(scope="module")
async def world(postgres_dsn: str) -> AsyncIterator[World]:
    async with intake_world(postgres_dsn) as opened:
        yield opened
