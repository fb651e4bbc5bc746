"""The overseers are on the clock too: whoever sits on a case is told of it, once, and no case opens by that."""

from dataclasses import replace
from uuid import uuid4

import pytest

from services.accountability.handlers import handler
from services.accountability.rules.ladder import Rulebook
from shared import inbox
from shared.errors import Permanent
from shared.postgres import Pool
from tests.support.case_world import World, delivered, missed, rung_missed, untrue
from tests.support.ladder_world import BOOK, HOLDERS, ID, client_of, duty_missed
from tests.support.process_world import client_of as process_client


async def late(world: World) -> list[dict[str, object]]:
    return [event for event in await world.published() if event["type"] == "case.overseer_late"]


async def test_an_answered_case_is_to_be_taken_up_in_time(pool: Pool, world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    async with client_of(pool, world) as http:
        await http.post(f"/v1/cases/{ID}/answers", json={"person": "zhang", "text": "the file was lost"})
    (limit,) = (await world.published())[-1]["limits"]
    assert (limit["clock"], limit["amount"], limit["starts_on"]) == (
        "preliminary-review", "5wd", ["case.answered", "case.escalated"],
    )  # fmt: skip
    assert limit["stops_on"] == ["case.review_begun"]
    await world.feed(duty_missed("preliminary-review", "2026-03-18"))
    (event,) = await late(world)
    assert event["addressee"] == {"office": "office", "person": "chen", "skipped": []}
    assert (event["clock"], event["due"], event["rulebook"]) == (
        "preliminary-review",
        "2026-03-18",
        "default/overseers-1",
    )
    assert len(await world.cases()) == 1


async def test_the_last_rung_calls_the_overseers_and_a_late_answer_does_not_call_them_again(
    pool: Pool, world: World
) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(delivered(rung_missed(ID, 1, "2026-03-12")), delivered(rung_missed(ID, 2, "2026-03-18")))
    first, last = (await world.published())[-2:]
    assert "limits" not in first
    assert [limit["clock"] for limit in last["limits"]] == ["preliminary-review"]
    async with client_of(pool, world) as http:
        await http.post(f"/v1/cases/{ID}/answers", json={"person": "zhang", "text": "the file was lost"})
    assert "limits" not in (await world.published())[-1]


async def test_a_miss_is_told_once_for_each_due_however_often_it_comes(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    first = duty_missed("filing", "2026-03-20")
    await world.feed(first, first)
    await world.feed(first)
    again = delivered(missed("M1", "2026-03-20", clock="filing", subject=f"case:{ID}", holdings=()), revision=3)
    await world.feed(again)
    assert len(await late(world)) == 1
    await world.feed(duty_missed("filing", "2026-03-27"), duty_missed("service", "2026-03-27"))
    assert [event["clock"] for event in await late(world)] == ["filing", "filing", "service"]
    assert [event["envelope"]["revision"] for event in await world.published()] == ["1", "2", "3", "4"]


async def test_a_vacant_office_goes_up_to_the_supervision_and_says_so(world: World) -> None:
    await world.feed(*HOLDERS[:3], HOLDERS[4], delivered(missed()))
    await world.feed(duty_missed("filing", "2026-03-20"))
    (event,) = await late(world)
    assert event["addressee"] == {"office": "supervisor", "person": "wu", "skipped": ["office"]}


async def test_where_nobody_holds_either_post_it_is_told_all_the_same(world: World) -> None:
    await world.feed(*HOLDERS[:3], delivered(missed()))
    await world.feed(duty_missed("filing", "2026-03-20"))
    assert (await late(world))[0]["addressee"] == {"office": "supervisor", "skipped": ["office"]}


async def test_the_rulebook_says_who_hears_of_which_clock(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(duty_missed("decision", "2026-09-20"))
    assert (await late(world))[0]["addressee"] == {"office": "supervisor", "person": "wu", "skipped": []}


@pytest.mark.parametrize("clock", ["review-request", "appeal", "defence"])
async def test_a_limit_that_only_bars_a_party_is_no_overseer_s_fault(world: World, clock: str) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(duty_missed(clock, "2026-03-20"))
    assert await late(world) == []


async def test_a_withdrawn_case_escalates_against_nobody(world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    await world.feed(delivered(untrue(), revision=2))
    await world.feed(duty_missed("filing", "2026-03-20"))
    assert await late(world) == []


async def test_a_duty_of_a_case_that_never_was_is_for_the_dead_letters(world: World) -> None:
    with pytest.raises(Permanent):
        await world.feed(duty_missed("filing", "2026-03-20"))
    await world.feed(delivered(missed()))
    with pytest.raises(Permanent):
        await world.feed(duty_missed(f"rectification:{uuid4()}", "2026-03-20"))


async def test_without_rules_of_overseers_nobody_is_called(world: World) -> None:
    async def feed(book: Rulebook, *messages: inbox.Message) -> None:
        async with world.conn.transaction():
            await handler(world.clock, book)(world.conn, messages)

    bare = replace(BOOK, overseers=())
    await feed(bare, *HOLDERS, delivered(missed()), delivered(rung_missed(ID, 2, "2026-03-18")))
    assert "limits" not in (await world.published())[-1]
    await feed(bare, duty_missed("filing", "2026-03-20"))
    assert await late(world) == []


async def test_an_answer_after_the_case_was_taken_up_asks_nobody_to_take_it_up_again(pool: Pool, world: World) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    async with process_client(pool, world) as http:
        seen = {"if-match": (await http.get(f"/v1/cases/{ID}")).headers["etag"]}
        taken = await http.post(f"/v1/cases/{ID}/steps/review", json={"by": "lin"}, headers=seen)
        assert taken.status_code == 201, taken.text
        await http.post(f"/v1/cases/{ID}/answers", json={"person": "zhang", "text": "the file was lost"})
    await world.feed(duty_missed("preliminary-review", "2026-03-18"))
    assert await late(world) == []
