"""A calendar that changes while clocks run: they move once, at its instant, and nobody is missed by the former one."""

from datetime import date, datetime

import pytest

from services.deadline.handlers import everywhere, refold
from services.deadline.rules.stored import Stored
from shared.events.deadline import DeadlineRescheduled
from shared.events.limits import LimitTerms
from shared.inbox import Message
from tests.support.deadline_calendars import NOTICE_2027, published, recalculate, recalculating, when
from tests.support.deadline_service import DAY, Service, fact, terms

TWENTY = (terms(amount="20wd"),)
RECEIVED, NOTICED = when("2026-12-15 09:00"), when("2026-12-20 00:00")


def registered(matter: str, at: datetime = RECEIVED, limits: tuple[LimitTerms, ...] = TWENTY) -> Message:
    return fact("matter.registered", f"r-{matter}", at, key=("A", matter), limits=limits)


async def clock(service: Service, matter: str = "1", name: str = "promised") -> Stored:
    return (await service.rows(("A", matter)))[name, ""]


async def outbox_size(service: Service) -> int:
    async with service.pool.acquire() as conn:
        return int(await conn.fetchval("select count(*) from outbox"))


@pytest.fixture
async def running(service: Service) -> Service:
    """A matter whose limit reaches into a year without a notice."""
    service.clock.now = RECEIVED
    await service.deliver(registered("1"))
    return service


async def test_a_notice_moves_what_reaches_into_its_year_and_makes_it_certain(running: Service) -> None:
    before = await clock(running)
    assert (before.due_on, before.says["counted"]["provisional"]) == (date(2027, 1, 13), True)
    await running.deliver(published(NOTICE_2027, NOTICED))
    running.clock.now = NOTICED
    await recalculate(running)
    after = await clock(running)
    assert (after.due_on, after.says["counted"]["provisional"]) == (date(2027, 1, 19), False)
    assert after.says["counted"]["calendar"] != before.says["counted"]["calendar"]
    assert await running.told() == ["scheduled", "rescheduled"]
    event = (await running.published())[-1][1]
    assert isinstance(event, DeadlineRescheduled)
    assert event.previous_due == date(2027, 1, 13)


async def test_a_notice_counts_from_its_instant_and_not_from_its_arrival(running: Service) -> None:
    await running.deliver(published(NOTICE_2027, NOTICED))
    await recalculate(running)
    assert (await clock(running)).due_on == date(2027, 1, 13)
    await running.deliver(registered("2"))
    assert (await clock(running, "2")).due_on == date(2027, 1, 13)
    running.clock.now = NOTICED
    await running.deliver(registered("3", NOTICED))
    assert (await clock(running, "3")).due_on == date(2027, 1, 22)
    await recalculate(running)
    assert [(await clock(running, matter)).due_on for matter in "12"] == [date(2027, 1, 19)] * 2


async def test_recalculating_again_changes_nothing(running: Service) -> None:
    await running.deliver(published(NOTICE_2027, NOTICED))
    running.clock.now = NOTICED
    await recalculate(running)
    told, row = await outbox_size(running), await clock(running)
    await running.deliver(published(NOTICE_2027, NOTICED))
    await recalculating(running).start()
    await recalculate(running)
    assert (await outbox_size(running), await clock(running)) == (told, row)


async def test_clocks_that_end_before_the_change_are_not_folded(running: Service) -> None:
    await running.deliver(registered("2", limits=(terms(amount="3wd"),)))
    before = await clock(running, "2")
    await running.deliver(published(NOTICE_2027, NOTICED))
    running.clock.now = NOTICED
    await recalculate(running)
    assert (await clock(running, "2")).says["counted"]["calendar"] == before.says["counted"]["calendar"]


async def test_nothing_is_missed_by_a_calendar_that_is_being_replaced(running: Service) -> None:
    await running.deliver(registered("2", limits=(terms(amount="3wd"),)), published(NOTICE_2027, NOTICED))
    await running.move_to(when("2027-01-14 09:00"))  # an outage lasted over the notice and the former due
    assert (await running.told()).count("missed") == 1  # of the clock that the notice does not touch
    await recalculate(running)
    await running.move_to(when("2027-01-14 09:00"))
    assert (await clock(running)).state == "running"
    await running.move_to(when("2027-01-20 00:00"))
    assert (await clock(running)).state == "missed"


