"""Who may call what, written by hand: each route of each service, with each role that is let in and each that is not.

The table is the promise; what the code declares is compared with it, and each cell is tried on the services as wired.
"""

from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from services.cli.migrate import SERVICES
from shared.clock import WallClock
from shared.identity.guard import routes_of, undeclared
from shared.identity.roles import Role
from tests.support.databases import Databases
from tests.support.identity import Issuer

OPEN = {"GET /livez", "GET /readyz", "GET /metrics", "GET /openapi.json"}
EVERY = "publisher clerk official office supervisor auditor admin service"
CLOUD = {"content-type": "application/cloudevents+json"}
CASE = "00000000-0000-0000-0000-000000000000"

ROUTES: dict[str, dict[str, str]] = {
    "intake": {
        "POST /v1/events": "publisher office supervisor",
        "GET /v1/matters/{id:path}": "publisher clerk office supervisor auditor service",
        "GET /v1/items": EVERY,
        "GET /v1/sources": "office supervisor auditor admin",
    },
    "deadline": {
        "GET /v1/deadlines": "office supervisor auditor service",
        "GET /v1/matters/{id:path}/deadlines": "publisher clerk official office supervisor auditor service",
        "GET /v1/matters/{id:path}/deadlines/{name}/explanation": (
            "publisher clerk official office supervisor auditor service"
        ),
        "GET /v1/matters/{id:path}/deadlines/{name}/history": (
            "publisher clerk official office supervisor auditor service"
        ),
        "POST /v1/calculations": EVERY,
        "GET /v1/calendars": EVERY,
        "GET /v1/calendars/{code}/{year}": EVERY,
        "POST /v1/recalculations/preview": "office supervisor auditor admin service",
    },
    "accountability": {
        "GET /v1/cards": "official office supervisor auditor",
        "GET /v1/scores": "official office supervisor auditor",
        "GET /v1/posts/{id:path}/holders": "official office supervisor auditor admin service",
        "GET /v1/units/{id:path}": "official office supervisor auditor admin service",
        "GET /v1/people/{person:path}/posts": "official office supervisor auditor admin service",
        "GET /v1/people/{person}": "office supervisor auditor admin",
        "PUT /v1/people/{person}": "office admin",
        "DELETE /v1/people/{person}": "office admin",
        "POST /v1/people": "office admin",
        "GET /v1/directory/conflicts": "office supervisor auditor admin",
        "POST /v1/directory/checks": "publisher office admin",
        "GET /v1/sources/{source:path}/going-live": "admin office supervisor auditor",
        "POST /v1/sources/{source:path}/going-live": "admin",
        "GET /v1/cases": "official office supervisor auditor",
        "GET /v1/cases/{id}": "official office supervisor auditor",
        "POST /v1/cases/{id}/answers": "official",
        "POST /v1/cases/{id}/steps/{step}": "office supervisor",
        "POST /v1/cases/{id}/pleas/{step}": "official",
        "GET /v1/cases/{id}/ladder": "official office supervisor auditor",
        "POST /v1/cases/{id}/acknowledgements": "official",
        "POST /v1/cases/{id}/assignments": "official",
        "POST /v1/cases/{id}/snoozes": "official",
        "POST /v1/cases/{id}/rectifications": "office supervisor",
        "POST /v1/rectifications": "office supervisor",
        "GET /v1/rectifications": "official office supervisor auditor",
        "GET /v1/rectifications/{id}": "official office supervisor auditor",
        "POST /v1/rectifications/{id}/reports": "official",
        "POST /v1/rectifications/{id}/verifications": "office supervisor",
        "POST /v1/rectifications/{id}/rejections": "office supervisor",
        "POST /v1/rectifications/{id}/evidence": "official office",
        "GET /v1/evidence/{id}": "official office supervisor auditor",
        "POST /v1/cases/{id}/attributions/{n}/confirmations": "office",
        "POST /v1/cases/{id}/revisions/{no}/decisions": "office",
        "GET /v1/revisions": "office supervisor auditor",
        "GET /v1/cases/{id}/readings": "supervisor auditor",
        "GET /v1/record": "office supervisor auditor admin",
        "GET /v1/record/export": "supervisor auditor",
        "POST /v1/record/holds": "supervisor",
        "POST /v1/record/erasures": "office supervisor",
    },
    "notification": {
        "GET /v1/people/{person:path}/inbox": "clerk official supervisor auditor",
        "GET /v1/notices": "office supervisor auditor",
        "POST /v1/subscriptions": "admin",
        "GET /v1/subscriptions": "supervisor auditor admin",
        "DELETE /v1/subscriptions/{id}": "admin",
        "GET /v1/deliveries": "supervisor auditor admin",
    },
}
ASKED: dict[str, tuple[str, dict[str, Any] | None, int]] = {
    "POST /v1/events": ("/v1/events", {}, 422),
    "GET /v1/matters/{id:path}": ("/v1/matters/none", None, 404),
    "GET /v1/items": ("/v1/items", None, 200),
    "GET /v1/sources": ("/v1/sources", None, 200),
    "GET /v1/deadlines": ("/v1/deadlines", None, 200),
    "GET /v1/matters/{id:path}/deadlines": ("/v1/matters/none/deadlines", None, 404),
    "GET /v1/matters/{id:path}/deadlines/{name}/explanation": (
        "/v1/matters/none/deadlines/decision/explanation", None, 404,
    ),
    "GET /v1/matters/{id:path}/deadlines/{name}/history": ("/v1/matters/none/deadlines/decision/history", None, 404),
    "GET /v1/calendars": ("/v1/calendars", None, 200),
    "GET /v1/calendars/{code}/{year}": ("/v1/calendars/CN/2026", None, 200),
    "POST /v1/recalculations/preview": ("/v1/recalculations/preview", {}, 422),
    "POST /v1/cases/{id}/attributions/{n}/confirmations": (f"/v1/cases/{CASE}/attributions/1/confirmations", {}, 404),
    "POST /v1/cases/{id}/revisions/{no}/decisions": (f"/v1/cases/{CASE}/revisions/1/decisions", {"accept": True}, 404),
    "GET /v1/revisions": ("/v1/revisions", None, 200),
    "POST /v1/calculations": ("/v1/calculations", {"calendar": "CN", "start": "2026-01-28", "limit": "20wd"}, 200),
    "GET /v1/cards": ("/v1/cards?person=p-1", None, 200),
    "GET /v1/scores": ("/v1/scores?month=2026-10&unit=none", None, 404),
    "GET /v1/posts/{id:path}/holders": ("/v1/posts/none/holders", None, 404),
    "GET /v1/units/{id:path}": ("/v1/units/none", None, 404),
    "GET /v1/people/{person:path}/posts": ("/v1/people/p-1/posts", None, 200),
    "GET /v1/people/{person}": ("/v1/people/p-0", None, 404),
    "PUT /v1/people/{person}": ("/v1/people/p-9", {"name": "N"}, 204),
    "DELETE /v1/people/{person}": ("/v1/people/p-0", None, 404),
    "POST /v1/people": ("/v1/people", {"people": [{"person": "p-9", "name": "N"}]}, 200),
    "GET /v1/directory/conflicts": ("/v1/directory/conflicts", None, 200),
    "POST /v1/directory/checks": ("/v1/directory/checks", {}, 422),
    "GET /v1/sources/{source:path}/going-live": ("/v1/sources//x/going-live", None, 200),
    "POST /v1/sources/{source:path}/going-live": ("/v1/sources//x/going-live", {}, 200),
    "GET /v1/cases": ("/v1/cases?person=p-1", None, 200),
    "GET /v1/cases/{id}": (f"/v1/cases/{CASE}", None, 404),
    "POST /v1/cases/{id}/steps/{step}": (f"/v1/cases/{CASE}/steps/review", {}, 404),
    "POST /v1/cases/{id}/pleas/{step}": (f"/v1/cases/{CASE}/pleas/appeal", {"request": "hear me again"}, 404),
    "POST /v1/cases/{id}/answers": (f"/v1/cases/{CASE}/answers", {"person": "p-1", "text": "so it was"}, 404),
    "GET /v1/cases/{id}/ladder": (f"/v1/cases/{CASE}/ladder", None, 404),
    "POST /v1/cases/{id}/acknowledgements": (f"/v1/cases/{CASE}/acknowledgements", {}, 404),
    "POST /v1/cases/{id}/assignments": (f"/v1/cases/{CASE}/assignments", {"assignee": "p-2"}, 404),
    "POST /v1/cases/{id}/snoozes": (f"/v1/cases/{CASE}/snoozes", {"amount": "1wd", "reason": "so it is"}, 404),
    "POST /v1/cases/{id}/rectifications": (f"/v1/cases/{CASE}/rectifications", {"unit": "u", "demand": "do it"}, 404),
    "POST /v1/rectifications": ("/v1/rectifications", {}, 422),
    "GET /v1/rectifications": ("/v1/rectifications?person=p-1", None, 200),
    "GET /v1/rectifications/{id}": (f"/v1/rectifications/{CASE}", None, 404),
    "POST /v1/rectifications/{id}/reports": (f"/v1/rectifications/{CASE}/reports", {"report": "done"}, 404),
    "POST /v1/rectifications/{id}/verifications": (f"/v1/rectifications/{CASE}/verifications", {"finding": "so"}, 404),
    "POST /v1/rectifications/{id}/rejections": (f"/v1/rectifications/{CASE}/rejections", {"reason": "no"}, 404),
    "POST /v1/rectifications/{id}/evidence": (f"/v1/rectifications/{CASE}/evidence", {}, 415),
    "GET /v1/evidence/{id}": (f"/v1/evidence/{CASE}", None, 404),
    "GET /v1/cases/{id}/readings": (f"/v1/cases/{CASE}/readings", None, 404),
    "GET /v1/record": ("/v1/record", None, 200),
    "GET /v1/record/export": ("/v1/record/export", None, 200),
    "POST /v1/record/holds": ("/v1/record/holds", {}, 422),
    "POST /v1/record/erasures": ("/v1/record/erasures", {}, 422),
    "GET /v1/people/{person:path}/inbox": ("/v1/people/p-1/inbox", None, 200),
    "GET /v1/notices": ("/v1/notices?state=failed", None, 200),
    "POST /v1/subscriptions": ("/v1/subscriptions", {"url": "https://x.test/", "types": ["case.*"]}, 201),
    "GET /v1/subscriptions": ("/v1/subscriptions", None, 200),
    "DELETE /v1/subscriptions/{id}": (f"/v1/subscriptions/{CASE}", None, 404),
    "GET /v1/deliveries": ("/v1/deliveries", None, 200),
}  # fmt: skip
"""What the test asks of a route as p-1, and what it answers to whoever is let in."""

