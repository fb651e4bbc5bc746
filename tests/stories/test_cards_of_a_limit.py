"""The cards of a licence that was not decided in time, as the efficiency office reads them (R21, R22)."""

from tests.support.world import World

RECEIVED = "2026-01-28T10:00:00+08:00"
LATE = "2026-03-04T00:00:00+08:00"


async def cards(world: World, query: str = "matter=L-1") -> list[tuple[str, str, str | None]]:
    found = (await world.get("accountability", f"/v1/cards?{query}"))["cards"]
    return sorted((card["level"], card["state"], card["person"]) for card in found)


async def test_a_limit_s_cards_rise_name_who_had_it_in_hand_and_fall_when_the_miss_is_untrue(staffed: World) -> None:
    await staffed.fast_forward(RECEIVED)
    await staffed.submit("matter.submitted", "L-1", RECEIVED, item="general-licence", unit="planning")
    await staffed.submit("matter.assigned", "L-1", RECEIVED, unit="planning", person="p-clerk")
    await staffed.fast_forward("2026-03-03T12:00:00+08:00")
    assert await cards(staffed) == [("reminder", "standing", "p-clerk"), ("warning", "standing", "p-clerk")]
    await staffed.fast_forward(LATE)
    assert await cards(staffed, "person=p-clerk&level=red") == [("red", "standing", "p-clerk")]
    assert [notice["kind"] for notice in await staffed.inbox("p-clerk")] == [
        "deadline.warned", "deadline.warned", "case.opened",
    ]  # fmt: skip
    await staffed.submit("matter.decided", "L-1", "2026-03-02T16:00:00+08:00")
    await staffed.fast_forward("2026-03-05T00:00:00+08:00")
    assert await cards(staffed) == [
        ("red", "revoked", "p-clerk"), ("reminder", "standing", "p-clerk"), ("warning", "standing", "p-clerk"),
    ]  # fmt: skip
