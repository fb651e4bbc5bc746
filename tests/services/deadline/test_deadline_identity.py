"""Who sees the matters of some authorities sees nothing of the others, not even that they are there."""

from pathlib import Path

import httpx2
import pytest

from services.deadline.api import routes
from shared.http import create_api
from tests.support.deadline_service import Service, at, fact, terms
from tests.support.identity import Issuer


@pytest.mark.parametrize(
    ("role", "authorities", "id", "status"),
    [
        ("clerk", ["A"], "A/M", 200),
        ("official", ["A"], "B/M", 404),
        ("publisher", [], "A/M", 404),
        ("clerk", ["A"], "M", 200),
        ("clerk", ["A", "B"], "M", 409),
        ("office", [], "M", 409),
        ("service", [], "B/M", 200),
    ],
)
async def test_a_reader_sees_the_matters_of_its_authorities(
    role: str, authorities: list[str], id: str, status: int, service: Service, tmp_path: Path
) -> None:
    """A bare id is as unique as what the reader may see: the candidates would tell of the others."""
    await service.deliver(
        *(
            fact("matter.registered", f"r-{authority}", at("03-02 08:00"), key=(authority, "M"), limits=(terms(),))
            for authority in "AB"
        )
    )
    issuer = Issuer(tmp_path)
    api = create_api("test", live=lambda: None, ready=lambda: None, verifier=issuer.verifier())
    api.include_router(routes(service.pool, service.clock))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://test") as http:
        bearer = issuer.bearer(role, authorities=authorities)
        found = await http.get(f"/v1/matters/{id}/deadlines", headers=bearer)
        assert found.status_code == status
        name = found.json()["deadlines"][0]["clock"] if status == 200 else "x"
        explained = await http.get(f"/v1/matters/{id}/deadlines/{name}/explanation", headers=bearer)
    assert explained.status_code == status
