"""An office joins with three years of history (D9): it is decided like any other, nobody is told, and nothing climbs
until an operator says from when on its source is live."""

from typing import Any

from tests.support.world import SOURCE, World

GOING_LIVE = f"/v1/sources/{SOURCE}/going-live"
FRIDAY = "2026-01-09T10:00:00+08:00"
YEARS = ("2023-03-01", "2023-09-04", "2024-03-04", "2024-09-02", "2025-03-03", "2025-09-01")


async def bring_in_history(world: World) -> None:
    """Six matters that nobody decided, one that was decided too late, and one that was decided in time."""
    for post, role, person in (
        ("clerk", "direct", "p-clerk"), ("deputy", "leading", "p-deputy"), ("director", "principal", "p-director"),
    ):  # fmt: skip
        await world.holder(post, role, person, "2022-01-01", unit="planning")
    history: dict[str, Any] = {"item": "general-licence", "unit": "planning", "origin": "import"}
    for n, day in enumerate(YEARS):
        await world.submit("matter.submitted", f"H-{n}", day, **history)
    for matter, decided in (("H-late", "2024-05-20"), ("H-kept", "2024-03-05")):
        await world.submit("matter.decided", matter, decided, origin="import")
        await world.submit("matter.submitted", matter, "2024-03-04", **history)


async def climbed(world: World) -> list[str]:
    rows = await world.conn.fetch("select type from accountability.case_events where type = 'case.escalated'")
    return [row["type"] for row in rows]


async def test_years_of_history_are_decided_and_nobody_is_told(world: World) -> None:
    await bring_in_history(world)
    await world.fast_forward(FRIDAY)
    assert await world.conn.fetchval("select count(*) from accountability.report") == len(YEARS) + 1
    assert await world.inbox("p-clerk") == [] and await climbed(world) == []
    report = await world.get("accountability", GOING_LIVE)
    sent = report["would_have_been_sent"]
    assert (report["standing_still"], sent["cases"]["standing"], report["went_live"]) == (7, 7, [])
    assert sent["rungs"] == {"0": 7, "1": 7, "2": 7}
    assert sent["notices"] == {
        "total": 21, "by_kind": {"case.escalated": 14, "case.opened": 7}, "to_nobody": 0,
    }  # fmt: skip
    assert {each["person"]: each["notices"] for each in sent["people"]} == {
        "p-clerk": 7, "p-deputy": 7, "p-director": 7,
    }  # fmt: skip


async def test_going_live_tells_each_person_once_and_the_ladder_climbs_from_then(world: World) -> None:
    await bring_in_history(world)
    await world.fast_forward(FRIDAY)
    answered = (await world.cases("H-0"))[0]["case_id"]
    await world.post(
        "accountability", f"/v1/cases/{answered}/answers", {"person": "p-clerk", "text": "Long done."}, 201
    )
    await world.submit("matter.decided", "H-1", "2023-09-05", origin="import")
    call = {"at": FRIDAY, "by": "p-operator"}
    first = await world.post("accountability", GOING_LIVE, call, 200)
    await world.settled()
    assert (first["cases"], first["called_by"]) == (5, "p-operator")
    assert await world.post("accountability", GOING_LIVE, call, 200) == first
    assert await world.post("accountability", GOING_LIVE, {"by": "p-operator"}, 200) == first
    await world.settled()
    (told,) = await world.inbox("p-clerk")
    assert (told["kind"], told["gathered"]) == ("notices.digest", 5)
    assert await world.inbox("p-deputy") == await world.inbox("p-director") == []
    (case,) = await world.cases("H-2")
    assert [event["type"] for event in case["history"]] == ["case.opened", "case.went_live"]
    await world.fast_forward("2026-01-12T23:59:59+08:00")
    assert await climbed(world) == []
    await world.fast_forward("2026-01-13T00:00:00+08:00")  # one working day after Friday the 9th ends with Monday
    assert len(await climbed(world)) == 5
    assert len(await world.inbox("p-clerk")) == 1
    await world.fast_forward("2026-01-17T00:00:00+08:00")
    assert len(await climbed(world)) == 10
    assert [event["type"] for event in (await world.cases("H-0"))[0]["history"]] == ["case.opened", "case.answered"]
    assert (await world.cases("H-1"))[0]["state"] == "withdrawn"


