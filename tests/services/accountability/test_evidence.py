"""Evidence is what its digest says, kept once, never changed, and never read by who must not: wherever it is kept."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from services.accountability.evidence_store import PART, ContentLost, Contents, InDirectory, InPostgres, contents_of
from shared.postgres import Pool
from tests.support.case_world import AUTHORITY, World, delivered, missed
from tests.support.identity import Issuer
from tests.support.ladder_world import HOLDERS, MOST_BYTES, client_of

PDF = b"%PDF-1.7 the plans were handed on"


@pytest.fixture(params=["postgres", "directory"])
def contents(request: pytest.FixtureRequest, tmp_path: Path) -> Contents:
    return contents_of(tmp_path / "evidence" if request.param == "directory" else None)


@pytest.fixture
async def http(pool: Pool, world: World, contents: Contents) -> AsyncIterator[httpx2.AsyncClient]:
    await world.feed(*HOLDERS, delivered(missed()))
    async with client_of(pool, world, contents=contents) as client:
        yield client


async def alone(http: httpx2.AsyncClient) -> str:
    order = {"by": "chen", "authority": AUTHORITY, "matter": "M-9", "unit": "licensing", "demand": "do it"}
    made = await http.post("/v1/rectifications", json=order)
    return f"/v1/rectifications/{made.json()['rectification_id']}"


async def give(
    http: httpx2.AsyncClient, path: str, content: bytes = PDF, *, said: bytes | None = None, **headers: str
) -> httpx2.Response:
    digest = base64.b64encode(hashlib.sha256(content if said is None else said).digest()).decode()
    given = {"content-type": "application/pdf", "content-digest": f"sha-256=:{digest}:", **headers}
    return await http.post(f"{path}/evidence?by=li", content=content, headers=given)


async def test_what_was_handed_in_is_read_again_byte_for_byte(http: httpx2.AsyncClient) -> None:
    path = await alone(http)
    given = await give(http, path)
    assert given.status_code == 201
    found = await http.get(f"/v1/evidence/{given.json()['evidence_id']}")
    assert (found.content, found.headers["content-type"]) == (PDF, "application/pdf")
    assert found.headers["content-disposition"].startswith("attachment")
    assert found.headers["x-content-type-options"] == "nosniff"
    assert given.json()["sha256"] == hashlib.sha256(PDF).hexdigest()


async def test_who_is_handed_evidence_is_on_record_before(world: World, http: httpx2.AsyncClient) -> None:
    given = (await give(http, await alone(http))).json()
    url = f"/v1/evidence/{given['evidence_id']}"
    assert (await http.get(url)).status_code == 200
    (row,) = await world.conn.fetch("select what, about, authority, matter from readings")
    assert tuple(row) == ("evidence", given["evidence_id"], AUTHORITY, "M-9")
    await world.conn.execute("alter table readings rename to readings_away")
    assert (await http.get(url)).json()["type"] == "urn:duban:problem:reading-not-recorded"


async def test_the_same_content_twice_at_the_same_time_is_one_piece(http: httpx2.AsyncClient) -> None:
    path = await alone(http)
    both = await asyncio.gather(give(http, path), give(http, path))
    assert sorted(each.status_code for each in both) == [200, 201]
    assert both[0].json() == both[1].json()
    assert (await http.get(f"/v1/evidence/{both[0].json()['evidence_id']}")).content == PDF


async def test_the_same_content_again_is_the_same_evidence(world: World, http: httpx2.AsyncClient) -> None:
    path, other = await alone(http), await alone(http)
    first, again, elsewhere = await give(http, path), await give(http, path), await give(http, other)
    assert (first.status_code, again.status_code, elsewhere.status_code) == (201, 200, 201)
    assert first.json() == again.json()
    assert first.json()["evidence_id"] != elsewhere.json()["evidence_id"]
    assert await world.conn.fetchval("select count(*) from evidence") == 2


@pytest.mark.parametrize(
    ("content", "said", "headers", "status", "code"),
    [
        (b"x" * (MOST_BYTES + 1), None, {}, 413, "too-large"),
        (PDF, b"something else", {}, 422, "digest-differs"),
        (PDF, None, {"content-digest": ""}, 422, "digest-differs"),
        (PDF, None, {"content-type": "text/html"}, 415, "media-type"),
        (PDF, None, {"content-type": "image/svg+xml"}, 415, "media-type"),
        (b"", None, {}, 422, "empty"),
    ],
)
async def test_what_must_not_be_taken_is_refused_and_nothing_is_kept(
    world: World,
    http: httpx2.AsyncClient,
    content: bytes,
    said: bytes | None,
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    refused = await give(http, await alone(http), content, said=said, **headers)
    assert (refused.status_code, refused.json()["type"]) == (status, f"urn:duban:problem:{code}")
    assert await world.conn.fetchval("select count(*) from evidence") == 0
    assert await world.conn.fetchval("select count(*) from evidence_parts") == 0


async def test_a_body_whose_length_nobody_announced_is_cut_off_at_the_limit(http: httpx2.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 10_000

    path = await alone(http)
    headers = {"content-type": "application/pdf", "content-digest": f"sha-256=:{'A' * 43}=:"}
    refused = await http.post(f"{path}/evidence?by=li", content=endless(), headers=headers)
    assert refused.status_code == 413


async def test_contents_are_kept_whole_in_parts(world: World, contents: Contents) -> None:
    large = bytes(range(256)) * (PART // 256) + b"and a rest"
    digest = hashlib.sha256(large).digest()
    for _ in range(2):
        async with world.conn.transaction():
            await contents.put(world.conn, digest, large)
    assert await contents.get(world.conn, digest) == large
    with pytest.raises(ContentLost):
        await contents.get(world.conn, bytes(32))


async def test_what_was_altered_where_it_is_kept_is_not_given_out(pool: Pool, world: World, tmp_path: Path) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    for contents in (InPostgres(), InDirectory(tmp_path)):
        async with client_of(pool, world, contents=contents) as http:
            id = (await give(http, await alone(http))).json()["evidence_id"]
            await world.conn.execute("update evidence_parts set content = 'forged'")
            _forge(tmp_path)
            found = await http.get(f"/v1/evidence/{id}")
            assert (found.status_code, found.json()["type"]) == (500, "urn:duban:problem:evidence-lost")


def _forge(directory: Path) -> None:
    for file in directory.rglob("*"):
        if file.is_file():
            file.write_bytes(b"forged")


async def test_evidence_is_for_whom_its_rectification_is(pool: Pool, world: World, tmp_path: Path) -> None:
    await world.feed(*HOLDERS, delivered(missed()))
    async with client_of(pool, world) as http:
        path = await alone(http)
        id = (await give(http, path)).json()["evidence_id"]
    issuer = Issuer(tmp_path)
    async with client_of(pool, world, verifier=issuer.verifier()) as http:
        for role, person, status in (
            ("official", "li", 200), ("official", "sun", 404), ("supervisor", "sun", 200), ("admin", "sun", 403),
        ):  # fmt: skip
            found = await http.get(f"/v1/evidence/{id}", headers=issuer.bearer(role, person=person))
            assert found.status_code == status, (role, person)
        http.headers.update(issuer.bearer("official", person="sun"))
        assert (await give(http, path)).status_code == 403
