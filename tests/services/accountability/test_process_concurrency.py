"""Two people act at the same time: one step is taken once, and whoever comes second is told to look again (I20)."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.postgres import Pool
from tests.support.case_world import World
from tests.support.process_world import DECIDED, TEXT, Office, client_of, problem


@pytest.fixture
async def office(pool: Pool, world: World) -> AsyncIterator[Office]:
    async with client_of(pool, world) as http:
        yield Office(world, http)


async def test_of_two_concurrent_confirmations_one_is_taken(office: Office) -> None:
    await office.deliberating()
    assert (await office.send("decision", "chen", reason=TEXT, measures=DECIDED)).status_code == 202
    seen = (await office.case())["revision"]
    both = await asyncio.gather(
        *(office.send("decision", by, revision=seen, reason=TEXT, measures=DECIDED) for by in ("guo", "wu"))
    )
    taken, refused = sorted(both, key=lambda answer: answer.status_code)
    assert taken.status_code == 201
    problem(refused, 412, "changed-meanwhile")
    assert (await office.world.types()).count("case.decided") == 1
    assert len(taken.json()["by"]) == 2


async def test_of_two_concurrent_proposals_one_waits_for_a_second_person(office: Office) -> None:
    await office.deliberating()
    seen = (await office.case())["revision"]
    both = await asyncio.gather(
        *(office.send("decision", by, revision=seen, reason=TEXT, measures=DECIDED) for by in ("chen", "guo"))
    )
    assert sorted(answer.status_code for answer in both) == [202, 412]
    assert await office.state() == "deliberation", "nobody confirms by chance what they have not seen"


async def test_one_request_sent_twice_at_the_same_time_is_one_step(office: Office) -> None:
    await office.open()
    both = await asyncio.gather(*(office.send("review", "chen", revision=1, key="k-1") for _ in range(2)))
    assert [answer.status_code for answer in both] == [201, 201]
    assert both[0].json() == both[1].json()
    assert (await office.world.types()).count("case.review_begun") == 1
