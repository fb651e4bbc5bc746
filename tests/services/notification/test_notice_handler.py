"""Batches of events on a real database: who is told, once; what is only listed; what is published."""

from datetime import datetime

import pytest

from shared.errors import NewerVersion, Permanent
from shared.inbox import Message
from tests.support.notice_world import (
    World,
    addressee,
    answered,
    assigned,
    at,
    delivered,
    ended,
    escalated,
    opened,
    reinstated,
    revised,
    warned,
    withdrawn,
)


async def test_a_warning_reaches_the_handler_in_both_languages_and_is_published(world: World) -> None:
    await world.feed(delivered(warned("li"), id="w1"))
    (notice,) = await world.notices()
    assert (notice["recipient"], notice["state"], notice["channel"]) == ("li", "sent", "inbox")
    assert "10 March 2026" in notice["subject_en"] and "2026年3月10日" in notice["subject_zh"]
    assert notice["created_at"] == world.clock.now
    (event,) = await world.published()
    assert event["type"] == "notification.sent"
    assert event["about"] == {"source": "/duban/deadline", "id": "w1"}
    assert (event["notice_id"], event["kind"], event["recipient"]) == (str(notice["id"]), "deadline.warned", "li")
    assert event["envelope"]["subject"] == "licheng/M1"
    assert event["envelope"]["causationid"] == "w1"


async def test_a_warning_without_a_handler_reaches_whoever_holds_the_post_at_that_instant(world: World) -> None:
    await world.feed(
        delivered(assigned("sun", "direct", "2026-01-01"), post="clerk"),
        delivered(assigned("li", "direct", "2026-03-01"), post="clerk"),
        delivered(ended("li", "2026-03-09"), post="clerk"),
        delivered(assigned("wang", "leading", "2026-01-01", unit=None), post="deputy"),
    )
    await world.feed(delivered(warned(), id="early", seen="2026-02-27T09:00"))
    await world.feed(delivered(warned(), id="later", seen="2026-03-04T09:00"))
    await world.feed(delivered(warned(), id="vacant", seen="2026-03-09T00:00"))
    assert {n["about_id"]: (n["recipient"], n["role"]) for n in await world.notices()} == {
        "early": ("sun", "direct"), "later": ("li", "direct"), "vacant": ("wang", "leading"),
    }  # fmt: skip
    assert "直接责任人岗位空缺" in (await world.notices())[-1]["body_zh"]


async def test_a_holder_who_stands_behind_the_warning_in_a_batch_is_known_to_it(world: World) -> None:
    await world.feed(delivered(warned()), delivered(assigned("li", "direct", "2026-03-01"), post="clerk"))
    assert await world.told() == {("li", "deadline.warned", "sent")}


async def test_a_warning_that_finds_nobody_is_a_failure_and_stays_one(world: World) -> None:
    await world.feed(delivered(warned(), id="w1"))
    await world.feed(delivered(assigned("li", "direct", "2026-03-01"), post="clerk"))
    await world.feed(delivered(warned(), id="w1"))
    assert ("vacant", "deadline.warned", "failed") in await world.told()
    event = (await world.published())[0]
    assert (event["type"], event["reason"], event["recipient"]) == ("notification.failed", "vacant", "vacant")


async def test_a_case_s_life_reaches_those_it_concerns(world: World) -> None:
    await world.feed(
        delivered(opened(), revision=1),
        delivered(escalated(addressee("wang", "leading")), revision=2),
        delivered(answered(), revision=3),
    )
    await world.feed(delivered(withdrawn("li", "wang"), revision=4), delivered(reinstated(addressee("li")), revision=5))
    assert await world.told() == {
        ("li", "case.opened", "sent"), ("wang", "case.escalated", "sent"), ("li", "case.withdrawn", "sent"),
        ("wang", "case.withdrawn", "sent"), ("li", "case.reinstated", "sent"),
    }  # fmt: skip
    assert {n["case_id"] for n in await world.notices()} == {"C1"}