CELLS = [
    (service, route, role.value, role.value in allowed.split())
    for service, routes in ROUTES.items()
    for route, allowed in routes.items()
    for role in Role
]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("provider"))


@pytest.fixture(scope="module")
async def tables(databases: Databases) -> AsyncIterator[str]:
    """The DSN of a database with everybody's tables."""
    async with databases.lent(*SERVICES) as dsn:
        yield dsn


@pytest.fixture(scope="module")
async def apis(tables: str, issuer: Issuer) -> AsyncIterator[dict[str, FastAPI]]:
    """The four services, built as they are when they start, and not started."""
    apps = {}
    for service in ROUTES:
        settings = import_module(f"services.{service}.config").Settings(
            kafka="127.0.0.1:1", postgres=tables, **issuer.settings
        )
        apps[service] = await import_module(f"services.{service}.main").build(settings, WallClock())
    yield {service: app.api for service, app in apps.items()}
    for app in apps.values():
        await app.pool.close()


async def ask(api: FastAPI, route: str, headers: dict[str, str]) -> httpx2.Response:
    path, body, _ = ASKED[route]
    method = route.partition(" ")[0]
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://test") as client:
        return await client.request(method, path, json=body, headers=headers | (CLOUD if "events" in path else {}))


def test_every_role_is_in_the_table() -> None:
    assert set(EVERY.split()) == set(Role)
    assert {route for routes in ROUTES.values() for route in routes} == set(ASKED)


