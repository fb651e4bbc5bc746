"""HTTP about calendars: what is in force, what a notice would move before it is published, what was said before."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx2
import pytest

from services.deadline.calendar_api import calendar_routes
from shared.http import create_api
from tests.support.deadline_calendars import NOTICE_2027, published, recalculate, when
from tests.support.deadline_service import Service, fact, terms

Http = httpx2.AsyncClient
RECEIVED, NOTICED = when("2026-12-15 09:00"), when("2026-12-20 00:00")
AMOUNTS = {"moved": "20wd", "untouched": "3wd", "earlier": "16wd"}


def as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: as_json(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [as_json(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


DRAFT: dict[str, Any] = {
    "authority": "state-council",
    "code": "CN",
    "effective": NOTICED.isoformat(),
    "calendar": as_json(NOTICE_2027),
}
WORKED = [{"on": "2027-01-02", "name": "worked"}]
WORSE = {**DRAFT, "calendar": {**DRAFT["calendar"], "rest": [], "work": WORKED}}


@pytest.fixture
async def http(service: Service) -> AsyncIterator[Http]:
    service.clock.now = RECEIVED
    for matter, amount in AMOUNTS.items():
        limits = (terms(amount=amount, warnings=("5wd",)),)
        await service.deliver(fact("matter.registered", f"r-{matter}", RECEIVED, key=("A", matter), limits=limits))
    api = create_api("test", live=lambda: None, ready=lambda: None)
    api.include_router(calendar_routes(service.pool, service.clock))
    transport = httpx2.ASGITransport(app=api)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def everything(service: Service) -> list[Any]:
    async with service.pool.acquire() as conn:
        return [
            await conn.fetch(f"select * from {table} order by 1, 2, 3")
            for table in ("clocks", "outbox", "calendars_in_force", "recalculations", "superseded_statements")
        ]


async def test_a_preview_says_what_the_recalculation_then_does_and_writes_nothing(service: Service, http: Http) -> None:
    before = await everything(service)
    told = (await http.post("/v1/recalculations/preview", json=DRAFT)).json()
    assert await everything(service) == before
    assert told["complete"]
    assert told["calendars"]["CN"]["from"] == "2027-01-01"
    promised = {clock["matter"]: clock["would_be_due"] for clock in told["clocks"]}
    assert told["totals"]["moved"] == sum(clock["due"] != clock["would_be_due"] for clock in told["clocks"])
    await service.deliver(published(NOTICE_2027, NOTICED))
    service.clock.now = NOTICED
    await recalculate(service)
    rows = {matter: (await service.rows(("A", matter)))["promised", ""] for matter in AMOUNTS}
    assert promised == {f"A/{m}": str(row.due_on) for m, row in rows.items() if m != "untouched"}
    assert "misses_appear" not in told["totals"]


async def test_a_preview_keeps_adverse_and_favourable_apart(service: Service, http: Http) -> None:
    told = (await http.post("/v1/recalculations/preview", json=DRAFT)).json()
    assert told["totals"]["favourable"] >= 1
    told = (await http.post("/v1/recalculations/preview", json=WORSE)).json()
    assert told["totals"]["adverse"] >= 1
    assert "favourable" not in told["totals"]


async def test_a_preview_tells_of_misses_and_cases_that_would_appear(service: Service, http: Http) -> None:
    service.clock.now = when("2027-01-13 12:00")
    told = (await http.post("/v1/recalculations/preview", json=WORSE)).json()
    moved = {clock["matter"]: clock["effects"] for clock in told["clocks"]}
    assert {"adverse", "misses_appear", "cases_appear"} <= set(moved["A/moved"])


async def test_what_was_said_on_a_day_stays_readable(service: Service, http: Http) -> None:
    await service.deliver(published(NOTICE_2027, NOTICED))
    service.clock.now = NOTICED
    await recalculate(service)
    url = "/v1/matters/moved/deadlines/promised/history"
    said = (await http.get(url)).json()["statements"]
    assert [each["statement"]["counted"]["due"] for each in said] == ["2027-01-13", "2027-01-19"]
    assert [each["statement"]["counted"]["provisional"] for each in said] == [True, False]
    for at, due in (("2026-12-16T00:00:00Z", "2027-01-13"), ("2026-12-24T00:00:00Z", "2027-01-19")):
        then = (await http.get(url, params={"at": at})).json()["statements"]
        assert [each["statement"]["counted"]["due"] for each in then] == [due]
    assert (await http.get(url, params={"at": "2026-12-01T00:00:00Z"})).json()["statements"] == []
    untouched = (await http.get("/v1/matters/untouched/deadlines/promised/history")).json()["statements"]
    assert len(untouched) == 1


async def test_an_alarm_replaces_no_statement(service: Service, http: Http) -> None:
    await service.move_to(when("2027-02-01 00:00"))
    async with service.pool.acquire() as conn:
        assert await conn.fetchval("select count(*) from superseded_statements") == 0


async def test_the_calendars_in_force_and_their_notices_are_listed(service: Service, http: Http) -> None:
    await service.deliver(published(NOTICE_2027, NOTICED), published(NOTICE_2027, RECEIVED, id="n2", authority="else"))
    listed = {each["code"]: each for each in (await http.get("/v1/calendars")).json()["calendars"]}
    assert listed["CN"]["official"] == [2004, 2026]
    assert [each["counts"] for each in listed["CN"]["notices"][-3:]] == ["yes", "later", "never"]
    year = (await http.get("/v1/calendars/CN/2026")).json()
    assert (year["working_days"], year["official"]) == (248, True)
    assert not (await http.get("/v1/calendars/GB/2026")).json()["days"][0]["worked"]
    assert not (await http.get("/v1/calendars/CN/2027")).json()["official"]
    assert [(await http.get(f"/v1/calendars/{path}")).status_code for path in ("XX/2026", "CN/1990", "CN/x")] == [
        404, 404, 422,
    ]  # fmt: skip


async def test_a_version_that_makes_no_calendar_is_refused_with_its_reason(http: Http) -> None:
    first = {**DRAFT, "code": "ZZ"}
    answer = await http.post("/v1/recalculations/preview", json=first)
    assert answer.status_code == 422
    assert "needs `zone` and `weekend`" in answer.json()["detail"]