async def test_instants_are_told_in_the_offset_that_the_event_gives_and_not_in_utc(world: World) -> None:
    late = datetime.fromisoformat("2012-04-24T00:00:00-04:00")
    due = datetime.fromisoformat("2012-04-23T17:00:00-04:00")
    await world.feed(delivered(warned("li", due=due, late_from=late)), delivered(opened(due=due, late_from=late)))
    await world.feed(delivered(revised(direct="zhao"), revision=2))  # of a case that was remembered in the database
    await world.feed(delivered(escalated(addressee("wang", "leading"), due=due), revision=3))
    notices = await world.notices()
    assert {n["kind"] for n in notices} == {"deadline.warned", "case.opened", "case.revised", "case.escalated"}
    for notice in notices:
        assert "23 April 2012, 17:00 (UTC-04:00)" in notice["body_en"]
        assert "2012年4月23日星期一17:00（UTC-04:00）" in notice["body_zh"]
        assert "UTC+00:00" not in notice["body_en"] + notice["body_zh"]
        if notice["kind"] in ("deadline.warned", "case.opened"):
            assert "Late from: Tuesday, 24 April 2012, 00:00 (UTC-04:00)" in notice["body_en"]


async def test_a_case_that_reaches_nobody_is_on_record_as_failed(world: World) -> None:
    await world.feed(delivered(opened(addressee(None, "principal", ["direct", "leading"]))))
    assert await world.told() == {("vacant", "case.opened", "failed")}


@pytest.mark.parametrize("together", [True, False])
async def test_a_revision_is_told_with_what_was_known_of_the_case(world: World, together: bool) -> None:
    messages = [delivered(opened(), revision=1), delivered(revised(direct="zhao", leading="wang"), revision=2)]
    for batch in [messages] if together else [[m] for m in messages]:
        await world.feed(*batch)
    assert await world.told() == {
        ("li", "case.opened", "sent"), ("zhao", "case.revised", "sent"), ("li", "case.revised", "sent"),
    }  # fmt: skip
    (to_zhao,) = [n for n in await world.notices() if n["recipient"] == "zhao"]
    assert "10 March 2026" in to_zhao["body_en"] and "general-licence" in to_zhao["body_en"]


async def test_a_revision_older_than_what_is_known_tells_nobody(world: World) -> None:
    await world.feed(delivered(opened(), revision=1), delivered(revised(direct="zhao"), revision=3))
    before = await world.told()
    await world.feed(delivered(revised(direct="sun"), revision=2, id="zombie"))
    assert await world.told() == before


async def test_imported_history_is_suppressed_and_listed(world: World) -> None:
    await world.feed(delivered(opened(origin="import")), delivered(warned("li", origin="import")))
    assert {state for _, _, state in await world.told()} == {"suppressed"}
    assert {event["type"] for event in await world.published()} == {"notification.suppressed"}
    assert {event["reason"] for event in await world.published()} == {"imported-history"}


async def test_duplicates_make_one_notice_and_one_event(world: World) -> None:
    message = delivered(opened(), id="e1")
    await world.feed(message, message._replace(offset=message.offset + 1))
    await world.feed(message._replace(offset=message.offset + 2))
    assert len(await world.notices()) == len(await world.published()) == 1


async def test_what_nobody_is_told_of_is_not_even_parsed(world: World) -> None:
    broken = delivered(answered())._replace(value=b"not json at all")
    await world.feed(broken, delivered(opened()))
    assert await world.told() == {("li", "case.opened", "sent")}


async def test_unknown_types_are_passed_over_and_newer_versions_stop(world: World) -> None:
    message = delivered(opened())
    await world.feed(_with(message, "ce_type", b"case.pondered"))
    assert await world.notices() == []
    with pytest.raises(NewerVersion):
        await world.feed(_with(message, "ce_version", b"2"))


@pytest.mark.parametrize("headers", [(), (("ce_type", b"\xff\xfe"),), (("ce_type", None),)])
async def test_what_is_no_event_is_for_the_dead_letters(
    world: World, headers: tuple[tuple[str, bytes | None], ...]
) -> None:
    with pytest.raises(Permanent):
        await world.feed(delivered(opened())._replace(headers=headers))


async def test_a_storm_is_told_in_a_few_statements(world: World) -> None:
    """A thousand cases in one batch: subscriptions, cases and what is new read; cases, rations, digests and notices
    written; the outbox is copied to."""
    storm = [delivered(opened(case_id=f"C{n}", matter=f"M{n}"), id=f"e{n}") for n in range(1000)]
    await world.feed(*storm)
    assert len(await world.notices()) == 1000
    assert len([query for query in world.asked if query.startswith("--")]) <= 7


def _with(message: Message, name: str, value: bytes) -> Message:
    return message._replace(headers=tuple((n, value if n == name else v) for n, v in message.headers))


async def test_a_business_instant_is_what_the_clock_says(world: World) -> None:
    world.clock.now = at("2031-01-01T00:00")
    await world.feed(delivered(opened()))
    assert (await world.notices())[0]["created_at"] == world.clock.now