async def test_every_route_is_in_the_table_and_says_who_may_call_it(apis: dict[str, FastAPI]) -> None:
    for service, api in apis.items():
        assert undeclared(api) == []
        there = {f"{method} {route.path}" for route in routes_of(api) for method in route.methods - {"HEAD"}}
        assert there == OPEN | set(ROUTES[service])


@pytest.mark.parametrize(("service", "route", "role", "let_in"), CELLS)
async def test_a_role_is_let_in_where_the_table_says_and_nowhere_else(
    service: str, route: str, role: str, let_in: bool, apis: dict[str, FastAPI], issuer: Issuer
) -> None:
    found = await ask(apis[service], route, issuer.bearer(role, person="p-1", authorities=["a"], sources=["/a"]))
    assert found.status_code == (ASKED[route][2] if let_in else 403)
    if not let_in:
        assert found.headers["content-type"] == "application/problem+json"
        assert found.json()["title"] == "Not for this role"


@pytest.mark.parametrize(("service", "route"), [(s, route) for s, routes in ROUTES.items() for route in routes])
async def test_nobody_is_let_in_without_a_token(
    service: str, route: str, apis: dict[str, FastAPI], issuer: Issuer
) -> None:
    assert (await ask(apis[service], route, {})).status_code == 401
    assert (await ask(apis[service], route, issuer.bearer(*Role, exp=1))).status_code == 401


@pytest.mark.parametrize("service", ROUTES)
async def test_what_is_open_needs_no_token(service: str, apis: dict[str, FastAPI], tmp_path: Path) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(apis[service]), base_url="http://test") as client:
        answers = {route: (await client.get(route.removeprefix("GET "))).status_code for route in OPEN}
    assert answers == dict.fromkeys(OPEN, 200) | {"GET /readyz": 503}  # it has no partitions
