"""The ladder's and rectification's routes over a real Postgres, with a case and its people, where identities are not
checked."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx2

from services.accountability import evidence_api, ladder_api, rectification_api, rulebook
from services.accountability.api import routes
from services.accountability.config import SHIPPED
from services.accountability.evidence_store import Contents, InPostgres
from services.accountability.rules.ladder import Rulebook
from shared.http import PROBLEM, create_api
from shared.identity.tokens import Verifier
from shared.postgres import Pool
from tests.support.case_world import World, assigned, delivered, key_of, missed

ID = key_of().case_id
BOOK = rulebook.load(SHIPPED)
MOST_BYTES = 100_000
HOLDERS = (
    delivered(assigned("zhang", "direct", "2025-01-01"), post="window-1"),
    delivered(assigned("li", "leading", "2025-01-01"), post="deputy"),
    delivered(assigned("wang", "principal", "2025-01-01", unit=None), post="director"),
    delivered(assigned("chen", "principal", "2025-01-01", unit="efficiency-office"), post="office-head"),
    delivered(assigned("wu", "principal", "2025-01-01", unit="supervision"), post="supervisor"),
)


def client_of(
    pool: Pool,
    world: World,
    *,
    book: Rulebook = BOOK,
    contents: Contents | None = None,
    verifier: Verifier | None = None,
) -> httpx2.AsyncClient:
    """The service's API."""
    api = create_api("cases", live=lambda: None, ready=lambda: None, verifier=verifier)
    api.include_router(routes(pool, world.clock, lambda: None, book))
    api.include_router(ladder_api.routes(pool, world.clock, book, lambda: None))
    api.include_router(rectification_api.routes(pool, world.clock, book, lambda: None))
    kept = InPostgres() if contents is None else contents
    api.include_router(evidence_api.routes(pool, world.clock, kept, MOST_BYTES, lambda: None))
    transport = httpx2.ASGITransport(app=api, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://accountability")


def duty_missed(clock: str, due: str, id: UUID = ID, **more: Any) -> Any:
    """The deadline service says that a limit of a case passed that is no rung's."""
    return delivered(missed("M1", due, clock=clock, subject=f"case:{id}", holdings=(), **more))


async def revision(http: httpx2.AsyncClient, path: str) -> int:
    """Of what stands at a path."""
    return int((await http.get(path)).json()["revision"])


async def post(
    http: httpx2.AsyncClient, path: str, seen: str, body: Mapping[str, Any], status: int = 201, **headers: str
) -> dict[str, Any]:
    """A step on what stands at `seen`, by its present revision."""
    given = {"if-match": f'"{await revision(http, seen)}"', **headers}
    answer = await http.post(path, json=body, headers=given)
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.headers["content-type"] == PROBLEM
    found: dict[str, Any] = answer.json()
    return found
