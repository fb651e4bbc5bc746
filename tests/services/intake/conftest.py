"""One intake for the tests of a file."""

from collections.abc import AsyncIterator

import pytest

from services.cli.providers import Infrastructure
from tests.support.intake_world import World, intake_world


@pytest.fixture(scope="module")
async def world(infrastructure: Infrastructure) -> AsyncIterator[World]:
    async with intake_world(infrastructure.postgres) as opened:
        yield opened
