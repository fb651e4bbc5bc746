"""明察暗访: until it is published, the efficiency office and supervisors alone learn that there is an inspection."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.deadline.api import routes
from services.deadline.calendar_api import calendar_routes
from shared.events.leads import About, Evidence
from shared.http import create_api, read_cursor
from shared.identity.roles import Role
from tests.services.deadline.test_calendar_api import DRAFT
from tests.support.deadline_calendars import when
from tests.support.deadline_service import Service, fact, terms
from tests.support.identity import Issuer

RECEIVED = when("2026-12-15 09:00")
SEE = [Role.OFFICE, Role.SUPERVISOR]
READERS = [*SEE, Role.AUDITOR, Role.SERVICE]
NARROW = [Role.PUBLISHER, Role.CLERK, Role.OFFICIAL]
PATHS = ("deadlines", "deadlines/publication/explanation", "deadlines/publication/history")
RECORDED: dict[str, Any] = {
    "item": "inspection",
    "about": About(unit="planning", person="p-clerk"),
    "evidence": (Evidence(sha256="0" * 64, bytes=1),),
    "limits": (terms("publication", "15wd", stops_on=("inspection.published",)), terms("report", "16wd")),
}
Ask = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture
async def ask(service: Service, tmp_path: Path) -> AsyncIterator[Ask]:
    """An inspection between two matters, and a matter elsewhere of the inspection's bare id."""
    issuer = Issuer(tmp_path)
    api = create_api("test", live=lambda: None, ready=lambda: None, verifier=issuer.verifier())
    api.include_router(calendar_routes(service.pool, service.clock))
    api.include_router(routes(service.pool, service.clock))
    service.clock.now = RECEIVED
    await service.deliver(
        fact("matter.registered", "i", RECEIVED, key=("A", "I-1"), **RECORDED),
        *(
            fact("matter.registered", f"r-{key[1]}", RECEIVED, key=key, limits=(terms(amount=amount),))
            for key, amount in ((("A", "M-1"), "1wd"), (("A", "M-2"), "20wd"), (("B", "I-1"), "20wd"))
        ),
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://test") as http:

        async def send(role: Role, path: str, body: Any = None, **query: Any) -> httpx2.Response:
            bearer = issuer.bearer(role, authorities=["A"])
            method = "GET" if body is None else "POST"
            return await http.request(method, f"/v1/{path}", params=query, json=body, headers=bearer)

        yield send


@pytest.mark.parametrize("role", [*READERS, *NARROW])
@pytest.mark.parametrize("path", PATHS)
async def test_a_role_sees_an_inspection_s_clocks_once_it_is_published(
    role: Role, path: str, service: Service, ask: Ask
) -> None:
    found = await ask(role, f"matters/A/I-1/{path}")
    assert found.status_code == (200 if role in SEE else 404)
    if role not in SEE:
        assert found.json() == (await ask(role, f"matters/A/none/{path}")).json()
    await service.deliver(fact("inspection.published", "p", RECEIVED, key=("A", "I-1")))
    assert (await ask(role, f"matters/A/I-1/{path}")).status_code == 200


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_the_list_has_an_inspection_for_who_may_see_it(role: Role, limit: int, ask: Ask) -> None:
    """All of its clocks, whatever ends them; and no cursor names it."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await ask(role, "deadlines", limit=limit, **cursor)).json()
        found += [row["matter"] for row in page["deadlines"]]
        if "next" not in page:
            break
        assert role in SEE or read_cursor(page["next"], 5)[1:3] != ["A", "I-1"]
        cursor = {"cursor": page["next"]}
    hidden = ["A/I-1", "A/I-1"] if role in SEE else []
    assert found == ["A/M-1", *hidden, "A/M-2", "B/I-1"]


async def test_a_bare_id_that_an_inspection_has_too_is_unique_to_who_may_not_see_that(ask: Ask) -> None:
    assert (await ask(Role.AUDITOR, "matters/I-1/deadlines")).json()["matter"] == "B/I-1"
    assert (await ask(Role.OFFICE, "matters/I-1/deadlines")).status_code == 409


@pytest.mark.parametrize("role", READERS)
async def test_a_preview_counts_an_inspection_and_names_it_to_who_may_see_it(role: Role, ask: Ask) -> None:
    told = (await ask(role, "recalculations/preview", DRAFT)).json()
    named = {clock["matter"] for clock in told["clocks"]}
    assert told["totals"]["moved"] >= 2
    assert ("A/I-1" in named) == (role in SEE)
    assert {"A/M-2", "B/I-1"} <= named
