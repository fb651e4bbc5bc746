"""HTTP as every service speaks it: problem documents (RFC 9457), entity tags, cursors, and the routes operators
probe.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import orjson
import structlog
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import without_values
from shared.events import strict_json
from shared.events.envelope import problems_of
from shared.identity.guard import NotAllowed, guard_of, open_to_all
from shared.identity.tokens import Verifier

PROBLEM = "application/problem+json"
M = TypeVar("M", bound=BaseModel)
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


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """How OpenAPI describes the body of a route that reads it by `read_json`."""
    content = {"application/json": {"schema": model.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}


async def read_json(request: Request, model: type[M], cap: int) -> M:
    """The body as `model`, read strictly and never beyond `cap` bytes. ProblemError 413, 400 where it is not JSON that
    can be read in one way, 422 with a pointer for each thing that is wrong."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > cap:
                raise ProblemError(413, "too-large", "The body is too large", f"At most {cap} bytes.")
        strict_json.loads(bytes(body))
        return model.model_validate_json(bytes(body))
    except ClientDisconnect:
        raise ProblemError(400, "cut-off", "The request ended before its body did") from None
    except strict_json.NotStrictJson as error:
        raise ProblemError(400, "not-json", "The body is not JSON that can be read in one way", str(error)) from None
    except ValidationError as error:
        errors = [{"pointer": found.pointer, "detail": found.detail} for found in problems_of(error)]
        raise ProblemError(422, "invalid-request", "The request is not valid", errors=errors) from None


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - narrows the type that the registration guarantees
    return answer(error.document, error.status, PROBLEM)


async def _not_allowed(_: Request, error: Exception) -> Response:
    assert isinstance(error, NotAllowed)  # noqa: S101 - as above
    return answer(error.document, error.status, PROBLEM, **error.headers)


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


class _Faults:
    """A fault of ours is logged with its kind and place, without its values (I22), and told without either. The
    framework's own handler would raise it again, to a server that prints it whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            route = getattr(scope.get("route"), "path", "")
            log.error("request_failed", method=scope.get("method", ""), route=route, **without_values(error))
            if not started:  # else the server sees an answer without an end, and cuts the connection
                document = {"type": "about:blank", "title": "Internal Server Error", "status": 500}
                await answer(document, 500, PROBLEM)(scope, receive, send)


def create_api(
    title: str,
    *,
    live: Callable[[], str | None],
    ready: Callable[[], str | None],
    verifier: Verifier | None = None,
) -> FastAPI:
    """An API with problem documents and probes, whose every route is guarded. `live` and `ready` say what is wrong, or
    None; without a `verifier` nobody is asked who they are. No page loads a script from elsewhere: the description is
    at /openapi.json."""
    guard = Depends(guard_of(verifier))
    api = FastAPI(title=title, version="1", docs_url=None, redoc_url=None, dependencies=[guard])
    api.add_exception_handler(ProblemError, _problem)
    api.add_exception_handler(NotAllowed, _not_allowed)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_middleware(_Faults)

    def probe(check: Callable[[], str | None]) -> Callable[[], Awaitable[Response]]:
        @open_to_all()
        async def route() -> Response:  # on the loop whose progress it judges: a worker thread has none
            wrong = check()
            return answer({"status": "ok"} if wrong is None else {"status": wrong}, 200 if wrong is None else 503)

        return route

    @open_to_all()
    def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    api.get("/livez", include_in_schema=False)(probe(live))
    api.get("/readyz", include_in_schema=False)(probe(ready))
    api.get("/metrics", include_in_schema=False)(metrics)
    return api
