"""The cards of a licence that was not decided in time, and the slips of directives, as the efficiency office reads them
(R21 to R23)."""

from typing import Any

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


async def test_a_directive_slips_from_blue_to_red_and_an_urgent_one_starts_at_orange(staffed: World) -> None:
    """政令督查 (R23): due on Friday 27 March; five working days later it is 3 April, and, for 清明, ten on 13 April."""
    directive: dict[str, Any] = {"due": "2026-03-27", "zone": "Asia/Shanghai", "unit": "planning"}
    await staffed.fast_forward("2026-03-02T10:00:00+08:00")
    await staffed.submit("directive.issued", "D-1", "2026-03-02T10:00:00+08:00", **directive, person="p-clerk")
    await staffed.submit("directive.issued", "D-2", "2026-03-02T10:00:00+08:00", **directive, urgent=True)
    rising = {
        "2026-03-28T00:00:00+08:00": (["blue"], ["orange"]),
        "2026-04-04T00:00:00+08:00": (["blue", "orange"], ["orange", "red"]),
        "2026-04-14T00:00:00+08:00": (["blue", "orange", "red"], ["orange", "red"]),
    }
    for at, (first, urgent) in rising.items():
        await staffed.fast_forward(at)
        for matter, expected in (("D-1", first), ("D-2", urgent)):
            found = (await staffed.get("accountability", f"/v1/cards?matter={matter}&state=standing"))["cards"]
            assert sorted(card["level"] for card in found if card["rule"] == "slip") == expected
            assert {card["level"] for card in found if card["rule"] != "slip"} == {"reminder", "warning"}
    told = [notice for notice in await staffed.inbox("p-clerk") if notice["kind"] == "slip.issued"]
    assert [notice["zh"]["subject"].partition("】")[0] for notice in told if "D-1" in notice["en"]["subject"]] == [
        "【蓝单", "【橙单", "【红单",
    ]  # fmt: skip
    urgent_ones = [notice["en"]["subject"] for notice in told if "D-2" in notice["en"]["subject"]]
    assert [subject.partition(":")[0] for subject in urgent_ones] == ["Orange slip, urgent", "Red slip, urgent"]
    await staffed.submit("matter.closed", "D-1", "2026-04-02T09:00:00+08:00")
    await staffed.fast_forward("2026-04-14T12:00:00+08:00")
    assert [level for level, state, _ in await cards(staffed, "matter=D-1") if state == "revoked"] == ["orange", "red"]
    revoked = (await staffed.inbox("p-clerk"))[-1]
    assert revoked["kind"] == "slip.revoked" and "it was done earlier" in revoked["en"]["body"]
