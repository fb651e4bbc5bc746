"""The limits of a proceeding, as the deadline service says that they are past, takes it back, or says it anew."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from services.accountability.handlers import handler
from shared.postgres import Pool
from tests.support.case_world import World, delivered, missed, rung_missed, untrue
from tests.support.process_world import (
    BOOK,
    DECIDED,
    ID,
    PANEL,
    PARTIES,
    TEAM,
    TEXT,
    Office,
    client_of,
    day,
    passed,
    problem,
)


@pytest.fixture
async def office(pool: Pool, world: World) -> AsyncIterator[Office]:
    async with client_of(pool, world) as http:
        yield Office(world, http)


async def test_whose_limit_did_not_pass_after_all_is_heard_before_anything_is_decided(office: Office) -> None:
    await office.noticed()
    await office.take("defence", "zhang", plea=True, defence="It was the applicant.")
    await passed(office, "defence", "2026-03-23")
    await office.take("deliberation", members=PANEL)
    for member in PANEL:
        await office.take("vote", member, outcome="decision")
    problem(await office.send("defence", "li", plea=True, waived=True), 409, "one-defence-each")
    await office.world.feed(delivered(untrue(clock="defence", subject=f"case:{ID}", due="2026-03-23"), revision=2))
    decision: dict[str, Any] = {"reason": TEXT, "measures": DECIDED}
    assert problem(await office.send("decision", "chen", **decision), 409, "notice-and-defence")["missing"] == ["li"]
    assert "defence" in [step["step"] for step in (await office.case())["proceeding"]["next"]]
    await office.take("defence", "li", plea=True, waived=True)
    assert problem(await office.send("decision", "chen", **decision), 409, "voted-for")["missing"] == ["3 more votes"]


async def test_a_limit_whose_due_moves_bars_from_its_new_end(office: Office) -> None:
    def moved(due: str) -> Any:
        return untrue(clock="review-request", subject=f"case:{ID}", due=due, reason="due-moved")

    await office.served()
    await passed(office, "review-request", "2026-04-10")
    await office.world.feed(delivered(moved("2026-04-10"), revision=2))
    assert (await office.case())["proceeding"]["passed"] == {}
    await office.take("execution")
    problem(await office.send("closure", "chen"), 409, "remedy-is-over")
    later = missed(due="2026-04-13", clock="review-request", subject=f"case:{ID}", holdings=())
    await office.world.feed(delivered(later, revision=3), delivered(moved("2026-04-10"), revision=2, id="again"))
    assert list((await office.case())["proceeding"]["passed"]) == ["review-request"]
    office.world.clock.now = day("2026-04-14")
    problem(await office.send("review-request", "zhang", plea=True, request=TEXT), 409, "within-remedy")


async def test_a_duty_that_passed_undone_is_overdue_until_it_is_done(office: Office) -> None:
    await office.filed()
    await passed(office, "filing", "2026-03-25")
    await passed(office, "investigation", "2026-06-11")
    proceeding = (await office.case())["proceeding"]
    assert [one["clock"] for one in proceeding["overdue"]] == ["investigation"]
    assert set(proceeding["passed"]) == {"filing", "investigation"}


async def test_a_limit_of_the_first_round_bars_nobody_in_the_second(office: Office) -> None:
    await office.noticed()
    office.world.clock.now = day("2026-03-25")
    await office.world.feed(delivered(untrue(), revision=2))
    await office.world.feed(delivered(missed(), revision=3))
    problem(await office.send("review", "chen", at="2026-03-20T00:00:00+08:00"), 422, "dates-in-order")
    await office.take("review")
    heard_late = missed(due="2026-03-23", clock="defence", subject=f"case:{ID}", holdings=())
    await office.world.feed(delivered(heard_late))
    await office.take("filing", reason=TEXT)
    await office.take("investigators", investigators=TEAM)
    await office.confirm()
    await office.take("notice", facts=TEXT, basis=TEXT, announced=PARTIES)
    refused = problem(await office.send("deliberation", "chen", members=PANEL), 409, "notice-and-defence")
    assert refused["missing"] == ["zhang", "li"]


@pytest.mark.parametrize(
    ("filed", "stops", "due", "climbs"),
    [
        (True, True, "2026-03-12", False),
        (True, True, "2026-03-10", True),  # due before it was filed, and heard of late
        (True, False, "2026-03-12", True),
        (False, True, "2026-03-12", True),  # under preliminary review alone
    ],
)
async def test_a_case_that_was_filed_climbs_no_further(
    pool: Pool, office: Office, filed: bool, stops: bool, due: str, climbs: bool
) -> None:
    book = replace(BOOK, proceedings=(replace(BOOK.proceedings[0], filing_stops_ladder=stops),))
    async with client_of(pool, office.world, book) as http:
        other = Office(office.world, http)
        await other.open()
        await other.take("review")
        if filed:
            await other.take("filing", reason=TEXT)
    async with office.world.conn.transaction():
        await handler(office.world.clock, book)(office.world.conn, [delivered(rung_missed(ID, 1, due))])
    assert ((await office.world.types())[-1] == "case.escalated") is climbs


async def test_a_dismissed_case_climbs_no_further(office: Office) -> None:
    await office.open()
    await office.take("review")
    await office.two("dismissal", reason=TEXT)
    await office.world.feed(delivered(rung_missed(ID, 1, "2026-03-12")))
    assert (await office.world.types())[-1] == "case.dismissed"
