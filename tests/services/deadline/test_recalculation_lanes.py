"""Plain clocks are counted again from their rows, in lanes; whatever else there is is folded, to the same end."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest

from services.deadline import fact_store, recalculation, recalculation_batch
from services.deadline.handlers import everywhere, refold
from services.deadline.store import Key, Subject
from shared.inbox import Message
from shared.postgres import Connection
from tests.support.deadline_calendars import NOTICE_2027, published, recalculate, recalculating, when
from tests.support.deadline_service import DAY, HOUR, Service, case, fact, terms

RECEIVED, NOTICED = when("2026-12-15 09:00"), when("2026-12-20 00:00")
LIMITS = (
    terms("promised", "20wd", warnings=("5wd", "1wd"), pauses=({"ground": "*"},), restarts_on=("correction.received",)),
    terms("quality", "30d", roll="next", warnings=("25%",)),
    terms("call", "160wh"),
)


def registered(matter: str, at: Any = RECEIVED) -> Message:
    zone = "Asia/Shanghai" if type(at) is date else None
    return fact("matter.registered", f"r-{matter}", at, key=("A", matter), limits=LIMITS, zone=zone)


def of(type_: str, matter: str, at: Any, **says: Any) -> Message:
    return fact(type_, f"{type_}-{matter}", at, key=("A", matter), **says)


@pytest.fixture
async def mixed(service: Service) -> Service:
    """Matters of which two are plain, one by its date; a notice has taken effect."""
    service.clock.now = RECEIVED
    later = RECEIVED + DAY
    await service.deliver(*(registered(each) for each in ("plain", "paused", "decided", "renamed", "case", "ahead")))
    await service.deliver(registered("by-date", date(2026, 12, 15)))
    await service.deliver(
        of("matter.suspended", "paused", later, ground="hearing"),
        of("matter.resumed", "paused", later + DAY, ground="hearing"),
        of("matter.decided", "decided", later, outcome="granted"),
        of("limits.changed", "renamed", later, item="filing", item_version="1", limits=(terms("promised", "25wd"),)),
        of("matter.suspended", "ahead", NOTICED - HOUR, ground="hearing"),
        case("case.opened", 1, later, key=("A", "case"), amount="20wd"),
    )
    service.clock.now = later
    await service.move_to(later)
    await service.deliver(published(NOTICE_2027, NOTICED))
    service.clock.now = NOTICED
    return service


MATTERS = ("plain", "by-date", "paused", "decided", "renamed", "case", "ahead")


async def told_by_a_fold_of_all(service: Service) -> int:
    async with service.pool.acquire() as conn, conn.transaction():
        before: int = await conn.fetchval("select count(*) from outbox")
        moment = await service.clock.moment(conn)
        await refold(conn, [(("A", matter), None) for matter in MATTERS], moment, everywhere())
        after: int = await conn.fetchval("select count(*) from outbox")
    return after - before


async def test_a_fold_of_all_facts_has_nothing_to_add(mixed: Service) -> None:
    await recalculate(mixed)
    assert (await mixed.told()).count("rescheduled") >= 10
    assert await told_by_a_fold_of_all(mixed) == 0
    await mixed.assert_revisions_have_no_gaps()


async def test_only_what_a_row_cannot_tell_is_folded(mixed: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[Key] = set()
    select = fact_store.select_facts

    async def noted(conn: Connection, subjects: Iterable[Subject]) -> Any:
        subjects = list(subjects)
        read.update(key for key, _ in subjects)
        return await select(conn, subjects)

    monkeypatch.setattr(fact_store, "select_facts", noted)
    await recalculate(mixed)
    assert ("A", "plain") not in read
    assert {("A", "paused"), ("A", "renamed"), ("A", "ahead")} <= read


async def test_what_was_said_is_kept_once_for_each_clock(mixed: Service) -> None:
    before = await mixed.rows(("A", "plain"))
    await recalculate(mixed)
    async with mixed.pool.acquire() as conn:
        kept = await conn.fetch("select clock, revision, says from superseded_statements where matter = 'plain'")
    assert {row["clock"]: row["says"] for row in kept} == {name: row.says for (name, _), row in before.items()}
    assert len(kept) == len(before)


async def test_a_lane_that_fails_takes_nothing_back_of_the_others_and_nothing_is_told_twice(
    mixed: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, failed = recalculation_batch.recount, False

    async def failing(conn: Connection, keys: Any, *rest: Any) -> list[Key]:
        nonlocal failed
        if ("A", "plain") in keys and not failed:
            failed = True
            raise ConnectionResetError
        return await count(conn, keys, *rest)

    monkeypatch.setattr(recalculation, "recount", failing)
    monkeypatch.setattr(recalculation.Recalculating, "CHUNK", 1)
    with pytest.raises(ConnectionResetError):
        await recalculating(mixed).run_once()
    moved = (await mixed.told()).count("rescheduled")
    assert moved > 0
    await recalculate(mixed)
    assert (await mixed.told()).count("rescheduled") > moved
    assert await told_by_a_fold_of_all(mixed) == 0
    await mixed.assert_revisions_have_no_gaps()


async def test_what_was_looked_up_ahead_is_looked_at_again(mixed: Service) -> None:
    """Between two steps a matter is decided and another process takes a step: each due moves once all the same."""
    before = len(await mixed.published())
    one, other = recalculating(mixed, batch=2), recalculating(mixed, batch=2)
    await one.run_once()
    await mixed.deliver(of("matter.decided", "plain", NOTICED, outcome="granted"))
    await one.run_once()
    await other.run_once()
    while await one.run_once():
        pass
    assert await told_by_a_fold_of_all(mixed) == 0
    await mixed.assert_revisions_have_no_gaps()
    told = (await mixed.published())[before:]
    moved = [(heard.subject, event.clock) for heard, event in told if heard.type.endswith("rescheduled")]
    assert len(moved) == len(set(moved)) >= 10
