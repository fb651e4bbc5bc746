"""Monthly scores (R24) of what the deadline service said, over HTTP: who reads them, and what late facts do to them."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest

from services.accountability import score_api
from shared.events.base import Event
from shared.events.deadline import DeadlineMet, DeadlineRescheduled, DeadlineScheduled, DeadlineStoppedLate
from shared.http import create_api
from shared.postgres import Pool
from tests.support.card_words import voided, warned
from tests.support.case_world import (
    AUTHORITY,
    BOOK,
    LIMIT,
    UNIT,
    World,
    assigned,
    delivered,
    in_hands_of,
    late_from,
    missed,
    untrue,
)
from tests.support.identity import Issuer

MARCH = "2026-03"


def _of(matter: str, due: str, **more: Any) -> dict[str, Any]:
    return {
        "authority": AUTHORITY, "matter": matter, "clock": "promised", "item": "business-licence", "unit": UNIT,
        "due": date.fromisoformat(due), "late_from": late_from(due), "facts": (), **more,
    }  # fmt: skip


def met(matter: str, at: str = "2026-03-10", due: str = "2026-03-10", **more: Any) -> DeadlineMet:
    return DeadlineMet.model_validate(_of(matter, due, done_at=date.fromisoformat(at), **more))


def late(matter: str, at: str, due: str = "2026-03-10", **more: Any) -> DeadlineStoppedLate:
    return DeadlineStoppedLate.model_validate(_of(matter, due, done_at=date.fromisoformat(at), **more))


def scheduled(matter: str, due: str = "2026-03-10") -> DeadlineScheduled:
    return DeadlineScheduled.model_validate(_of(matter, due, limit=LIMIT, calendar="CN 2026-1", provisional=False))


def moved(matter: str, due: str) -> DeadlineRescheduled:
    said = _of(matter, due, limit=LIMIT, calendar="CN 2026-2", provisional=False, previous_due=date(2026, 3, 10))
    return DeadlineRescheduled.model_validate(said)


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path)


@pytest.fixture
async def http(pool: Pool, issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
    api = create_api("cases", live=lambda: None, ready=lambda: None, verifier=issuer.verifier())
    api.include_router(score_api.routes(pool, BOOK))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://test") as client:
        client.headers |= issuer.bearer("office", person="wang")
        yield client


async def say(world: World, *events: Event, first: int = 1) -> None:
    await world.feed(*(delivered(event, revision=n) for n, event in enumerate(events, start=first)))


async def ask(http: httpx2.AsyncClient, status: int = 200, **asked: str) -> dict[str, Any]:
    found = await http.get("/v1/scores", params={"month": MARCH, "unit": UNIT, **asked})
    assert found.status_code == status, found.text
    told: dict[str, Any] = found.json()
    return told


async def a_month(world: World) -> None:
    """Twenty matters, five done a day early or more; one missed in zhang's hands, one in nobody's."""
    for n in range(20):
        await say(world, scheduled(f"M{n}"), met(f"M{n}", "2026-03-06" if n < 5 else "2026-03-10"), first=1)
    await say(world, warned("1wd", "X"), missed("X", holdings=(in_hands_of("zhang"),)), late("X", "2026-03-12"))
    await say(world, missed("Y", holdings=(in_hands_of(None),)))


async def test_a_score_tells_each_line_that_made_it(world: World, http: httpx2.AsyncClient) -> None:
    await a_month(world)
    found = await ask(http)
    assert (found["authority"], found["rulebook"], found["volume"]) == (AUTHORITY, "default/scores-1", 22)
    assert [(line["code"], line["points"], line["count"]) for line in found["lines"]] == [
        ("yellow", -10, 2), ("early", 2, 5), ("missing", -4, 1),
    ]  # fmt: skip
    assert (found["begins_at"], found["sum"], found["points"]) == (100, 88, 88)
    yellow, early, missing = found["lines"]
    assert [each["matter"] for each in yellow["limits"]] == ["X", "Y"] and yellow["limits"][0]["card_id"]
    assert (early["of"], early["limits"][0]) == (
        22, {"matter": "M0", "clock": "promised", "subject": "", "due": "2026-03-10"},
    )  # fmt: skip
    assert (missing["limits"][0]["matter"], missing["limits"][0]["missing"]) == ("Y", ["person"])
    assert (await ask(http, unit="roads", authority=AUTHORITY))["points"] is None


async def test_what_is_learned_late_changes_the_score_to_what_it_would_have_been(
    world: World, http: httpx2.AsyncClient
) -> None:
    """The miss is taken back, and with it its card; an end never was; a due moves out of the month."""
    await say(world, missed("X"))
    await say(world, scheduled("M1"), met("M1", "2026-03-06"))
    await say(world, met("M2", "2026-03-06"), first=2)
    before = await ask(http)
    assert (before["points"], before["volume"]) == (96, 3)  # a yellow card, and six early for each ten of a hundred
    await say(world, untrue("X"), met("X", "2026-03-05"), first=2)
    assert [line["code"] for line in (await ask(http))["lines"]] == ["early"]
    await say(world, scheduled("M1"), first=3)
    await say(world, moved("M2", "2026-04-10"), first=3)
    found = await ask(http)
    assert (found["volume"], [each["matter"] for each in found["lines"][0]["limits"]]) == (1, ["X"])
    assert (await ask(http, month="2026-04"))["lines"][0]["limits"][0]["matter"] == "M2"
    await say(world, voided("withdrawn", "X"), first=4)
    await ask(http, 404)
    assert (await ask(http, authority=AUTHORITY))["points"] is None


async def test_order_duplicates_and_batches_make_the_same_score(world: World, http: httpx2.AsyncClient) -> None:
    """A key keeps its order (D14), and no two matters wait for each other."""
    lives: list[list[Event]] = [
        [scheduled("M1"), met("M1", "2026-03-06"), scheduled("M1"), met("M1", "2026-03-09")],
        [scheduled("M2"), met("M2", "2026-03-06"), moved("M2", "2026-03-20")],
        [missed("M3"), late("M3", "2026-03-12"), untrue("M3"), met("M3", "2026-03-09")],
        [warned("1wd", "M4"), missed("M4"), missed("M4", holdings=(in_hands_of("li"),)), late("M4", "2026-03-16")],
        [met("M5"), voided("registration-retracted", "M5")],
    ]
    messages = [[delivered(event, revision=n) for n, event in enumerate(life, start=1)] for life in lives]
    found = []
    for seed in range(4):
        await world.clear()
        random, left = Random(seed), [list(each) for each in messages]
        while left:
            life = random.choice(left)
            size = random.randint(1, len(life))
            await world.feed(*life[:size], *(life[:1] if random.random() < 0.5 else ()))
            del life[:size]
            left = [each for each in left if each]
        found.append(await ask(http))
        for line in found[-1]["lines"]:
            for each in line["limits"]:
                each.pop("card_id", None)
    assert all(each == found[0] for each in found) and found[0]["volume"] == 4


@pytest.mark.parametrize(
    ("role", "person", "status"),
    [("official", "zhang", 200), ("official", "wang", 200), ("official", "gone", 403), ("official", "else", 403)],
)
async def test_an_official_reads_the_score_of_a_unit_in_which_they_held_a_post_then(
    world: World, http: httpx2.AsyncClient, issuer: Issuer, role: str, person: str, status: int
) -> None:
    await world.feed(
        delivered(assigned("gone", "direct", "2025-01-01", id="1"), post="window-1"),
        delivered(assigned("zhang", "direct", "2026-02-01", id="2"), post="window-1"),
        delivered(assigned("wang", "principal", "2025-01-01", unit=None, id="3"), post="director"),
        delivered(assigned("else", "direct", "2025-01-01", unit="roads", id="4"), post="window-2"),
        delivered(met("M1"), revision=2),
    )
    http.headers |= issuer.bearer(role, person=person, authorities=["*"])
    await ask(http, status)


async def test_what_cannot_be_asked_is_said(world: World, http: httpx2.AsyncClient) -> None:
    await say(world, met("M1"), met("M2", authority="anxi"))
    assert (await ask(http, 409))["candidates"] == ["anxi", AUTHORITY]
    assert (await ask(http, authority="anxi"))["volume"] == 1
    await ask(http, 404, unit="nobody")
    for month in ("2026-13", "2026", "october"):
        await ask(http, 422, month=month)
