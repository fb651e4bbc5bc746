"""The limits of a proceeding, as the deadline service says that they are past, takes it back, or says it anew."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from shared.postgres import Pool
from tests.support.case_world import World, delivered, missed, untrue
from tests.support.process_world import DECIDED, ID, PANEL, PARTIES, TEAM, TEXT, Office, client_of, day, problem


@pytest.fixture
async def office(pool: Pool, world: World) -> AsyncIterator[Office]:
    async with client_of(pool, world) as http:
        yield Office(world, http)


async def passed(office: Office, clock: str, due: str) -> None:
    """The deadline service says that a limit of the case is past."""
    office.world.clock.now = day(due) + timedelta(days=1)
    await office.world.feed(delivered(missed(due=due, clock=clock, subject=f"case:{ID}", holdings=())))


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
