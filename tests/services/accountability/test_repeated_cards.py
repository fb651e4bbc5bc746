"""Three yellow cards of one person in a quarter make a red one (R21)."""

from typing import Any

from shared.inbox import Message
from tests.support.card_words import overdue
from tests.support.case_world import World, delivered, in_hands_of, missed, untrue

DUES = {"M1": "2026-01-30", "M2": "2026-02-10", "M3": "2026-03-10", "M4": "2026-03-31", "M5": "2026-04-01"}


def late(matter: str, person: str | None = "zhang", revision: int = 1) -> Message:
    hands = in_hands_of(person, since="2026-01-05")
    return delivered(missed(matter, DUES[matter], holdings=(hands,)), revision=revision)


async def reds(world: World) -> list[tuple[str, str]]:
    rows = await world.conn.fetch(
        "select * from cards where rule = 'repetition' and revoked_at is null order by matter"
    )
    return [(row["matter"], row["person"]) for row in rows]


async def told(world: World) -> list[dict[str, Any]]:
    return [event for event in await world.cards_published() if event["rule"] == "repetition"]


async def test_the_third_of_a_quarter_makes_a_red_card_that_names_all_three(world: World) -> None:
    await world.feed(late("M1"), late("M2"))
    assert await reds(world) == []
    await world.feed(late("M3"))
    assert await reds(world) == [("M3", "zhang")]
    (event,) = await told(world)
    yellow = {e["card_id"] for e in await world.cards_published() if e["level"] == "yellow"}
    assert (event["level"], event["grounds"], set(event["counted"])) == ("red", ["repeated"], yellow)


async def test_further_ones_make_no_other_and_a_new_quarter_counts_anew(world: World) -> None:
    await world.feed(*map(late, ("M1", "M2", "M3", "M4", "M5")))
    assert await reds(world) == [("M3", "zhang")]


async def test_each_person_is_counted_apart_and_nobody_is_no_person(world: World) -> None:
    await world.feed(late("M1"), late("M2", "li"), late("M3"))
    await world.feed(late("M4", "li"))
    assert await reds(world) == []
    for n in range(3):
        await world.feed(delivered(missed(f"N{n}", "2026-03-10")))
    assert await reds(world) == []


async def test_one_that_is_revoked_takes_the_red_card_with_it(world: World) -> None:
    await world.feed(late("M1"), late("M2"), late("M3"))
    await world.feed(delivered(untrue("M1", DUES["M1"]), revision=2))
    assert await reds(world) == []
    revoked = (await told(world))[-1]
    assert (revoked["type"], revoked["reason"]) == ("card.revoked", "fewer-cards")
    await world.feed(late("M1", revision=3))
    assert await reds(world) == [("M3", "zhang")]
    assert [event["envelope"]["revision"] for event in await told(world)] == ["1", "2", "3"]


async def test_the_next_one_takes_the_place_of_one_that_is_revoked(world: World) -> None:
    await world.feed(*map(late, ("M1", "M2", "M3", "M4")))
    await world.feed(delivered(untrue("M2", DUES["M2"]), revision=2))
    assert await reds(world) == [("M4", "zhang")]


async def test_one_learned_of_late_moves_the_red_card_to_where_the_number_was_full(world: World) -> None:
    await world.feed(late("M2"), late("M3"), late("M4"))
    assert await reds(world) == [("M4", "zhang")]
    await world.feed(late("M1"))
    assert await reds(world) == [("M3", "zhang")]


async def test_a_card_that_goes_to_another_person_counts_for_that_one(world: World) -> None:
    await world.feed(late("M1"), late("M2", "li"), late("M3", "li"), late("M4"))
    await world.feed(late("M1", "li", revision=2))
    assert await reds(world) == [("M3", "li")]
    await world.feed(late("M2", "zhang", revision=2), late("M3", "zhang", revision=2), late("M1", "zhang", revision=3))
    assert await reds(world) == [("M3", "zhang")]
    assert len({event["card_id"] for event in await told(world)}) == 1


async def test_a_red_card_of_the_limit_stands_beside_it(world: World) -> None:
    await world.feed(late("M1"), late("M2"), late("M3"), delivered(overdue("5wd", "M3", DUES["M3"]), revision=2))
    rows = await world.conn.fetch("select rule from cards where matter = 'M3' and level = 'red' order by rule")
    assert [row["rule"] for row in rows] == ["limit", "repetition"]
