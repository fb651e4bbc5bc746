"""An official sees the cases that concern them and answers for themselves; an office sees all and answers none."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from services.accountability import card_api, process_api
from services.accountability.api import routes
from shared.http import create_api
from shared.postgres import Pool
from tests.support.case_world import World, assigned, delivered, key_of, missed
from tests.support.identity import Issuer
from tests.support.process_world import BOOK

ID = key_of().case_id
HOLDERS = (
    delivered(assigned("zhang", "direct", "2025-01-01"), post="window-1"),
    delivered(assigned("li", "leading", "2025-01-01"), post="deputy"),
)


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path)


@pytest.fixture
async def http(pool: Pool, world: World, issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
    await world.feed(*HOLDERS, delivered(missed()))
    api = create_api("cases", live=lambda: None, ready=lambda: None, verifier=issuer.verifier())
    api.include_router(routes(pool, world.clock, lambda: None))
    api.include_router(card_api.routes(pool, world.clock))
    api.include_router(process_api.routes(pool, world.clock, BOOK, lambda: None))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://test") as client:
        yield client


@pytest.mark.parametrize(
    ("role", "person", "status"),
    [("official", "zhang", 200), ("official", "li", 200), ("official", "wang", 404), ("office", "wang", 200)],
)
async def test_a_case_is_shown_to_whom_it_concerns(
    role: str, person: str, status: int, http: httpx2.AsyncClient, issuer: Issuer
) -> None:
    found = await http.get(f"/v1/cases/{ID}", headers=issuer.bearer(role, person=person, authorities=["*"]))
    assert found.status_code == status


async def test_an_official_lists_only_what_names_them(http: httpx2.AsyncClient, issuer: Issuer) -> None:
    mine = issuer.bearer("official", person="zhang")
    assert [c["case_id"] for c in (await http.get("/v1/cases?person=zhang", headers=mine)).json()["cases"]] == [str(ID)]
    for query in ("", "?person=li", "?unit=licensing", "?matter=M1"):
        assert (await http.get(f"/v1/cases{query}", headers=mine)).status_code == 403
    everything = await http.get("/v1/cases", headers=issuer.bearer("office", person="wang"))
    assert len(everything.json()["cases"]) == 1


async def test_an_official_lists_only_their_own_cards(http: httpx2.AsyncClient, issuer: Issuer) -> None:
    mine = issuer.bearer("official", person="zhang")
    assert (await http.get("/v1/cards?person=zhang", headers=mine)).status_code == 200
    for query in ("", "?person=li", "?level=red", "?matter=M1"):
        assert (await http.get(f"/v1/cards{query}", headers=mine)).status_code == 403
    everything = await http.get("/v1/cards", headers=issuer.bearer("supervisor", person="wang"))
    assert len(everything.json()["cards"]) == 1


async def test_nobody_answers_for_another(http: httpx2.AsyncClient, issuer: Issuer) -> None:
    answer = {"person": "zhang", "text": "the file was with the archive"}
    for role, person, status in (("official", "li", 403), ("office", "zhang", 403), ("official", "zhang", 201)):
        found = await http.post(f"/v1/cases/{ID}/answers", json=answer, headers=issuer.bearer(role, person=person))
        assert found.status_code == status, (role, person)


@pytest.mark.parametrize(
    ("role", "person", "status"),
    [("official", "wang", 404), ("official", "zhang", 409), ("office", "wang", 403), ("supervisor", "zhang", 403)],
)
async def test_whom_a_case_does_not_concern_learns_nothing_of_it_by_a_plea(
    role: str, person: str, status: int, http: httpx2.AsyncClient, issuer: Issuer
) -> None:
    headers = {**issuer.bearer(role, person=person, authorities=["*"]), "if-match": '"1"'}
    found = await http.post(f"/v1/cases/{ID}/pleas/defence", json={"waived": True}, headers=headers)
    assert found.status_code == status
