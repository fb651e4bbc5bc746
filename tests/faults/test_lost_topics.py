"""A topic is lost and made anew, or its retention has passed a consumer: who would skip events stops and says so, and
`duban rebuild` sends them again with their ids. Nothing that was done is done again.
"""

import asyncio

from services.cli.recovery.rebuild import Rebuilt, rebuild
from tests.faults.broker import ids_on, lose, trim
from tests.faults.database import connected
from tests.faults.fleet import Fleet
from tests.faults.scenes import climb, decide, fall_due, play, receive, report_late, staff, state_of, warn
from tests.faults.state import State, difference
from tests.support.waiting import until

TOPICS = ("matter-events", "directory-events", "deadline-events", "case-events", "notification-events", "rejections")
READERS = ("deadline", "accountability", "notification")


async def ended_for(fleet: Fleet, service: str, why: str) -> None:
    """It has ended by itself, with 1, and its last words say what is wrong and what to do."""
    process = fleet.processes.pop(service)
    async with asyncio.timeout(60):
        assert await process.ended(fleet.run) == 1
    (last,) = [line for line in process.lines() if line.get("level") == "critical"]
    assert last["event"] == "wrong_environment"
    assert why in last["reason"] and "duban rebuild" in last["reason"], last


async def test_lost_topics_are_rebuilt_with_their_ids_and_nothing_happens_twice(fleet: Fleet, calm: State) -> None:
    await fleet.start_all()
    await play(fleet, staff, receive, decide, warn, fall_due, report_late)
    await fleet.submit("matter.submitted", "no item", "2026-01-05T09:00:00+08:00", item="nothing we know")
    await fleet.settled()
    before = await state_of(fleet)
    ids = {topic: await ids_on(fleet, topic) for topic in TOPICS}
    assert all(ids.values()), "each topic holds something, or its loss would prove nothing"
    await lose(fleet, TOPICS)
    for service in READERS:
        await ended_for(fleet, service, "consumed from it")
    done: list[Rebuilt] = [await rebuild(fleet.dsn, topic) for topic in TOPICS]
    assert {each.topic: each.events for each in done} == {topic: len(found) for topic, found in ids.items()}
    for service in READERS:
        fleet.start(service)
    for service in READERS:
        await fleet.ready(service)
    await fleet.settled()
    for topic in TOPICS:
        assert sorted(await ids_on(fleet, topic)) == sorted(ids[topic]), topic
    assert (found := difference(before, await state_of(fleet))) == "", found
    await play(fleet, climb)
    assert (found := difference(calm, await state_of(fleet))) == "", found


async def test_what_retention_deleted_unread_stops_its_reader_and_is_sent_again(fleet: Fleet, calm: State) -> None:
    await fleet.start_all()
    await play(fleet, staff, receive, decide, warn)
    await fleet.kill("accountability")
    await fall_due(fleet)
    async with connected(fleet.dsn) as conn:
        told = (
            "select count(*) = 40 from deadline.outbox"
            " where convert_from(headers, 'utf8') like '%deadline.missed%' and sent_at is not null"
        )
        await until(lambda: conn.fetchval(told), within_s=60)
    await trim(fleet, "deadline-events")
    fleet.start("accountability")
    await ended_for(fleet, "accountability", "were deleted unread")
    await rebuild(fleet.dsn, "deadline-events")
    await fleet.ready(fleet.start("accountability").service)
    await fleet.settled()
    await play(fleet, report_late, climb)
    assert (found := difference(calm, await state_of(fleet))) == "", found
