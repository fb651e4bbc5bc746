"""HTTP of the deadline service: every clock once, answers that can be checked, problems instead of failures."""

import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx2
import pytest

from services.deadline.api import routes
from services.deadline.rules.verify import differences
from services.deadline.stamped import limit_of
from shared.events.limits import ExtensionTerms, LimitTerms, PauseTerms
from shared.http import create_api, write_cursor
from tests.support.deadline_service import Service, at, case, fact, terms

PROBLEM = "application/problem+json"
Http = httpx2.AsyncClient


@pytest.fixture
async def http(service: Service) -> AsyncIterator[Http]:
    api = create_api("test", live=lambda: None, ready=lambda: None)
    api.include_router(routes(service.pool, service.clock))
    transport = httpx2.ASGITransport(app=api)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def pages(http: Http, **query: Any) -> list[dict[str, Any]]:
    """All deadlines, page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await http.get("/v1/deadlines", params=query | cursor)).json()
        assert len(page["deadlines"]) <= query.get("limit", 100)
        found += page["deadlines"]
        if "next" not in page:
            return found
        cursor = {"cursor": page["next"]}


async def test_paging_visits_every_clock_once_in_the_order_of_their_dues(service: Service, http: Http) -> None:
    amounts = ["2wd", "2wd", "3d", "1h", "90min", "2m"]
    limits = tuple(terms(f"clock-{n}", amount) for n, amount in enumerate(amounts))
    keys = [(authority, f"M {number}") for authority in ("A", "机关") for number in range(4)]
    await service.deliver(
        *(fact("matter.registered", "r", at("03-02 08:00"), key=key, limits=limits) for key in keys),
        case("case.opened", 1, at("03-02 08:00"), key=keys[0]),
        fact("matter.registered", "n", at("03-02 08:00"), key=("A", "never"), limits=(terms(starts_on=("x",)),)),
    )
    for limit in (1, 7, 8, 100):
        found = await pages(http, limit=limit)
        names = [(row["matter"], row["clock"], row["subject"]) for row in found]
        assert len(names) == len(set(names)) == len(keys) * len(amounts) + 1
        assert [row["late_from"] for row in found] == sorted(row["late_from"] for row in found)


async def test_filters_choose_by_state_unit_and_due(service: Service, http: Http) -> None:
    await service.deliver(
        fact("matter.registered", "r1", at("03-02 08:00"), key=("A", "1")),
        fact("matter.registered", "r2", at("03-02 08:00"), key=("A", "2"), unit="u2"),
        fact("matter.closed", "c2", at("03-02 08:30"), key=("A", "2")),
    )
    assert [row["matter"] for row in await pages(http, state="met")] == ["A/2"]
    assert [row["matter"] for row in await pages(http, unit="u1")] == ["A/1"]
    assert await pages(http, due_before="2026-03-04T23:59:59.999999+08:00") == []
    assert len(await pages(http, due_before="2026-03-05T00:00:00+08:00")) == 2


async def test_a_deadline_that_no_longer_applies_is_not_listed(service: Service, http: Http) -> None:
    changed = fact("limits.changed", "l", at("03-02 08:10"), item="other", limits=(terms("other"),))
    await service.deliver(fact("matter.registered", "r", at("03-02 08:00")), changed)
    assert [row["clock"] for row in await pages(http)] == ["other"]
    told = (await http.get("/v1/matters/A/1/deadlines")).json()
    assert [row["clock"] for row in told["deadlines"]] == ["other"]


async def test_who_has_the_answer_already_gets_304_until_it_changes(service: Service, http: Http) -> None:
    await service.deliver(fact("matter.registered", "r", at("03-02 08:00")))
    for path in ("/v1/deadlines", "/v1/matters/1/deadlines", "/v1/matters/1/deadlines/promised/explanation"):
        first = await http.get(path)
        tag = {"if-none-match": first.headers["etag"]}
        again = await http.get(path, headers=tag)
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    await service.deliver(fact("matter.closed", "c", at("03-02 08:30")))
    assert (await http.get("/v1/matters/1/deadlines/promised/explanation", headers=tag)).status_code == 200


async def test_a_bare_id_is_taken_where_it_is_unique_and_else_refused_with_the_candidates(
    service: Service, http: Http
) -> None:
    for authority, matter in (("A", "1"), ("B/C", "1"), ("A", "2017/0001")):
        await service.deliver(fact("matter.registered", "r", at("03-02 08:00"), key=(authority, matter)))
    ambiguous = await http.get("/v1/matters/1/deadlines")
    assert (ambiguous.status_code, ambiguous.headers["content-type"]) == (409, PROBLEM)
    assert ambiguous.json()["candidates"] == ["A/1", "B%2FC/1"]
    assert (await http.get("/v1/matters/A/1/deadlines")).json()["matter"] == "A/1"
    for path in ("2017/0001", "2017%2F0001", "A/2017/0001", "A/2017%2F0001"):
        assert (await http.get(f"/v1/matters/{path}/deadlines")).json()["matter"] == "A/2017%2F0001", path
    for candidate in ambiguous.json()["candidates"]:
        assert (await http.get(f"/v1/matters/{candidate}/deadlines")).json()["matter"] == candidate


async def test_what_nobody_knows_is_not_found(service: Service, http: Http) -> None:
    await service.deliver(fact("matter.registered", "r", at("03-02 08:00")))
    for path in ("9/deadlines", "A/9/deadlines", "A/9/deadlines/promised/explanation", "1/deadlines/x/explanation"):
        answer = await http.get(f"/v1/matters/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM), path


async def test_an_explanation_says_in_both_languages_what_the_deadline_rests_on(service: Service, http: Http) -> None:
    await service.deliver(
        fact("matter.registered", "r", at("03-02 08:00"), person="p1"), case("case.opened", 1, at("03-02 08:00"))
    )
    told = (await http.get("/v1/matters/A/1/deadlines/promised/explanation")).json()
    assert told["explanation"]["due"] == "2026-03-04"
    assert "Due 2026-03-04 Wed" in told["text"]["en"]
    assert "周三" in told["text"]["zh"]
    assert (told["state"], [f["id"] for f in told["facts"]]) == ("running", ["r"])
    assert told["holdings"][0]["person"] == "p1"
    of_the_case = await http.get("/v1/matters/A/1/deadlines/answer/explanation", params={"subject": "case:c1"})
    assert of_the_case.json()["explanation"]["due"] == "2026-03-03"


async def test_a_clock_that_has_not_started_says_so(service: Service, http: Http) -> None:
    await service.deliver(fact("matter.registered", "r", at("03-02 08:00"), limits=(terms(starts_on=("x",)),)))
    told = (await http.get("/v1/matters/1/deadlines/promised/explanation")).json()
    assert (told["state"], told["explanation"]) == ("not_started", None)
    assert set(told["text"]) == {"en", "zh"}


CALCULATIONS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"start": "2026-03-02", "limit": "2wd"}, "2026-03-04"),
    ({"start": "2026-03-02", "limit": "5d"}, "2026-03-09"),
    ({"start": "2026-03-02", "limit": "5d", "roll": "none"}, "2026-03-07"),
    ({"start": "2026-03-02", "limit": "2wd", "day_ends": "17:00", "warnings": ["1wd"]}, "2026-03-04"),
    ({"start": "2026-03-02T10:00:00+08:00", "limit": "1h"}, "2026-03-02T11:00:00+08:00"),
    ({"start": "2026-03-02", "at": "2026-04-01"}, "2026-04-01"),
)
IMPOSSIBLE: tuple[Any, ...] = (
    {"calendar": "XX", "start": "2026-03-02", "limit": "2wd"},
    {"calendar": "CN", "start": "2026-03-02", "limit": "2 fortnights"},
    {"calendar": "CN", "start": "2026-03-02"},
    {"calendar": "CN", "start": "2026-03-02", "limit": "2wd", "at": "2026-04-01"},
    {"calendar": "CN", "start": "2026-03-02T10:00:00", "limit": "2wd"},
    {"calendar": "CN", "start": "2026-02-30", "limit": "2wd"},
    {"calendar": "CN", "start": "1900-01-01", "limit": "2wd"},
    {"calendar": "CN", "start": "2026-03-02", "limit": "99999m"},
    {"calendar": "CN", "start": "2026-03-02", "limit": "99999wh"},
    {"calendar": "CN", "start": "2026-03-02", "limit": "2wd", "warnings": ["soon"]},
    {"calendar": "CN", "start": "2026-03-02", "limit": "2wd", "zone": "Mars/Base"},
    {"calendar": "CN", "start": "2026-03-02", "limit": "2wd", "day_ends": "25:00"},
    {"calendar": "CN", "start": "2026-03-02", "limit": "2wd", "pause": []},
    [],
)
BAD_PATHS = (
    "/v1/deadlines?unit=%00",
    "/v1/deadlines?state=late",
    "/v1/deadlines?limit=0",
    "/v1/deadlines?limit=1001",
    "/v1/deadlines?due_before=2026-03-04",
    "/v1/deadlines?due_before=2026-03-04T00:00:00",
    "/v1/deadlines?due_before=0001-01-01T00:00:00%2B14:00",
    "/v1/deadlines?cursor=nonsense",
    "/v1/deadlines?cursor=机关",
    "/v1/deadlines?cursor=" + write_cursor("2026-03-04T00:00:00", "A", "1", "promised", ""),
    "/v1/deadlines?cursor=" + write_cursor("2026-03-04T00:00:00Z", chr(0), "1", "x", ""),
    "/v1/deadlines?cursor=" + write_cursor("0001-01-01T00:00:00+14:00", "A", "1", "x", ""),
    "/v1/matters/%00/deadlines",
    "/v1/matters/A/%00/deadlines",
    "/v1/matters/A/1/deadlines/%00/explanation",
)


async def test_a_calculation_needs_no_matter(http: Http) -> None:
    for asked, due in CALCULATIONS:
        answer = await http.post("/v1/calculations", json={"calendar": "CN", **asked})
        assert answer.status_code == 200, answer.text
        assert answer.json()["due"] == due
        assert set(answer.json()["text"]) == {"en", "zh"}


MOVED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"pauses": [{"since": "2026-03-03", "until": "2026-03-10"}]}, "2026-03-16"),
    ({"pauses": [{"since": "2026-03-03T09:00:00+08:00", "until": "2026-03-05T09:00:00+08:00"}]}, "2026-03-11"),
    ({"pauses": [{"since": "2026-03-03", "until": "2026-03-05"}, {"since": "2026-03-04", "until": "2026-03-06"}]},
     "2026-03-12"),
    ({"extend": ["5wd"]}, "2026-03-16"),
    ({"extend": ["5wd", "5wd"]}, "2026-03-23"),
    ({"extend": ["2d"]}, "2026-03-11"),
    ({"limit": "5d", "extend": ["2d"]}, "2026-03-09"),
    ({"limit": "5d", "extend": ["2d"], "extension_base": "rolled"}, "2026-03-11"),
    ({"cut_off": "17:30"}, "2026-03-09"),
    ({"start": "2026-03-02T17:30:00+08:00", "cut_off": "17:30"}, "2026-03-10"),
    ({"choose": "earlier", "second": {"amount": "5d"}}, "2026-03-07"),
    ({"choose": "later", "second": {"amount": "10d", "roll": "next"}}, "2026-03-12"),
    ({"choose": "later", "second": {"at": "2026-03-20"}}, "2026-03-20"),
    ({"choose": "later", "second": {"amount": "5d"}, "pauses": [{"since": "2026-03-03", "until": "2026-03-10"}]},
     "2026-03-16"),
)  # fmt: skip
UNMOVABLE: tuple[dict[str, Any], ...] = (
    {"pauses": [{"since": "2026-03-10", "until": "2026-03-03"}]},
    {"pauses": [{"since": "2026-03-10"}]},
    {"pauses": [{"since": "2026-03-03T09:00:00", "until": "2026-03-05"}]},
    {"pauses": {"since": "2026-03-03", "until": "2026-03-05"}},
    {"extend": ["5"]},
    {"extend": "5wd"},
    {"extend": ["99999m"]},
    {"extension_base": "best"},
    {"cut_off": "5pm"},
    {"cut_off": "17:30+08:00"},
    {"choose": "later"},
    {"second": {"amount": "5d"}},
    {"choose": "later", "second": {}},
    {"choose": "best", "second": {"amount": "5d"}},
)


async def test_a_calculation_takes_pauses_extensions_a_cut_off_and_a_second_limit(http: Http) -> None:
    for asked, due in MOVED:
        wanted = {"calendar": "CN", "start": "2026-03-02", "limit": "5wd", **asked}
        answer = await http.post("/v1/calculations", json=wanted)
        assert (answer.status_code, answer.json().get("due")) == (200, due), (asked, answer.text)
        assert answer.json()["explanation"]["hash"]
        assert differences_of(answer.json()["explanation"]) == [], asked


async def test_what_cannot_move_a_limit_is_a_problem(http: Http) -> None:
    for asked in UNMOVABLE:
        wanted = {"calendar": "CN", "start": "2026-03-02", "limit": "5wd", **asked}
        answer = await http.post("/v1/calculations", json=wanted)
        assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM), (asked, answer.text)


def differences_of(told: dict[str, Any]) -> list[str]:
    """What a count from the explanation alone does not give."""
    return differences(told, limit_of(LimitTerms.model_validate_json(json.dumps(told["terms"]))))


async def test_the_explanation_of_a_clock_that_was_moved_is_true_by_itself(service: Service, http: Http) -> None:
    limit = terms(
        amount="5wd", pauses=(PauseTerms(ground="hearing"),),
        extension=ExtensionTerms(most="5wd", approver=True, reason=True), warnings=("1wd", "25%"),
    )  # fmt: skip
    await service.deliver(
        fact("matter.registered", "r", date(2026, 3, 2), zone="Asia/Shanghai", limits=(limit,)),
        fact("matter.suspended", "s", date(2026, 3, 2), zone="Asia/Shanghai", ground="hearing", expected="2wd"),
        fact("matter.extended", "x", at("03-02 08:30"), by="5wd", approver="p-head", reason="Much to read."),
        fact("matter.extended", "y", at("03-02 08:40"), by="5wd", approver="p-head", reason="More to read."),
    )
    told = (await http.get("/v1/matters/A/1/deadlines/promised/explanation")).json()["explanation"]
    assert (told["due"], [each["code"] for each in told["refused"]]) == ("2026-03-18", ["extension-too-often"])
    assert differences_of(told) == []


async def test_a_calculation_that_cannot_be_made_is_a_problem(http: Http) -> None:
    for asked in IMPOSSIBLE:
        answer = await http.post("/v1/calculations", json=asked)
        assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM), (asked, answer.text)
    nothing = await http.post("/v1/calculations", json=None)
    nul = await http.post("/v1/calculations", json={"calendar": "CN\x00", "start": "2026-03-02", "limit": "2wd"})
    large = await http.post("/v1/calculations", json={"calendar": "CN" * 40_000, "start": "2026-03-02", "limit": "2wd"})
    assert (nothing.status_code, nul.status_code, large.status_code) == (400, 400, 413)


async def test_bad_input_is_a_problem_and_never_a_failure(http: Http) -> None:
    for path in BAD_PATHS:
        answer = await http.get(path)
        assert 400 <= answer.status_code < 500, (path, answer.text)
        assert answer.headers["content-type"] == PROBLEM
        assert "\x00" not in answer.text, "input is never echoed"


async def test_the_description_of_the_api_names_every_route(http: Http) -> None:
    described = (await http.get("/openapi.json")).json()
    assert set(described["paths"]) == {
        "/v1/deadlines",
        "/v1/matters/{id}/deadlines",
        "/v1/matters/{id}/deadlines/{name}/explanation",
        "/v1/calculations",
    }
