"""A real Apache Kafka of these tests' own, whatever the provider: half of these faults cannot happen on the embedded
broker, and the other half takes the broker away from everybody. Without Java they do not run; the last lines say so.
"""

import shutil
from collections.abc import AsyncIterator

import pytest

from services.cli.providers import Infrastructure
from services.cli.providers.apache import SETTINGS, ApacheKafka, start_apache
from services.cli.providers.process import run
from tests.conftest import IN_CI, provided
from tests.faults.fleet import Fleet, open_fleet
from tests.faults.scenes import DECIDED, MATTERS, STEPS, WITHDRAWN, play, state_of
from tests.faults.state import State
from tests.support.databases import created


@pytest.fixture(scope="session")
async def apache() -> AsyncIterator[ApacheKafka]:
    """One broker for all of these tests; who kills it starts it again."""
    if shutil.which("java") is None:
        if IN_CI:
            pytest.fail("CI runs with Java, or it proves too little")
        pytest.skip("no Java: an Apache Kafka cannot be started")
    async with run() as current:
        broker = await start_apache(current)
        provided.append("apache (tests/faults)")
        yield broker


@pytest.fixture
async def fleet(apache: ApacheKafka, infrastructure: Infrastructure, database: str) -> AsyncIterator[Fleet]:
    """A deployment on the broker and a database of its own, with nothing running yet."""
    async with open_fleet(infrastructure.run, apache.address, database, SETTINGS) as opened:
        yield opened


@pytest.fixture(scope="session")
async def calm(apache: ApacheKafka, infrastructure: Infrastructure) -> State:
    """What the history of scenes.py comes to when nothing happens to it."""
    async with (
        created(infrastructure.postgres) as dsn,
        open_fleet(infrastructure.run, apache.address, dsn, SETTINGS) as undisturbed,
    ):
        await undisturbed.start_all()
        await play(undisturbed, *STEPS)
        state = await state_of(undisturbed)
        await undisturbed.drain_all()
    cases = [row[6] for row in state["cases"]]
    assert (cases.count("standing"), cases.count("withdrawn")) == (
        MATTERS - len(DECIDED) - len(WITHDRAWN),
        len(WITHDRAWN),
    )
    return state
