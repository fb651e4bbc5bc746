"""A fault of ours is told to operators in full and to the caller as nothing but a fault."""

import httpx2
from structlog.testing import capture_logs

from shared.http import create_api


async def test_a_fault_is_logged_with_its_trace_and_answered_as_a_problem_without_it() -> None:
    api = create_api("probe", live=lambda: None, ready=lambda: None)

    @api.get("/v1/broken")
    def broken() -> None:
        raise LookupError("p-17 is a secret")

    transport = httpx2.ASGITransport(api, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        with capture_logs() as logged:
            answer = await client.get("/v1/broken")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert [(entry["event"], entry["route"]) for entry in logged] == [("request_failed", "/v1/broken")]
    assert isinstance(logged[0]["exc_info"], LookupError)
