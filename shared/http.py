"""HTTP as every service speaks it: problem documents (RFC 9457), entity tags, cursors, and the routes operators
probe.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

PROBLEM = "application/problem+json"
log = structlog.get_logger()


class ProblemError(Exception):
    """Becomes a problem document. `code` is stable and for machines; `detail` says what to do; input is never
    echoed.
    """

    def __init__(self, status: int, code: str, title: str, detail: str = "", **members: Any) -> None:
        super().__init__(detail or title)
        self.status = status
        self.document = {"type": f"urn:duban:problem:{code}", "title": title, "status": status, **members}
        if detail:
            self.document["detail"] = detail


def _plain(value: object) -> str:
    """orjson writes a UUID, but not the subclass that asyncpg makes of one."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")


def answer(content: Any, status: int = 200, media_type: str = "application/json", **headers: str) -> Response:
    """JSON by orjson."""
    return Response(orjson.dumps(content, default=_plain), status, headers=headers or None, media_type=media_type)


def tagged(request: Request, content: Any) -> Response:
    """JSON with its entity tag; 304 where the caller has it already."""
    body = orjson.dumps(content, default=_plain)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"etag": tag})
    return Response(body, headers={"etag": tag}, media_type="application/json")


def write_cursor(*parts: str) -> str:
    """An opaque cursor over a sort key."""
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def read_cursor(cursor: str, parts: int) -> list[str]:
    """The sort key again. ProblemError 400 when the cursor is not one of ours."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        found = None
    if not isinstance(found, list) or len(found) != parts or not all(isinstance(part, str) for part in found):
        raise ProblemError(400, "bad-cursor", "The cursor is not one that this list gave out")
    return found


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - narrows the type that the registration guarantees
    return answer(error.document, error.status, PROBLEM)


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    return answer(
        {"type": "about:blank", "title": error.detail, "status": error.status_code}, error.status_code, PROBLEM
    )


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    errors = [{"pointer": "/" + "/".join(map(str, e["loc"])), "detail": e["msg"]} for e in error.errors()]
    document = {"type": "urn:duban:problem:invalid-request", "title": "The request is not valid", "status": 422}
    return answer({**document, "errors": errors}, 422, PROBLEM)


async def _failed(request: Request, error: Exception) -> Response:
    """A fault of ours: logged with its trace, told without it."""
    log.exception(
        "request_failed", method=request.method, route=getattr(request.scope.get("route"), "path", ""), exc_info=error
    )
    return answer({"type": "about:blank", "title": "Internal Server Error", "status": 500}, 500, PROBLEM)


def create_api(title: str, *, live: Callable[[], str | None], ready: Callable[[], str | None]) -> FastAPI:
    """An API with problem documents and probes. `live` and `ready` say what is wrong, or None. No page loads a script
    from elsewhere: the description is at /openapi.json."""
    api = FastAPI(title=title, version="1", docs_url=None, redoc_url=None)
    api.add_exception_handler(ProblemError, _problem)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(Exception, _failed)

    def probe(check: Callable[[], str | None]) -> Callable[[], Awaitable[Response]]:
        async def route() -> Response:  # on the loop whose progress it judges: a worker thread has none
            wrong = check()
            return answer({"status": "ok"} if wrong is None else {"status": wrong}, 200 if wrong is None else 503)

        return route

    api.get("/livez", include_in_schema=False)(probe(live))
    api.get("/readyz", include_in_schema=False)(probe(ready))
    api.get("/metrics", include_in_schema=False)(lambda: Response(generate_latest(), media_type=CONTENT_TYPE_LATEST))
    return api
