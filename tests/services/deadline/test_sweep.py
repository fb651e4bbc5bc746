"""The sweep on a real database: each alarm once, whoever sweeps, never against a known fact (I1, I7, I10)."""

import asyncio
from collections import Counter

import pytest

from services.deadline import fact_store, store
from services.deadline.handlers import Read, handler
from services.deadline.rules.clock import State
from services.deadline.sweep import Sweep
from shared.events.limits import LimitTerms
from shared.inbox import Message
from shared.outbox import Relay
from shared.postgres import Connection, connect
from tests.support.deadline_service import MINUTE, Service, at, fact, terms
from tests.support.waiting import until

HOURS = (terms(amount="3h"),)
MANY = 2500


def registered(matter: str, limits: tuple[LimitTerms, ...] = HOURS) -> Message:
    return fact("matter.registered", f"r-{matter}", at("03-02 08:00"), key=("A", matter), limits=limits)


async def test_two_sweeps_at_once_fire_each_of_thousands_exactly_once(service: Service, database: str) -> None:
    await service.deliver(*(registered(str(number)) for number in range(MANY)))
    service.clock.now = at("03-02 12:00")
    other = await connect(database, "deadline", size=2)
    fired = []

    async def sweep_all(sweep: Sweep) -> None:
        while (result := await sweep.run_once()).next_alarm is not None:
            fired.append(result.fired)

    try:
        await asyncio.gather(
            *(sweep_all(service.sweep(pool, batch=200)) for pool in (service.pool, other, service.pool))
        )
    finally:
        await other.close()
    missed = Counter(heard.subject for heard, event in await service.published() if heard.type == "deadline.missed")
    assert (len(missed), set(missed.values()), sum(fired) <= MANY) == (MANY, {1}, True)
    await service.assert_revisions_have_no_gaps()


async def test_nothing_fires_before_its_instant(service: Service) -> None:
    service.clock.now = at("03-02 08:00")
    await service.deliver(registered("1", (terms(amount="3h", warnings=("2h",)),)))
    for now, told in (
        (at("03-02 08:59"), []),
        (at("03-02 09:00"), ["warned"]),
        (at("03-02 11:00"), []),
        (at("03-02 11:00").replace(microsecond=1), ["missed"]),
        (at("03-09 11:00"), []),
    ):
        before = await service.told()
        await service.move_to(now)
        assert (await service.told())[len(before) :] == told


async def test_what_is_late_while_the_feed_is_silent_is_missed_only_when_confirmed(service: Service) -> None:
    await service.deliver(registered("1"))
    service.clock.confirmed = at("03-02 10:00")
    await service.move_to(at("03-05 00:00"))
    assert await service.told() == ["scheduled"]
    await service.deliver(fact("matter.closed", "c", at("03-02 10:30")))
    assert await service.told() == ["scheduled", "met"]


async def test_a_matter_whose_fact_became_known_is_folded_before_it_is_fired_even_in_a_flood(
    service: Service,
) -> None:
    batch = [registered(str(number)) for number in range(30)]
    closed = [
        fact("matter.closed", f"c-{number}", at("03-02 10:00") + number * MINUTE / 60, key=("A", str(number)))
        for number in range(30)
    ]
    await service.deliver(*batch, *closed)
    service.clock.now = at("03-05 00:00")
    sweep = service.sweep(batch=4)
    while (await sweep.run_once()).next_alarm is not None:
        pass
    assert Counter(await service.told()) == {"scheduled": 30, "met": 30}


