"""A Kafka and a Postgres that somebody else runs: nothing is started and nothing is stopped."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.cli.providers.infrastructure import Infrastructure
from services.cli.providers.process import run
from shared.kafka_access import OPEN, Access


@asynccontextmanager
async def external(*, kafka: str, postgres: str, access: Access = OPEN) -> AsyncIterator[Infrastructure]:
    async with run() as current:
        yield Infrastructure("external", kafka, postgres, current, access=access)
