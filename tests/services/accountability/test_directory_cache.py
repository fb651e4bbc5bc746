"""What is kept of the directory from one batch to the next is the directory as it stands: whoever learned a fact."""

from datetime import date, timedelta

import pytest

from services.accountability import directory_cache
from services.accountability.handlers import handler
from shared.inbox import Message
from shared.postgres import Pool
from tests.support.case_world import BOOK, UNIT, World, assigned, delivered, in_hands_of, missed, stated

LI = delivered(assigned("li", "leading", "2025-01-01"), post="deputy")
CHEN = delivered(assigned("chen", "leading", "2026-02-01"), post="deputy")
TREE = stated("unit.placed", UNIT, "2025-01-01", parent="bureau")
WANG = delivered(assigned("wang", "leading", "2025-01-01", unit="bureau"), post="chief")


async def leader(world: World, matter: str, due: str = "2026-03-10", unit: str = UNIT) -> str | None:
    """Whom a miss names that is judged now."""
    await world.feed(delivered(missed(matter, due, unit=unit, holdings=(in_hands_of(None, unit=unit),))))
    found: str | None = await world.conn.fetchval("select leading_person from cases where matter = $1", matter)
    return found


def asked_of(world: World) -> list[str]:
    """The questions to the directory from now on."""
    asked: list[str] = []

    def hear(record: object) -> None:
        if "join holdings" in (query := str(getattr(record, "query", ""))):
            asked.append(query)

    world.conn.add_query_logger(hear)
    return asked


async def test_what_one_batch_asked_the_next_does_not_ask_again(world: World) -> None:
    await world.feed(LI)
    asked = asked_of(world)
    assert [await leader(world, f"M{n}", f"2026-03-1{n}") for n in range(3)] == ["li", "li", "li"]
    assert len(asked) == 1
    assert await leader(world, "M4", unit="roads") is None
    assert len(asked) == 2


async def test_a_fact_that_another_replica_learned_counts_for_the_next_case(world: World, pool: Pool) -> None:
    await world.feed(LI)
    assert await leader(world, "M1") == "li"
    other = handler(world.clock, BOOK)
    async with pool.acquire() as conn, conn.transaction():
        await other(conn, [CHEN])
    assert await leader(world, "M2") == "chen"


async def test_a_fact_whose_transaction_was_rolled_back_leaves_nothing_behind(world: World) -> None:
    await world.feed(LI)
    assert await leader(world, "M1") == "li"
    with pytest.raises(ZeroDivisionError):
        async with world.conn.transaction():
            await world.handle(world.conn, [CHEN, delivered(missed("M2"))])
            1 / 0  # noqa: B018 - the batch fails after its cases were judged
    assert await leader(world, "M2") == "li"
    await world.feed(CHEN)
    assert await leader(world, "M3") == "chen"


async def test_a_unit_above_that_is_moved_or_staffed_counts_for_those_below(world: World) -> None:
    await world.feed(TREE)
    assert await leader(world, "M1") is None
    await world.feed(WANG)
    assert await leader(world, "M2") == "wang"
    await world.feed(stated("unit.placed", UNIT, "2026-03-01", parent="elsewhere"))
    assert await leader(world, "M3") is None


async def test_who_held_what_long_ago_and_long_after_is_asked_of_the_database(world: World) -> None:
    day = date(2026, 3, 10)
    others: list[Message] = [
        delivered(assigned(f"p{n}", "leading", (day + timedelta(days=n)).isoformat()), post="deputy")
        for n in (-400, -100, 100, 400)
    ]
    await world.feed(LI, *others)
    for n, (days, expected) in enumerate([(0, "p-100"), (-200, "p-400"), (-420, "li"), (200, "p100"), (500, "p400"),
                                          (0, "p-100"), (-100, "p-100"), (-101, "p-400")]):  # fmt: skip
        due = (day + timedelta(days=days)).isoformat()
        assert await leader(world, f"M{n}", due) == expected, due


async def test_what_is_kept_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_cache, "MOST_ROWS", 0)
    monkeypatch.setattr(directory_cache, "MOST_SAID", 0)
    await world.feed(LI, TREE, WANG)
    asked = asked_of(world)
    assert [await leader(world, f"M{n}", unit=unit) for n, unit in enumerate([UNIT, "bureau", UNIT])] == [
        "li", "wang", "li",
    ]  # fmt: skip
    assert len(asked) == 3
