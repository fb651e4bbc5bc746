"""The ladder on a real Postgres: which rungs fire, for whom, in whichever order their misses arrive."""

import pytest

from shared.errors import Permanent
from tests.support.case_world import World, assigned, day, delivered, key_of, missed, rung_missed, untrue

HOLDERS = (
    delivered(assigned("zhang", "direct", "2025-01-01"), post="window-1"),
    delivered(assigned("li", "leading", "2025-01-01"), post="deputy"),
    delivered(assigned("wang", "principal", "2025-01-01", unit=None), post="director"),
)


async def test_an_unanswered_case_climbs_each_rung_once_and_the_last_says_so(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    id = key_of().case_id
    for _ in range(2):
        await world.feed(delivered(rung_missed(id, 1, "2026-03-12")))
        await world.feed(delivered(rung_missed(id, 1, "2026-03-13"), revision=3))
        await world.feed(delivered(rung_missed(id, 2, "2026-03-18")))
    _, first, second = await world.published()
    assert (first["type"], first["rung"], first["last"]) == ("case.escalated", 1, False)
    assert first["addressee"] == {"role": "leading", "person": "li", "skipped": []}
    assert (second["rung"], second["last"], second["addressee"]["person"]) == (2, True, "wang")
    assert len(await world.cases()) == 1
    assert await world.conn.fetchval("select count(*) from escalations") == 2


async def test_a_vacant_rung_is_skipped_upwards(world: World) -> None:
    await world.feed(HOLDERS[0], HOLDERS[2], delivered(missed()))
    await world.feed(delivered(rung_missed(key_of().case_id, 1, "2026-03-12")))
    escalated = (await world.published())[-1]
    assert escalated["rung"] == 1
    assert escalated["addressee"] == {"role": "principal", "person": "wang", "skipped": ["leading"]}
    assert not escalated["last"]


async def test_a_withdrawn_case_does_not_climb_and_a_reinstated_one_climbs_anew(world: World) -> None:
    id = key_of().case_id
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(delivered(rung_missed(id, 1, "2026-03-12")))
    await world.feed(delivered(untrue(), revision=2))
    await world.feed(delivered(rung_missed(id, 2, "2026-03-18")))
    world.clock.now = day("2026-04-01")
    await world.feed(delivered(missed(), revision=3))
    await world.feed(delivered(rung_missed(id, 2, "2026-05-18")))  # a zombie of the first standing
    assert await world.types() == ["case.opened", "case.escalated", "case.withdrawn", "case.reinstated"]
    again = (await world.published())[-1]["envelope"]["id"]
    await world.feed(delivered(rung_missed(id, 1, "2026-04-02", started_by=again), revision=2))
    assert (await world.types())[-1] == "case.escalated"
    assert (await world.case())["rung"] == 1


@pytest.mark.parametrize("together", [True, False])
async def test_rungs_that_fall_due_together_reach_everybody_in_whichever_order(world: World, together: bool) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    rungs = [delivered(rung_missed(key_of().case_id, n, "2026-03-18")) for n in (2, 1)]
    for batch in [rungs] if together else [[each] for each in rungs]:
        await world.feed(*batch)
    _, second, first = await world.published()
    assert [(e["rung"], e["addressee"]["person"], e["last"]) for e in (first, second)] == [
        (1, "li", False), (2, "wang", True),
    ]  # fmt: skip
    assert ((await world.case())["rung"], (await world.case())["fired"]) == (2, [1, 2])


async def test_a_case_clock_taken_back_leaves_the_rung_on_record(world: World) -> None:
    id = key_of().case_id
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(delivered(rung_missed(id, 1, "2026-03-12")))
    taken_back = untrue(due="2026-03-12", clock="rung-1", subject=f"case:{id}")
    await world.feed(delivered(taken_back, revision=2))
    assert (await world.case())["rung"] == 1
    assert await world.types() == ["case.opened", "case.escalated"]


async def test_a_rung_of_a_case_that_never_was_is_for_the_dead_letters(world: World) -> None:
    with pytest.raises(Permanent):
        await world.feed(delivered(rung_missed(key_of().case_id, 1, "2026-03-12")))
    with pytest.raises(Permanent):
        await world.feed(delivered(missed(subject=f"case:{key_of().case_id}", clock="hearing")))
    await world.feed(delivered(missed()))
    with pytest.raises(Permanent):
        await world.feed(delivered(missed(subject=f"case:{key_of().case_id}", clock="rung-1")))