async def test_a_fact_that_commits_between_the_sweeps_snapshot_and_its_lock_is_not_missed_against(
    service: Service, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claiming statement takes its snapshot, waits for an advisory lock, and only then locks the matter."""
    claim = store.QUERIES["claim_due_matters"]
    held = claim.replace("where m.refold_at", "where w.held::text is not null and m.refold_at")
    assert held != claim
    waiting = "select q.* from (select pg_advisory_xact_lock_shared(7) as held offset 0) w cross join lateral"
    monkeypatch.setitem(store.QUERIES, "claim_due_matters", f"{waiting} ({held}) q")
    await service.deliver(registered("1"))
    service.clock.now = at("03-02 12:00")
    async with service.pool.acquire() as conn:
        async with conn.transaction():
            await conn.execute("select pg_advisory_xact_lock(7)")
            sweeping = asyncio.create_task(service.sweep().run_once())
            await until(lambda: waits_for_advisory_lock(conn))
            await service.handle(conn, [fact("matter.closed", "c", at("03-02 10:00"))])
        assert (await sweeping).fired == 0
    assert await service.told() == ["scheduled", "met"]


async def waits_for_advisory_lock(conn: Connection) -> bool:
    return bool(await conn.fetchval("select exists (select from pg_locks where locktype = 'advisory' and not granted)"))


async def test_a_matter_that_another_transaction_holds_is_left_and_fired_later(service: Service) -> None:
    await service.deliver(registered("1"), registered("2"))
    service.clock.now = at("03-02 12:00")
    async with service.pool.acquire() as conn, conn.transaction():
        await fact_store.lock_matters(conn, [("A", "1")])
        assert (await service.sweep().run_once()).fired == 1
    assert (await service.sweep().run_once()).fired == 1


async def test_a_completion_after_the_sweep_takes_the_miss_back(service: Service) -> None:
    await service.deliver(registered("1"))
    await service.move_to(at("03-02 12:00"))
    await service.deliver(fact("matter.closed", "c", at("03-02 10:00")))
    assert await service.told() == ["scheduled", "missed", "withdrawn", "met"]
    assert (await service.rows())["promised", ""].miss is None


async def test_a_sweep_that_fails_half_way_leaves_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    await service.deliver(registered("1"))
    service.clock.now = at("03-02 12:00")

    async def broken(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr("shared.outbox.append", broken)
        with pytest.raises(ConnectionError):
            await service.sweep().run_once()
    assert (await service.rows())["promised", ""].state is State.RUNNING
    assert (await service.sweep().run_once()).fired == 1
    assert await service.told() == ["scheduled", "missed"]


async def test_the_loop_sleeps_over_alarms_it_may_not_fire_yet(service: Service) -> None:
    await service.deliver(registered("1"))
    service.clock.now, service.clock.confirmed = at("03-02 12:00"), at("03-02 10:00")
    stopping, asked = asyncio.Event(), service.clock.asked
    running = asyncio.create_task(service.sweep(poll_s=60).run(stopping))
    await until(lambda: service.clock.asked > asked)
    for _ in range(50):
        await service.rows()
    assert service.clock.asked == asked + 1
    stopping.set()
    await running


async def test_the_loop_wakes_for_the_next_alarm_and_tells_the_relay(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[int] = []
    monkeypatch.setattr(Relay, "wake", lambda _: woken.append(1))
    await service.deliver(registered("1"))
    service.clock.now = at("03-02 11:00")
    stopping = asyncio.Event()
    running = asyncio.create_task(service.sweep(poll_s=0.01).run(stopping))
    service.clock.now = at("03-02 12:00")
    await until(lambda: bool(woken))
    stopping.set()
    await running
    assert await service.told() == ["scheduled", "missed"]


async def test_a_partition_that_is_not_read_to_its_end_misses_nothing_until_it_is(service: Service) -> None:
    """After an outage the completions of what looks overdue may stand unread on the topic."""
    read: set[int] = set()
    handle = handler(service.clock, lambda: Read(read, read))
    service.clock.now = at("03-05 00:00")

    async def deliver(*batch: Message) -> None:
        async with service.pool.acquire() as conn, conn.transaction():
            await handle(conn, batch)

    await deliver(registered("1"), registered("2"))
    relay = Relay(service.pool, "nowhere:1", service="deadline", idempotent=False)
    sweep = Sweep(service.pool, service.clock, relay, batch=10, poll_s=60, caught_up=lambda: Read(read, read))
    assert (await sweep.run_once()).fired == 0
    await deliver(fact("matter.closed", "c", at("03-02 10:00"), key=("A", "1")))
    read |= {store.bucket(("A", "1")), store.bucket(("A", "2"))}
    assert (await sweep.run_once()).fired == 1
    assert sorted(await service.told()) == ["met", "missed", "scheduled", "scheduled"]
