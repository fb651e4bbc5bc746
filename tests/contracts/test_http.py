"""Faults of ours are told to operators without values, to callers as nothing but faults; bodies are read strictly."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import Request, Response
from structlog.testing import capture_logs

from shared.events.base import Model, Name
from shared.http import answer, create_api, read_json
from shared.identity.guard import allow
from shared.identity.roles import Role

CAP = 100


class Wanted(Model):
    name: Name
    many: tuple[int, ...] = ()


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    api = create_api("probe", live=lambda: None, ready=lambda: None)

    @api.get("/v1/broken/{id}")
    @allow(Role.CLERK)
    def broken(id: str) -> None:
        raise LookupError("p-17 is a secret")

    @api.post("/v1/read")
    @allow(Role.CLERK)
    async def read(request: Request) -> Response:
        wanted = await read_json(request, Wanted, CAP)
        return answer({"name": wanted.name, "many": wanted.many})

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://test") as opened:
        yield opened


async def test_a_fault_is_logged_without_its_values_and_answered_as_a_problem(client: httpx2.AsyncClient) -> None:
    """I22. Nor is it raised to the server, which would print it whole."""
    with capture_logs() as logged:
        found = await client.get("/v1/broken/p-18")
    assert found.status_code == 500
    assert found.headers["content-type"] == "application/problem+json"
    (entry,) = logged
    assert (entry["event"], entry["error"], entry["route"]) == ("request_failed", "LookupError", "/v1/broken/{id}")
    assert entry["where"][-1].partition(":")[0] == __file__
    assert not {"secret", "p-17", "p-18"} & {word for text in (str(logged), found.text) for word in text.split()}
    assert "p-18" not in str(logged)


async def test_a_body_is_read_as_its_model(client: httpx2.AsyncClient) -> None:
    found = await client.post("/v1/read", content=b'{"name": "a", "many": [1, 2]}')
    assert (found.status_code, found.json()) == (200, {"name": "a", "many": [1, 2]})


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "not-json"),
        (b"{", 400, "not-json"),
        (b'{"name": "a", "name": "b"}', 400, "not-json"),
        (b'{"name": NaN}', 400, "not-json"),
        (b"[]", 422, "invalid-request"),
        (b'{"name": 1}', 422, "invalid-request"),
        (b'{"name": "a", "secret": 1}', 422, "invalid-request"),
        (b'{"name": "' + b"a" * CAP + b'"}', 413, "too-large"),
    ],
)
async def test_a_body_that_cannot_be_read_is_answered_with_what_is_wrong(
    client: httpx2.AsyncClient, body: bytes, status: int, code: str
) -> None:
    found = await client.post("/v1/read", content=body)
    assert (found.status_code, found.json()["type"]) == (status, f"urn:duban:problem:{code}")
    assert all(error.keys() == {"pointer", "detail"} for error in found.json().get("errors", ()))


async def test_a_body_without_an_end_is_not_waited_for(client: httpx2.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 60
            yield b" " * 60

    assert (await client.post("/v1/read", content=endless())).status_code == 413
    assert sent <= 4 * CAP
