"""Who may call a route: each declares it, and what declares nothing is closed.

    @router.get("/cases")
    @allow(Role.OFFICE, Role.SUPERVISOR)
    async def list_cases(request: Request) -> Response:
        caller_of(request)          # with the roles that this route admits

The check comes before anything of the request but its head is read. What depends on the matter or the person asked for
is the route's to decide, by its caller.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute

from shared.identity.keys import KeysUnavailable
from shared.identity.roles import ANYBODY, Principal, Role
from shared.identity.tokens import LONGEST, TokenRefused, Verifier

R = TypeVar("R", bound=Callable[..., Any])
_DECLARED = "__duban_allows__"
REALM = 'Bearer realm="duban"'
INSUFFICIENT = f'{REALM}, error="insufficient_scope"'
_BEARER = "bearer "


class NotAllowed(Exception):
    """Becomes a problem document: 401, 403, 431 or 503. Its words are ours; nothing of the request is in them."""

    def __init__(self, status: int, code: str, title: str, detail: str, challenge: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.document = {"type": f"urn:duban:problem:{code}", "title": title, "status": status, "detail": detail}
        self.headers = {"www-authenticate": challenge} if challenge else {}


def allow(*roles: Role) -> Callable[[R], R]:
    """Declares who may call a route. Stands below the line that makes the route."""
    return _declare(frozenset(roles))


def open_to_all() -> Callable[[R], R]:
    """Declares that a route shows nothing of anybody: probes, metrics and what the API looks like."""
    return _declare(None)


def _declare(roles: frozenset[Role] | None) -> Callable[[R], R]:
    def declared(route: R) -> R:
        setattr(route, _DECLARED, (roles,))
        return route

    return declared


def caller_of(request: Request) -> Principal:
    """Who asks, with those of their roles that the route admits."""
    found: Principal = request.state.caller
    return found


def forbidden(detail: str) -> NotAllowed:
    """For a route to raise where the caller's role admits it, and what it asks for does not."""
    return NotAllowed(403, "forbidden", "Not for this caller", detail, INSUFFICIENT)


def guard_of(verifier: Verifier | None) -> Callable[[Request], Awaitable[None]]:
    """The dependency of a whole API. Without a verifier everybody may do everything: on loopback only."""

    async def guard(request: Request) -> None:
        declared = getattr(request.scope.get("endpoint"), _DECLARED, None)
        if declared is None:
            raise NotAllowed(403, "closed", "Nobody may call this", "The route does not declare who may.", REALM)
        allowed: frozenset[Role] | None = declared[0]
        if allowed is None:
            return
        principal = ANYBODY if verifier is None else await _bearer(request, verifier)
        caller = principal.within(allowed)
        if not caller.roles:
            names = ", ".join(sorted(allowed))
            raise NotAllowed(403, "forbidden", "Not for this role", f"It takes one of: {names}.", INSUFFICIENT)
        request.state.caller = caller

    return guard


async def _bearer(request: Request, verifier: Verifier) -> Principal:
    given = request.headers.getlist("authorization")
    if sum(map(len, given)) > LONGEST + len(_BEARER):
        detail = f"A token has {LONGEST} bytes at most."
        raise NotAllowed(431, "token-too-long", "The Authorization header is too large", detail)
    if len(given) != 1 or not given[0].lower().startswith(_BEARER):
        detail = "Send one header `Authorization: Bearer` with a token of the identity provider."
        raise NotAllowed(401, "unauthenticated", "Who asks is not known", detail, REALM)
    try:
        return await verifier.verify(given[0][len(_BEARER) :].strip())
    except TokenRefused as error:
        challenge = f'{REALM}, error="invalid_token"'
        detail = f"{str(error)[0].upper()}{str(error)[1:]}."
        raise NotAllowed(401, "invalid-token", "The token is refused", detail, challenge) from None
    except KeysUnavailable:
        detail = "The identity provider's keys cannot be read now: try again."
        raise NotAllowed(503, "identity-unavailable", "Tokens cannot be checked now", detail) from None


def routes_of(api: FastAPI) -> Iterator[Any]:
    """Every route, those of included routers too."""
    waiting = list(api.routes)
    while waiting:
        route = waiting.pop()
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        else:
            waiting += inner.routes


def undeclared(api: FastAPI) -> list[str]:
    """The routes that say not who may call them, or that no guard stands before: a service with one does not start."""
    return sorted(
        str(getattr(route, "path", route))
        for route in routes_of(api)
        if (not isinstance(route, APIRoute) or getattr(route.endpoint, _DECLARED, None) is None)
        and getattr(route, "path", None) != api.openapi_url
    )
