"""What declares nothing is closed, who asks is checked before anything else, and no token is ever repeated."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from structlog.testing import capture_logs

from shared.errors import WrongEnvironment
from shared.http import PROBLEM, answer, create_api
from shared.identity.guard import allow, caller_of, undeclared
from shared.identity.keys import Keys
from shared.identity.roles import Role
from shared.identity.tokens import LONGEST
from shared.runtime import App, serve
from tests.support.identity import Issuer, ec_key, verifier_over


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path)


@pytest.fixture
def api(issuer: Issuer) -> FastAPI:
    made = create_api("guarded", live=lambda: None, ready=lambda: None, verifier=issuer.verifier())
    router = APIRouter(prefix="/v1")

    @router.get("/clerks")
    @allow(Role.CLERK, Role.AUDITOR)
    async def clerks(request: Request, number: int = 0) -> Response:
        caller = caller_of(request)
        return answer({"person": caller.person, "roles": sorted(caller.roles)})

    @router.get("/broken")
    @allow(Role.CLERK)
    async def broken() -> None:
        raise LookupError

    made.include_router(router)
    return made


@pytest.fixture
async def client(api: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://test") as opened:
        yield opened


async def test_whoever_holds_a_role_that_the_route_admits_is_let_in_with_that_role_only(
    client: httpx2.AsyncClient, issuer: Issuer
) -> None:
    found = await client.get("/v1/clerks", headers=issuer.bearer("clerk", "admin", person="p-9"))
    assert (found.status_code, found.json()) == (200, {"person": "p-9", "roles": ["clerk"]})


async def test_another_role_is_refused_and_told_which_are_admitted(client: httpx2.AsyncClient, issuer: Issuer) -> None:
    found = await client.get("/v1/clerks", headers=issuer.bearer("admin"))
    assert (found.status_code, found.headers["content-type"]) == (403, PROBLEM)
    assert found.headers["www-authenticate"] == 'Bearer realm="duban", error="insufficient_scope"'
    assert found.json() == {
        "type": "urn:duban:problem:forbidden", "title": "Not for this role", "status": 403,
        "detail": "It takes one of: auditor, clerk.",
    }  # fmt: skip


@pytest.mark.parametrize("roles", [None, [], ["dancer"], "Clerk"])
async def test_a_token_without_a_role_of_ours_is_let_in_nowhere(
    roles: Any, client: httpx2.AsyncClient, issuer: Issuer
) -> None:
    assert (await client.get("/v1/clerks", headers=issuer.bearer(roles=roles))).status_code == 403


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic cDpw", "bearer-token x", "Bearer a b", "Negotiate", "c2VjcmV0"]
)
async def test_who_does_not_say_who_they_are_is_asked(header: str, client: httpx2.AsyncClient) -> None:
    found = await client.get("/v1/clerks", headers={"authorization": header} if header else {})
    assert (found.status_code, found.headers["content-type"]) == (401, PROBLEM)
    assert found.headers["www-authenticate"].startswith('Bearer realm="duban"')


async def test_a_token_that_does_not_count_is_refused_in_our_own_words(
    client: httpx2.AsyncClient, issuer: Issuer
) -> None:
    with capture_logs() as logged:
        token = issuer.token("clerk", exp=1)
        found = await client.get("/v1/clerks?number=x", headers={"authorization": f"Bearer {token}"})
    assert (found.status_code, found.json()["detail"]) == (401, "The token has expired.")
    assert found.headers["www-authenticate"] == 'Bearer realm="duban", error="invalid_token"'
    assert not any(part in found.text + str(found.headers) + str(logged) for part in token.split("."))


async def test_a_fault_of_ours_repeats_no_token(client: httpx2.AsyncClient, issuer: Issuer) -> None:
    bearer = issuer.bearer("clerk")
    with capture_logs() as logged:
        found = await client.get("/v1/broken", headers=bearer)
    assert found.status_code == 500
    metrics = await client.get("/metrics")
    parts = bearer["authorization"].removeprefix("Bearer ").split(".")
    assert not any(part in found.text + str(logged) + metrics.text for part in parts)


async def test_two_tokens_are_one_too_many(client: httpx2.AsyncClient, issuer: Issuer) -> None:
    twice = [("authorization", issuer.bearer("clerk")["authorization"])] * 2
    assert (await client.get("/v1/clerks", headers=twice)).status_code == 401


async def test_a_header_too_large_is_not_read(client: httpx2.AsyncClient) -> None:
    found = await client.get("/v1/clerks", headers={"authorization": f"Bearer {'a' * (LONGEST + 1)}"})
    assert (found.status_code, found.json()["type"]) == (431, "urn:duban:problem:token-too-long")
    assert "aaa" not in found.text


async def test_a_provider_that_cannot_be_asked_is_no_refusal(issuer: Issuer) -> None:
    verifier = verifier_over(Keys("http://127.0.0.1:1/jwks", refresh_s=300, refetch_s=1))
    api = create_api("guarded", live=lambda: None, ready=lambda: None, verifier=verifier)
    api.get("/v1/x")(allow(Role.CLERK)(lambda: None))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://test") as client:
        found = await client.get("/v1/x", headers=issuer.bearer("clerk", key=ec_key("other")))
    assert (found.status_code, found.json()["type"]) == (503, "urn:duban:problem:identity-unavailable")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/openapi.json"])
async def test_what_shows_nothing_of_anybody_is_open(path: str, client: httpx2.AsyncClient) -> None:
    assert (await client.get(path)).status_code == 200


async def test_a_route_that_declares_nothing_is_closed_and_its_service_does_not_start(
    api: FastAPI, client: httpx2.AsyncClient, issuer: Issuer
) -> None:
    assert undeclared(api) == []
    late = APIRouter(prefix="/v1")
    late.get("/forgotten")(lambda: {"secret": 1})
    api.include_router(late)
    api.router.add_route("/v1/bare", allow(Role.CLERK)(lambda request: Response()))
    assert undeclared(api) == ["/v1/bare", "/v1/forgotten"]
    found = await client.get("/v1/forgotten", headers=issuer.bearer(*Role))
    assert (found.status_code, "secret" in found.text) == (403, False)
    app = cast(App, SimpleNamespace(name="guarded", api=api))
    with pytest.raises(WrongEnvironment, match="/v1/bare, /v1/forgotten"):
        await serve(app, asyncio.Event())
