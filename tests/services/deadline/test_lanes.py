"""What waits for what: a matter's clocks for its own topic, the clocks of its cases for that of cases, too (D8)."""

from pathlib import Path

import pytest

from services.deadline.handlers import Read
from services.deadline.sweep import Sweep
from shared import outbox
from shared.outbox import Relay
from shared.postgres import connect, migrate
from tests.support import made_events
from tests.support.deadline_service import MIGRATIONS, Service, at, case, fact, terms

HOURS = (terms(amount="3h"),)
PARTITIONS = range(6)


def sweep(service: Service, read: Read, batch: int = 10) -> Sweep:
    relay = Relay(service.pool, "nowhere:1", service="deadline", idempotent=False)
    return Sweep(service.pool, service.clock, relay, batch=batch, poll_s=60, caught_up=lambda: read)


async def test_a_storm_of_misses_does_not_wait_for_its_own_cases(service: Service) -> None:
    """The cases of the first misses stand unread on case-events while the last misses are still to be found."""
    await service.deliver(
        fact("matter.registered", "r", at("03-02 08:00"), limits=HOURS), case("case.opened", 1, at("03-02 08:30"))
    )
    service.clock.now = at("03-09 09:00")
    unread_cases = sweep(service, Read(PARTITIONS, ()))
    assert (await unread_cases.run_once()).fired == 1
    assert (await unread_cases.run_once()).fired == 0
    assert [subject for (_, subject), row in (await service.rows()).items() if row.miss is not None] == [""]
    assert (await sweep(service, Read(PARTITIONS, PARTITIONS)).run_once()).fired == 1
    assert {subject for (_, subject), row in (await service.rows()).items() if row.miss is not None} == {"", "case:c1"}


async def test_a_fact_of_a_case_folds_that_case_and_leaves_the_matter_alone(service: Service) -> None:
    await service.deliver(fact("matter.registered", "r", at("03-02 08:00"), limits=HOURS))
    before = (await service.rows())["promised", ""]
    service.clock.now = at("03-09 09:00")  # the matter's own clock is late by now: only the sweep may say so here
    await service.deliver(case("case.opened", 1, at("03-09 08:30"), amount="5wd"))
    after = await service.rows()
    assert after["promised", ""] == before
    assert after["answer", "case:c1"].late_from is not None


async def test_what_is_folded_of_a_case_forgets_no_fact_that_lies_ahead(service: Service) -> None:
    await service.deliver(
        fact("matter.registered", "r", at("03-02 08:00"), limits=(terms(amount="5d"),)),
        fact("matter.closed", "c", at("03-03 08:00")),
    )
    await service.deliver(case("case.opened", 1, at("03-02 08:30")))
    await service.move_to(at("03-03 09:00"))
    assert "met" in await service.told()


async def test_rows_of_a_former_build_are_fired_as_before(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Migration 0003: statements said everything twice, and clocks waited in one lane for both topics."""
    monkeypatch.setattr(outbox, "append", made_events.append)  # its fields stand in the order of the former build
    former = tmp_path / "former"
    former.mkdir()
    for file in MIGRATIONS.glob("*.sql"):
        if file.name < "0003":
            (former / file.name).write_text(file.read_text())
    await migrate(empty_database, "deadline", former)
    pool = await connect(empty_database, "deadline", size=2)
    old = {
        "about": {
            "authority": "A",
            "matter": "1",
            "clock": "promised",
            "origin": "live",
            "item": "licence",
            "unit": "u1",
        },
        "facts": [FACT],
        "scheduled": {**COUNTED, "provisional": False, "facts": [FACT]},
        "missed": {**COUNTED, "holdings": [HOLDING], "facts": [FACT]},
    }
    columns = {
        "authority": "A", "matter": "1", "clock": "promised", "subject": "", "bucket": 3, "state": "running",
        "item": "licence", "unit": "u1", "zone": "Asia/Shanghai", "late_from": LATE, "withdrawn": False,
        "next_alarm_at": LATE, "alarms": {"ahead": [[LATE.isoformat(), "miss"]]}, "says": old, "digest": "former",
        "applies": True, "revision": 1, "known_at": at("03-02 08:00"), "confirmed_at": at("03-02 08:00"),
    }  # fmt: skip
    await pool.execute("insert into matters (authority, matter) values ('A', '1')")
    await pool.copy_records_to_table("clocks", columns=list(columns), records=[tuple(columns.values())])
    await pool.close()

    await migrate(empty_database, "deadline", MIGRATIONS)
    pool = await connect(empty_database, "deadline", size=3)
    try:
        service = Service(pool, at("03-02 12:00"))
        assert (await sweep(service, Read([3], ())).run_once()).fired == 1
        [(_, missed)] = await service.published()
        assert missed.to_data()["holdings"] == [HOLDING]
        assert missed.to_data()["limit"]["source"] == "not verified"
    finally:
        await pool.close()


LATE = at("03-02 11:00").replace(microsecond=1)
FACT = {
    "type": "matter.registered", "occurred_at": "2026-03-02T00:00:00+00:00", "source": "/a", "id": "r", "event": "e-r"
}  # fmt: skip
HOLDING = {"since": "2026-03-02T00:00:00+00:00", "unit": "u1"}
COUNTED = {
    "due": "2026-03-02T11:00:00+08:00", "late_from": LATE.isoformat(), "calendar": "CN-2026.1",
    "limit": {
        "clock": "promised", "amount": "3h", "start_rule": "day0", "roll": "none", "zone": "Asia/Shanghai",
        "calendar": "CN", "starts_on": ["matter.registered"], "stops_on": ["matter.closed"], "warnings": [],
        "source": "not verified",
    },
}  # fmt: skip
