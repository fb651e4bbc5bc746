"""Cards over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from services.accountability import card_api
from shared.http import create_api, write_cursor
from shared.postgres import Pool
from tests.support.card_words import overdue, warned
from tests.support.case_world import World, day, delivered, in_hands_of, missed, untrue


@pytest.fixture
async def http(pool: Pool, world: World) -> AsyncIterator[httpx2.AsyncClient]:
    api = create_api("cases", live=lambda: None, ready=lambda: None)
    api.include_router(card_api.routes(pool, world.clock))
    transport = httpx2.ASGITransport(app=api, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://accountability") as client:
        yield client


async def listed(http: httpx2.AsyncClient, **asked: Any) -> list[tuple[str, str, str]]:
    response = await http.get("/v1/cards", params=asked)
    assert response.status_code == 200, response.text
    return [(card["matter"], card["level"], card["state"]) for card in response.json()["cards"]]


@pytest.fixture
async def dealt(world: World) -> None:
    """A warned and missed matter of zhang's; one of li's in another unit, taken back a day later."""
    await world.feed(delivered(warned("1wd")), delivered(missed(holdings=(in_hands_of("zhang"),)), revision=2))
    world.clock.now = day("2026-03-12")
    roads = missed("M2", unit="roads", holdings=(in_hands_of("li", unit="roads"),))
    await world.feed(delivered(roads), delivered(overdue("5wd", "M2"), revision=2))
    world.clock.now = day("2026-03-13")
    await world.feed(delivered(untrue("M2"), revision=3))


async def test_cards_are_found_by_person_unit_level_matter_and_state(http: httpx2.AsyncClient, dealt: None) -> None:
    assert sorted(await listed(http, person="zhang")) == [("M1", "warning", "standing"), ("M1", "yellow", "standing")]
    assert sorted(await listed(http, unit="roads")) == [("M2", "red", "revoked"), ("M2", "yellow", "revoked")]
    assert sorted(await listed(http, level="yellow")) == [("M1", "yellow", "standing"), ("M2", "yellow", "revoked")]
    assert await listed(http, matter="M2", level="red") == [("M2", "red", "revoked")]
    assert len(await listed(http, state="standing")) == len(await listed(http, state="revoked")) == 2
    assert await listed(http, person="nobody") == []


async def test_a_card_says_what_it_is_for_and_why_it_fell(http: httpx2.AsyncClient, dealt: None) -> None:
    (card,) = (await http.get("/v1/cards", params={"matter": "M2", "level": "red"})).json()["cards"]
    assert (card["grounds"], card["person"], card["due"], card["quarter"]) == (
        ["overdue"], "li", "2026-03-10", "2026-Q1",
    )  # fmt: skip
    assert (card["revoked_because"], card["rulebook"], card["rule"]) == ("met", "default/cards-1", "limit")


async def test_the_list_is_read_page_by_page(http: httpx2.AsyncClient, dealt: None) -> None:
    found: list[str] = []
    asked: dict[str, Any] = {"limit": 3}
    while True:
        page = (await http.get("/v1/cards", params=asked)).json()
        found += [card["card_id"] for card in page["cards"]]
        if "next" not in page:
            break
        asked["cursor"] = page["next"]
    assert len(found) == len(set(found)) == 4


@pytest.mark.parametrize(
    ("asked", "status"),
    [({"level": "purple"}, 422), ({"state": "open"}, 422), ({"limit": 0}, 422),
     ({"cursor": write_cursor("yesterday", "x")}, 400)],
)  # fmt: skip
async def test_what_cannot_be_asked_is_refused(http: httpx2.AsyncClient, asked: dict[str, Any], status: int) -> None:
    response = await http.get("/v1/cards", params=asked)
    assert response.status_code in (status, 400)


async def test_a_matter_of_several_authorities_wants_to_be_told_apart(world: World, http: httpx2.AsyncClient) -> None:
    await world.feed(delivered(missed()), delivered(missed(authority="fengze")))
    response = await http.get("/v1/cards", params={"matter": "M1"})
    assert response.status_code == 409 and response.json()["candidates"] == ["fengze", "licheng"]
    assert await listed(http, matter="M1", authority="fengze") == [("M1", "yellow", "standing")]
