"""A miss that lasts is told again, once, while nothing is done (R22)."""

from datetime import date

from services.deadline.handlers import Read, handler
from services.deadline.rules.clock import State
from shared.events.deadline import DeadlineOverdue, DeadlineOverdueRevoked
from shared.inbox import Message
from tests.support.deadline_service import Service, at, fact, terms


def registered(*overdue: str) -> Message:
    """Due on Wednesday 4 March; five working days later is Wednesday the 11th, over on the 12th at 00:00."""
    return fact("matter.registered", "r", at("03-02 08:00"), limits=(terms(overdue=overdue),))


async def test_it_is_told_once_when_so_much_has_passed(service: Service) -> None:
    await service.deliver(registered("5wd"))
    await service.move_to(at("03-05 00:00"))
    await service.move_to(at("03-11 23:59"))
    assert await service.told() == ["scheduled", "missed"]
    await service.move_to(at("03-12 00:00"))
    overdue = (await service.published())[-1][1]
    assert isinstance(overdue, DeadlineOverdue)
    assert (overdue.overdue, overdue.due) == ("5wd", date(2026, 3, 4))
    await service.move_to(at("12-01 00:00"))
    await service.deliver(fact("matter.assigned", "h", at("11-30 08:00"), person="p1"))
    assert await service.told() == ["scheduled", "missed", "overdue"]
    row = (await service.rows())["promised", ""]
    assert (row.state, row.alarms) == (State.MISSED, ())


async def test_nothing_is_told_of_what_was_done_meanwhile(service: Service) -> None:
    await service.deliver(registered("5wd"))
    await service.move_to(at("03-05 00:00"))
    await service.deliver(fact("matter.closed", "c", at("03-05 00:00")))
    await service.move_to(at("06-01 00:00"))
    assert await service.told() == ["scheduled", "missed", "stopped_late"]


async def test_nothing_is_told_of_what_was_done_in_time(service: Service) -> None:
    await service.deliver(registered("5wd"), fact("matter.closed", "c", at("03-02 08:30")))
    await service.move_to(at("06-01 00:00"))
    assert await service.told() == ["scheduled", "met"]


async def test_after_an_outage_the_miss_comes_first_and_then_the_last_that_has_passed(service: Service) -> None:
    await service.deliver(registered("1wd", "5wd", "30wd"))
    await service.move_to(at("03-13 00:00"))
    assert await service.told() == ["scheduled", "missed", "overdue"]
    overdue = (await service.published())[-1][1]
    assert isinstance(overdue, DeadlineOverdue) and overdue.overdue == "5wd"
    assert [label for _, label in (await service.rows())["promised", ""].alarms] == ["+30wd"]


async def test_a_late_decision_told_after_it_leaves_it_standing(service: Service) -> None:
    await service.deliver(registered("5wd"))
    await service.move_to(at("03-05 00:00"))
    await service.move_to(at("03-12 00:00"))
    await service.deliver(fact("matter.closed", "c", at("03-12 00:00")))
    await service.deliver(fact("fact.retracted", "x", at("03-12 00:00"), replaces={"source": "/a", "id": "c"}))
    told = await service.told()
    assert told[:4] == ["scheduled", "missed", "overdue", "stopped_late"]
    assert told[4:] == ["missed"], "the miss is told without its end; that it lasted was told and holds"
    await service.assert_revisions_have_no_gaps()


async def test_an_earlier_late_decision_takes_back_that_it_lasted(service: Service) -> None:
    """Done a day late and reported a week later: nobody is held to have let it lie for a week."""
    await service.deliver(registered("1wd", "5wd"))
    await service.move_to(at("03-05 00:00"))
    await service.move_to(at("03-06 00:00"))
    await service.move_to(at("03-12 00:00"))
    await service.deliver(fact("matter.closed", "c", at("03-06 09:00")))
    assert await service.told() == ["scheduled", "missed", "overdue", "overdue", "stopped_late", "overdue_revoked"]
    revoked = (await service.published())[-1][1]
    assert isinstance(revoked, DeadlineOverdueRevoked) and revoked.overdue == "5wd"
    await service.deliver(fact("fact.retracted", "x", at("03-12 00:00"), replaces={"source": "/a", "id": "c"}))
    assert (await service.told())[6:] == ["missed", "overdue"]
    await service.assert_revisions_have_no_gaps()


async def test_a_longer_week_takes_back_that_it_lasted_without_a_late_end(service: Service) -> None:
    """The fact that says otherwise is another limit of the same due: nothing is done yet, and nothing breaks."""
    await service.deliver(registered("5wd"))
    await service.move_to(at("03-05 00:00"))
    await service.move_to(at("03-12 00:00"))
    changed = fact("limits.changed", "l", at("03-02 08:00"), item="slow", limits=(terms(overdue=("30wd",)),))
    await service.deliver(changed)
    assert await service.told() == ["scheduled", "missed", "overdue", "overdue_revoked"]
    assert [label for _, label in (await service.rows())["promised", ""].alarms] == ["+30wd"]


async def test_what_was_done_late_while_facts_stood_unread_is_missed_and_over_at_once(service: Service) -> None:
    """After a restore the late end is read before anybody may be found late: no lateness is told beyond that end."""
    service.clock.now = at("03-13 00:00")
    unread = handler(service.clock, lambda: Read((), ()))
    async with service.pool.acquire() as conn, conn.transaction():
        await unread(conn, [registered("1wd", "5wd", "30wd"), fact("matter.closed", "c", at("03-06 12:00"))])
    assert await service.told() == ["scheduled"]
    await service.move_to(at("03-13 00:00"))
    assert await service.told() == ["scheduled", "missed", "stopped_late", "overdue"]
    overdue = (await service.published())[-1][1]
    assert isinstance(overdue, DeadlineOverdue) and overdue.overdue == "1wd"
    row = (await service.rows())["promised", ""]
    assert (row.state, row.alarms) == (State.MISSED_DONE, ())
