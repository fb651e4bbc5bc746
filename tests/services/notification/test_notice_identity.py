"""An inbox is its person's own; those who read all read it too."""

from pathlib import Path

import httpx2
import pytest

from services.notification.api import Api, routes
from shared.http import create_api
from tests.support.identity import Issuer
from tests.support.notice_world import World, delivered, opened


@pytest.mark.parametrize(
    ("role", "person", "status"),
    [
        ("official", "li", 200),
        ("clerk", "li", 200),
        ("official", "wang", 403),
        ("clerk", "LI", 403),
        ("supervisor", "wang", 200),
        ("auditor", "wang", 200),
    ],
)
async def test_an_inbox_is_read_by_its_person_and_by_those_who_read_all(
    role: str, person: str, status: int, world: World, tmp_path: Path
) -> None:
    await world.feed(delivered(opened()))
    issuer = Issuer(tmp_path)
    api = create_api("test", live=lambda: None, ready=lambda: None, verifier=issuer.verifier())
    api.include_router(routes(Api(world.pool, world.clock, False, lambda: None)))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://test") as http:
        bearer = issuer.bearer(role, person=person, authorities=["*"])
        found = await http.get("/v1/people/li/inbox", headers=bearer)
        several = issuer.bearer("official", "admin", "office", person="wang")  # none of which reads another's inbox
        assert (await http.get("/v1/people/li/inbox", headers=several)).status_code == 403
    assert found.status_code == status
    assert ("notices" in found.json()) == (status == 200)