async def test_what_is_published_as_live_or_falls_due_afterwards_is_live(world: World) -> None:
    await bring_in_history(world)
    imported: dict[str, Any] = {"item": "general-licence", "unit": "planning", "origin": "import"}
    await world.submit("matter.submitted", "H-open", "2025-12-29", **imported)
    await world.fast_forward(FRIDAY)
    await world.post("accountability", GOING_LIVE, {"at": FRIDAY, "by": "p-operator"}, 200)
    await world.submit("matter.submitted", "L-1", FRIDAY, item="business-licence", unit="planning")
    await world.fast_forward("2026-02-10T00:00:00+08:00")
    for matter in ("L-1", "H-open"):
        (case,) = await world.cases(matter)
        assert (case["origin"], case["rung"]) == ("live", 2)


async def test_a_source_does_not_go_live_ahead_of_the_clock_nor_back_in_the_past(world: World) -> None:
    for at, code in (
        ("2026-01-05T09:00:01+08:00", "go-live-ahead"), ("2026-01-03T09:00:00+08:00", "go-live-too-far-back"),
    ):  # fmt: skip
        refused = await world.post("accountability", GOING_LIVE, {"at": at, "by": "p-operator"}, 422)
        assert refused["type"].endswith(code)


async def test_open_matters_warn_and_have_cards_from_the_instant_on_and_nothing_of_before_is_told(world: World) -> None:
    """O-1 was warned of before its source went live on 9 January, and again afterwards; O-2 only then."""
    await bring_in_history(world)
    imported: dict[str, Any] = {"item": "general-licence", "unit": "planning", "origin": "import"}
    await world.submit("matter.submitted", "O-1", "2025-12-16", **imported)
    await world.submit("matter.submitted", "O-2", "2025-12-29", **imported)
    await world.fast_forward(FRIDAY)
    report = await world.get("accountability", GOING_LIVE)
    assert report["cards"] == {"red": 7}
    assert await cards(world, "O-1") == [("reminder", "import")] and await cards(world, "O-2") == []
    await world.post("accountability", GOING_LIVE, {"at": FRIDAY, "by": "p-operator"}, 200)
    await world.settled()
    assert [notice["kind"] for notice in await world.inbox("p-clerk")] == ["notices.digest"]
    await world.fast_forward("2026-02-10T00:00:00+08:00")
    assert await cards(world, "O-1") == [("red", "live"), ("reminder", "import"), ("warning", "live")]
    assert await cards(world, "O-2") == [("red", "live"), ("reminder", "live"), ("warning", "live")]
    warned = [notice for notice in await world.inbox("p-clerk") if notice["kind"] == "deadline.warned"]
    assert [(notice["matter"].rpartition("/")[2], notice["en"]["subject"][:18]) for notice in warned] == [
        ("O-1", "1 working day left"), ("O-2", "5 working days lef"), ("O-2", "1 working day left"),
    ]  # fmt: skip
    assert {card for n in range(len(YEARS)) for card in await cards(world, f"H-{n}")} == {("red", "import")}
    (kept,) = await world.conn.fetch("select * from accountability.case_events where type = 'source.went_live'")
    assert (kept["authority"], kept["matter"], kept["n"]) == ("duban", SOURCE, 1)


async def cards(world: World, matter: str) -> list[tuple[str, str]]:
    found = (await world.get("accountability", f"/v1/cards?matter={matter}"))["cards"]
    return sorted((card["level"], card["origin"]) for card in found)
