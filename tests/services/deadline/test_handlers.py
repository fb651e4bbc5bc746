"""Facts in, clocks and events out, on a real database: once, in any order, each matter apart (I4, I5, I7, D7, D11)."""

import asyncio
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from services.deadline import in_force, store
from services.deadline.in_force import CalendarOf
from services.deadline.rules.clock import State
from shared.events.base import EventRef
from shared.events.submissions import Replacement
from shared.postgres import Connection
from tests.support.deadline_facts import FIRST, calendar_of, fact_of, histories
from tests.support.deadline_life import STANDING, Life
from tests.support.deadline_oracle import Entry
from tests.support.deadline_service import DAY, HOUR, Service, at, case, content, fact, terms
from tests.support.deadline_wire import message_of


async def test_a_batch_delivered_again_has_no_second_effect(service: Service) -> None:
    batch = [fact("matter.registered", "r", at("03-02 08:00")), fact("matter.closed", "c", at("03-02 08:30"))]
    await service.deliver(*batch, *batch)
    before = await service.published(), await service.rows()
    await service.deliver(*batch)
    await service.deliver(batch[1])
    assert (await service.published(), await service.rows()) == before
    assert await service.told() == ["scheduled", "met"]


async def test_a_closure_that_comes_before_its_registration_is_kept_and_applied(service: Service) -> None:
    await service.deliver(fact("matter.closed", "c", at("03-02 08:00")))
    assert (await service.rows(), await service.told()) == ({}, [])
    await service.move_to(at("03-20 00:00"))
    await service.deliver(fact("matter.registered", "r", at("03-02 08:30")))
    assert await service.told() == ["scheduled", "met"]
    row = (await service.rows())["promised", ""]
    assert (row.state, row.done_at, row.miss) == (State.MET, at("03-02 08:00"), None)


async def test_a_limit_that_cannot_be_counted_holds_nobody_and_stops_nothing(service: Service) -> None:
    good = fact("matter.registered", "r", at("03-02 08:00"))
    bad = fact("matter.registered", "b", at("03-02 08:00"), key=("A", "2"), limits=(terms(calendar="XX"),))
    await service.deliver(good, bad)
    assert await service.told() == ["scheduled"]
    assert (await service.rows(("A", "2")))["promised", ""].state is State.NOT_STARTED


async def test_a_future_fact_that_can_never_be_counted_does_not_end_the_sweep(service: Service) -> None:
    await service.deliver(fact("matter.registered", "b", at("03-02 10:00"), limits=(terms(calendar="XX"),)))
    await service.move_to(at("03-02 10:00"))
    assert (await service.rows())["promised", ""].state is State.NOT_STARTED
    assert await service.told() == []


async def test_a_future_fact_is_unknown_until_its_instant_and_folded_then(service: Service) -> None:
    await service.deliver(
        fact("matter.registered", "r", at("03-02 08:00")), fact("matter.closed", "c", at("03-03 08:00"))
    )
    assert (await service.rows())["promised", ""].done_at is None
    await service.move_to(at("03-03 07:59"))
    assert await service.told() == ["scheduled"]
    await service.move_to(at("03-03 08:00"))
    assert await service.told() == ["scheduled", "met"]
    await service.move_to(at("03-20 00:00"))
    assert await service.told() == ["scheduled", "met"]


async def test_one_event_id_in_two_matters_or_from_two_sources_is_two_facts(service: Service) -> None:
    await service.deliver(
        fact("matter.registered", "r", at("03-02 08:00")),
        fact("matter.registered", "r", at("03-02 08:00"), key=("B", "1")),
        fact("matter.closed", "c", at("03-02 08:30")),
    )
    assert (await service.rows())["promised", ""].state is State.MET
    assert (await service.rows(("B", "1")))["promised", ""].state is State.RUNNING


async def test_a_bare_date_is_due_and_done_on_days(service: Service) -> None:
    says: dict[str, Any] = {"zone": "Asia/Shanghai"}
    registered = fact("matter.registered", "r", date(2026, 3, 2), limits=(terms(amount="2d"),), **says)
    await service.move_to(at("03-08 00:00"))
    await service.deliver(registered, fact("matter.closed", "c", date(2026, 3, 4), **says))
    row = (await service.rows())["promised", ""]
    assert (row.due_on, row.done_on, row.late_from) == (date(2026, 3, 4), date(2026, 3, 4), at("03-05 00:00"))
    assert await service.told() == ["scheduled", "met"]


async def test_a_case_has_clocks_of_its_own_that_an_answer_stops(service: Service) -> None:
    await service.deliver(fact("matter.registered", "r", at("03-02 08:00")), case("case.opened", 1, at("03-02 08:30")))
    row = (await service.rows())["answer", "case:c1"]
    assert (row.state, row.due_on, row.unit) == (State.RUNNING, date(2026, 3, 3), "u1")
    await service.deliver(
        fact("matter.closed", "c", at("03-02 08:45")), fact("matter.withdrawn", "w", at("03-02 08:50"))
    )
    assert (await service.rows())["answer", "case:c1"].state is State.RUNNING
    await service.deliver(case("case.answered", 2, at("03-02 08:55")))
    assert (await service.rows())["answer", "case:c1"].state is State.MET
    await service.assert_revisions_have_no_gaps()


