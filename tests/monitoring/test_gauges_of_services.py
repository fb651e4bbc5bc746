"""What each service shows of its own moves as its help says, on the real Postgres and a clock that the test sets."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.accountability.metrics import LATENESS as CASE_LATENESS
from services.deadline import store, watch
from services.deadline.rules.tally import PROVISIONAL, UNCOUNTABLE, kinds
from services.intake.rules.silence import FIRST_GAP
from services.intake.watch import sources
from shared.events.limits import PauseTerms
from shared.postgres import Pool, connect, migrate
from tests.support import case_world, deadline_service
from tests.support.deadline_calendars import NOTICE_2027, published, recalculate, recalculating, when
from tests.support.deadline_service import Service, at, fact, terms, watermark
from tests.support.intake_submissions import good
from tests.support.intake_world import PATIENCE, World, intake_world
from tests.support.metered import metric


@pytest.fixture
async def service(database: str) -> AsyncIterator[Service]:
    """Deadline, on Monday 2 March 2026 at 09:00 in Shanghai."""
    await migrate(database, "deadline", deadline_service.MIGRATIONS)
    pool = await connect(database, "deadline", size=4)
    yield Service(pool, at("03-02 09:00"))
    await pool.close()


async def look(service: Service) -> None:
    async with service.pool.acquire() as conn, conn.transaction():
        await watch.clocks(conn)
        await watch.alarms(service.clock)(conn)


def open_clocks(state: str) -> float | None:
    return metric("duban_deadline_open_clocks", state=state)


async def counted_by_hand(service: Service) -> dict[str, int]:
    """From the rows themselves."""
    async with service.pool.acquire() as conn:
        found = await conn.fetch("select authority, matter from matters")
    counts: Counter[str] = Counter()
    for matter in found:
        for row in (await service.rows((matter["authority"], matter["matter"]))).values():
            counts.update(kinds(row))
    return dict(counts)


async def test_open_clocks_are_counted_by_state_through_their_whole_life(service: Service) -> None:
    keys = [("A", str(n)) for n in range(4)]
    await service.deliver(*(fact("matter.registered", f"r{k[1]}", at("03-02 08:00"), key=k) for k in keys))
    await look(service)
    assert [open_clocks(state) for state in ("running", "missed")] == [4, 0]
    await service.deliver(fact("matter.closed", "c0", at("03-02 08:30"), key=keys[0]))
    await service.move_to(at("03-10 09:00"))
    await look(service)
    assert [open_clocks(state) for state in ("running", "missed")] == [0, 3]
    await service.deliver(fact("matter.closed", "c1", at("03-03 10:00"), key=keys[1]))  # in time, told late
    await service.deliver(fact("matter.closed", "c2", at("03-09 10:00"), key=keys[2]))
    await service.deliver(fact("matter.withdrawn", "w3", at("03-02 12:00"), key=keys[3]))
    await look(service)
    assert [open_clocks(state) for state in ("running", "missed")] == [0, 0]
    async with service.pool.acquire() as conn:
        summed = {kind: n for kind, n in (await store.clock_counts(conn)).items() if n}
        assert summed == await counted_by_hand(service)
        assert await conn.fetchval("select count(*) from clock_counts") <= len(summed) + 8, "batches are added up"


async def test_what_cannot_be_held_to_is_counted_until_it_is_mended(service: Service) -> None:
    limits = {"provisional": terms(amount="400wd"), "uncountable": terms(calendar="ATLANTIS")}
    for name, limit in limits.items():
        await service.deliver(fact("matter.registered", name, at("03-02 08:00"), key=("A", name), limits=(limit,)))
    await look(service)
    async with service.pool.acquire() as conn:
        counts = await store.clock_counts(conn)
    assert (counts[PROVISIONAL], counts[UNCOUNTABLE]) == (1, 1)
    assert metric("duban_deadline_provisional_clocks") == metric("duban_deadline_uncountable_clocks") == 1
    changed = {"limits": (terms(amount="2wd"),), "item": "licence", "item_version": "1"}
    for name in limits:
        await service.deliver(fact("limits.changed", f"l-{name}", at("03-02 08:30"), key=("A", name), **changed))
    await look(service)
    assert metric("duban_deadline_provisional_clocks") == metric("duban_deadline_uncountable_clocks") == 0


async def test_misses_of_a_silent_source_clocks_that_stand_still_and_findings_are_counted(service: Service) -> None:
    found = metric("duban_deadline_findings_total", code="pause-ground-unknown") or 0
    limits = (terms(), terms("answer", "20wd", pauses=(PauseTerms(ground="hearing"),)))
    await service.deliver(
        fact("matter.registered", "r", at("03-02 08:00"), limits=limits),
        fact("matter.suspended", "s", at("03-02 08:20"), ground="hearing"),
        fact("matter.suspended", "t", at("03-02 08:30"), ground="holiday"),
        watermark(at("03-03 00:00")),
    )
    await look(service)
    assert (open_clocks("paused"), metric("duban_deadline_unconfirmed_misses")) == (1, 0)
    assert metric("duban_deadline_findings_total", code="pause-ground-unknown") == found + 1
    await service.move_to(at("03-06 00:00"))
    await look(service)
    assert metric("duban_deadline_unconfirmed_misses") == 1
    await service.deliver(watermark(at("03-06 00:00")))
    await service.move_to(at("03-06 00:00"))
    await look(service)
    assert (metric("duban_deadline_unconfirmed_misses"), open_clocks("missed")) == (0, 1)


async def test_a_calendar_tells_until_when_it_is_official_and_a_recalculation_how_far_it_is(service: Service) -> None:
    async def looked() -> tuple[float | None, ...]:
        async with service.pool.acquire() as conn, conn.transaction():
            await watch.recalculations(service.clock)(conn)
        return (
            metric("duban_deadline_calendar_certain_days", code="CN"),
            metric("duban_deadline_oldest_recalculation_seconds"),
            metric("duban_deadline_recalculation_folded"),
        )

    service.clock.now = when("2026-12-15 09:00")
    limits = (terms(amount="20wd"),)
    await service.deliver(*(fact("matter.registered", n, service.clock.now, key=("A", n), limits=limits) for n in "12"))
    assert await looked() == (16, 0, 0)
    service.clock.now = when("2026-12-20 09:00")
    await service.deliver(published(NOTICE_2027, service.clock.now))
    service.clock.now += timedelta(minutes=5)
    await recalculating(service, batch=1).run_once()
    assert await looked() == (376, 300, 1)
    await recalculate(service)
    assert await looked() == (376, 0, 0)


async def test_an_alarm_that_nobody_fires_grows_old_and_lateness_tells_how_late_it_was(service: Service) -> None:
    late, count = "duban_deadline_decided_lateness_seconds_sum", "duban_deadline_decided_lateness_seconds_count"
    before = metric(late, by="sweep") or 0, metric(count, by="sweep") or 0
    await service.deliver(fact("matter.registered", "r", at("03-02 08:00")))
    late_from = (await service.rows())["promised", ""].late_from
    assert late_from is not None
    service.clock.now = late_from + timedelta(minutes=5)
    service.clock.confirmed = late_from - timedelta(hours=1)
    await look(service)
    assert (metric("duban_deadline_unconfirmed_alarms"), metric("duban_deadline_due_alarms")) == (1, 0)
    assert metric("duban_deadline_oldest_due_alarm_seconds") == 0
    service.clock.confirmed = None
    await look(service)
    assert (metric("duban_deadline_unconfirmed_alarms"), metric("duban_deadline_due_alarms")) == (0, 1)
    assert metric("duban_deadline_oldest_due_alarm_seconds") == 300
    assert (await service.sweep().run_once()).fired == 1
    await look(service)
    assert metric("duban_deadline_oldest_due_alarm_seconds") == 0
    assert (metric(late, by="sweep"), metric(count, by="sweep")) == (before[0] + 300, before[1] + 1)


async def test_alarms_that_have_come_are_counted_by_their_index(service: Service) -> None:
    """A table that was just filled has no statistics; all its rows must not be read every few seconds."""
    async with service.pool.acquire() as conn, conn.transaction():
        await conn.execute("set local enable_seqscan = off; set local enable_bitmapscan = off")
        plan = await conn.fetch(
            "explain " + store.QUERIES["select_awaited_alarms"], at("03-02 09:00"), at("03-02 09:00"), 1000
        )
    text = "\n".join(row[0] for row in plan)
    by_index = text.count("Index Cond: ((lane = ")
    assert by_index == 3 and "Seq Scan" not in text, text


@pytest.fixture
async def intake(postgres_dsn: str) -> AsyncIterator[World]:
    async with intake_world(postgres_dsn) as opened:
        yield opened


async def test_a_source_that_stops_is_silent_by_name_until_it_sends_again(intake: World) -> None:
    measure = sources(intake.clock, intake.intake.hearing, PATIENCE)

    async def silent() -> tuple[float | None, list[str]]:
        async with intake.pool.acquire() as conn, conn.transaction():
            await measure(conn)
        found = (await intake.http.get("/v1/sources", params={"state": "silent"})).json()["sources"]
        return metric("duban_intake_silent_sources"), [each["source"] for each in found]

    sent = good()
    await intake.send(sent)
    assert await silent() == (0, [])
    (known,) = (await intake.http.get("/v1/sources")).json()["sources"]
    assert known["state"] == "heard"
    intake.clock.now += 2 * FIRST_GAP
    assert await silent() == (0, []), "usual until then"
    intake.clock.now += timedelta(seconds=1)
    assert await silent() == (1, [known["source"]])
    await intake.send(sent)  # a duplicate is a sign of life too
    assert await silent() == (0, [])


async def test_a_case_shows_how_late_it_was_opened(database: str) -> None:
    await migrate(database, "accountability", case_world.MIGRATIONS)
    pool: Pool = await connect(database, "accountability", size=2)
    name = "duban_accountability_case_lateness_seconds_sum"
    before = {decided: metric(name, decided=decided) or 0 for decided in ("promptly", "late")}
    async with pool.acquire() as conn:
        world = case_world.World(conn)
        world.clock.now = case_world.late_from("2026-03-10") + timedelta(seconds=90)
        await world.feed(case_world.delivered(case_world.missed()))
        long_ago = case_world.missed("M2", detected_at=case_world.late_from("2026-03-10") + timedelta(hours=1))
        await world.feed(case_world.delivered(long_ago))
    await pool.close()
    assert CASE_LATENESS.labels("promptly")
    assert metric(name, decided="promptly") == before["promptly"] + 90
    assert metric(name, decided="late") == before["late"] + 90