async def test_what_a_recalculation_left_alone_a_fold_leaves_alone_too(running: Service) -> None:
    """Limits of every kind, begun on every day of a month, around an amendment of three days."""
    kinds = [
        terms("wd", "12wd"), terms("rolled", "15d", roll="next"), terms("back", "15d", roll="previous"),
        terms("roll", "10d", start_rule="roll"), terms("months", "1m", roll="next"), terms("hours", "40wh"),
        terms("warned", "9wd", warnings=("3wd", "25%")), terms("elsewhere", "12wd", calendar="GB"),
    ]  # fmt: skip
    begun = [when("2026-11-25 09:00") + n * DAY for n in range(30)]
    keys = [("A", f"m{n}") for n in range(len(begun))]
    for key, at in zip(keys, begun, strict=True):
        running.clock.now = max(running.clock.now, at)
        await running.deliver(fact("matter.registered", f"r-{key[1]}", at, key=key, limits=tuple(kinds)))
    off = {"kind": "amendment", "years": (2026, 2027), "source": "made up",
           "rest": ({"since": date(2026, 12, 29), "to": date(2026, 12, 31), "name": "off"},)}  # fmt: skip
    before = {key: await running.rows(key) for key in keys}
    await running.deliver(published(off, running.clock.now))
    await recalculate(running, batch=7)
    told = await outbox_size(running)
    after = {key: await running.rows(key) for key in keys}
    moved = sum(before[key][name].late_from != row.late_from for key in keys for name, row in after[key].items())
    assert moved > 30
    async with running.pool.acquire() as conn, conn.transaction():
        moment = await running.clock.moment(conn)
        await refold(conn, [(key, None) for key in keys], moment, everywhere())
    assert await outbox_size(running) == told


async def test_it_goes_on_where_a_crash_left_it_and_moves_each_clock_once(running: Service) -> None:
    await running.deliver(*(registered(str(n)) for n in range(2, 12)))
    await running.deliver(published(NOTICE_2027, NOTICED))
    running.clock.now = NOTICED
    for _ in range(3):  # three processes, each of which dies after its first batch
        await recalculating(running, batch=2).run_once()
    moved = [(await clock(running, str(n))).due_on == date(2027, 1, 19) for n in range(1, 12)]
    assert 0 < sum(moved) < 11
    await recalculate(running, batch=2)
    assert {(await clock(running, str(n))).due_on for n in range(1, 12)} == {date(2027, 1, 19)}
    assert (await running.told()).count("rescheduled") == 11
    await running.assert_revisions_have_no_gaps()


async def test_a_clock_counted_meanwhile_by_the_former_calendar_is_found(running: Service) -> None:
    """A batch that looked up the calendar before it moved, and commits after the recalculation has passed."""
    await running.deliver(published(NOTICE_2027, NOTICED))
    await recalculate(running)
    async with running.pool.acquire() as conn, conn.transaction():
        await running.handle(conn, [registered("2")])
        running.clock.now = NOTICED
        anew = recalculating(running)
        for _ in range(4):
            await anew.run_once()
        async with running.pool.acquire() as other:
            assert await other.fetchval("select count(*) from recalculations where finished_at is null") == 1
    await recalculate(running)
    assert (await clock(running, "2")).due_on == date(2027, 1, 19)
    async with running.pool.acquire() as conn:
        assert await conn.fetchval("select count(*) from recalculations where finished_at is null") == 0


async def test_another_authority_moves_nothing(running: Service) -> None:
    await running.deliver(published(NOTICE_2027, NOTICED, authority="somebody"))
    running.clock.now = NOTICED
    await recalculate(running)
    assert (await clock(running)).due_on == date(2027, 1, 13)


async def test_a_limit_by_an_unknown_calendar_is_counted_once_that_is_published(service: Service) -> None:
    service.clock.now = RECEIVED
    await service.deliver(registered("1", limits=(terms(amount="5wd", calendar="QZ"),)))
    assert "no calendar 'QZ'" in str((await clock(service)).problem)
    over = {"years": (2026, 2027), "source": "a region", "base": "CN",
            "rest": ({"since": date(2026, 12, 17), "name": "a day of the region"},)}  # fmt: skip
    await service.deliver(published(over, RECEIVED, authority="quanzhou", code="QZ"))
    await recalculate(service)
    row = await clock(service)
    assert (row.problem, row.due_on) == (None, date(2026, 12, 23))


async def test_a_region_follows_the_calendar_below_it(service: Service) -> None:
    service.clock.now = RECEIVED
    over = {"years": (2027, 2027), "source": "a region", "base": "CN",
            "rest": ({"since": date(2027, 1, 4), "name": "a day of the region"},)}  # fmt: skip
    await service.deliver(published(over, RECEIVED, id="region", authority="quanzhou", code="QZ"))
    await service.deliver(registered("1", limits=(terms(amount="20wd", calendar="QZ"),)))
    assert (await clock(service)).due_on == date(2027, 1, 14)
    await service.deliver(published(NOTICE_2027, NOTICED))
    service.clock.now = NOTICED
    await recalculate(service)
    assert (await clock(service)).due_on == date(2027, 1, 20)


async def test_the_holiday_that_was_prolonged_in_january_2020_moves_what_ran_over_it(service: Service) -> None:
    """Received on 16 January: 19 January is worked, 24 to 30 January are off, Saturday 1 February was to be worked."""
    service.clock.now = when("2020-01-16 09:00")
    await service.deliver(registered("1", service.clock.now, (terms(amount="8wd"),)))
    assert (await clock(service)).due_on == date(2020, 2, 1)
    service.clock.now = when("2020-01-26 23:59")
    await recalculate(service)
    assert (await clock(service)).due_on == date(2020, 2, 1)
    service.clock.now = when("2020-01-27 00:00")
    await recalculate(service)
    assert (await clock(service)).due_on == date(2020, 2, 4)