async def test_a_withdrawn_case_is_void_and_a_reinstated_one_starts_anew(service: Service) -> None:
    await service.deliver(case("case.opened", 1, at("03-02 08:00")))
    await service.move_to(at("03-04 12:00"))
    await service.deliver(case("case.withdrawn", 2, at("03-04 12:00")))
    assert (await service.rows())["answer", "case:c1"].state is State.MISSED_DONE
    await service.move_to(at("03-05 12:00"))
    await service.deliver(case("case.reinstated", 3, at("03-05 12:00")))
    row = (await service.rows())["answer", "case:c1"]
    assert (row.state, row.due_on, row.miss) == (State.RUNNING, date(2026, 3, 6), None)
    await service.deliver(case("case.withdrawn", 4, at("03-05 12:00")))
    assert (await service.rows())["answer", "case:c1"].state is State.VOID
    told = [e.reason for _, e in await service.published() if hasattr(e, "reason")]
    assert told == ["due-moved", "case-withdrawn"]


async def test_a_correction_replaces_the_fact_it_names(service: Service) -> None:
    wrong = fact("matter.closed", "c", at("03-08 08:00"))
    right = content("matter.closed", ("/a", "c"), at("03-03 08:00"), at("03-08 08:00")).to_data()
    says: dict[str, Any] = {
        "replaces": EventRef(source="/a", id="c"),
        "fact": Replacement(type="matter.closed", data=right),
    }
    corrected = fact("fact.corrected", "k", at("03-09 08:00"), **says)
    await service.deliver(fact("matter.registered", "r", at("03-02 08:00")), wrong)
    await service.move_to(at("03-10 08:00"))
    assert await service.told() == ["scheduled", "missed", "stopped_late"]
    await service.deliver(corrected)
    assert (await service.told())[3:] == ["withdrawn", "met"]
    await service.deliver(fact("fact.retracted", "x", at("03-10 08:00"), replaces=EventRef(source="/a", id="c")))
    assert (await service.told())[5:] == ["scheduled", "missed"]


async def test_batches_over_the_same_matters_wait_for_each_other_and_lose_nothing(service: Service) -> None:
    keys = [("A", str(number)) for number in range(40)]
    registered = [fact("matter.registered", "r", at("03-02 08:00"), key=key) for key in keys]
    closed = [fact("matter.closed", "c", at("03-02 08:30"), key=key) for key in keys]
    given_ = [fact("matter.assigned", "h", at("03-02 08:10"), key=key, person="p1") for key in keys]
    batches = [registered[::-1], closed, given_[::-1], registered, closed[::-1]]
    await asyncio.gather(*(service.deliver(*batch) for batch in batches))
    states = {(await service.rows(key))["promised", ""].state for key in keys}
    assert states == {State.MET}
    await service.assert_revisions_have_no_gaps()


async def test_whole_histories_as_events_are_stored_as_the_rules_decide_them(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def calendars(conn: Connection, now: datetime) -> CalendarOf:
        return calendar_of

    monkeypatch.setattr(in_force, "calendars", calendars)
    collected: list[list[Entry]] = []

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(histories())
    def collect(history: list[Entry]) -> None:
        collected.append(history)

    collect()
    arrivals = [
        (position, message_of(entry, ("A", str(number))))
        for number, history in enumerate(collected)
        for position, entry in enumerate(history)
    ]
    instants = [FIRST + 2 * DAY, FIRST + 5 * DAY, FIRST + 9 * DAY, FIRST + 30 * DAY]
    for part, now in enumerate(instants):
        await service.move_to(now)
        await service.deliver(*(message for position, message in arrivals if position % len(instants) == part))
    await service.move_to(instants[-1])
    for number, history in enumerate(collected):
        life = Life("A", str(number))
        life.receive([fact_of(entry) for entry in history], instants[-1], instants[-1])
        rows = await service.rows(("A", str(number)))
        found = {key: {n: getattr(row, n) for n in STANDING} for key, row in rows.items() if row.applies}
        assert found == life.standing()
    await service.assert_revisions_have_no_gaps()


async def test_a_row_comes_back_from_the_database_as_it_went_in(service: Service) -> None:
    await service.deliver(
        fact("matter.registered", "r", at("03-02 08:00"), limits=(terms(warnings=("1d", "25%")), terms("h", "3h"))),
        fact("matter.assigned", "h", at("03-02 08:10"), person="p1"), case("case.opened", 1, at("03-02 08:00")),
        fact("matter.withdrawn", "w", at("03-02 08:00") + HOUR / 3600),
    )  # fmt: skip
    await service.move_to(at("03-04 08:00"))
    before = await service.rows()
    async with service.pool.acquire() as conn:
        await store.save_clocks(conn, [(("A", "2"), row) for row in before.values()])
    after = await service.rows(("A", "2"))
    assert {key: tuple(row) for key, row in after.items()} == {key: tuple(row) for key, row in before.items()}
