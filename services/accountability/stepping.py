"""What every step that a person takes has in common: who takes it, which revision they have seen, and that the same
request sent again is answered alike and changes nothing (I3).

    async with pool.acquire() as conn, conn.transaction():
        return await once(conn, request, person, given, now, do)

`do` raises ProblemError where a rule forbids the step: the transaction is rolled back, and with it the key.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import structlog
from fastapi import Request, Response
from pydantic import BaseModel

from services.accountability import stepping_store
from shared.clock import Clock
from shared.http import ProblemError, answer
from shared.identity.guard import caller_of, forbidden
from shared.postgres import PASSING, Connection, Pool

MOST_BYTES = 65_536
log = structlog.get_logger()
_TAG = re.compile(r'(?:W/)?"(\d{1,9})(?:-[^"]*)?"')
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Done:
    """What a step is answered. `revision` becomes the entity tag."""

    content: Any
    status: int = 201
    revision: int | None = None


def actor(request: Request, by: str | None) -> str:
    """Who acts: the caller; where identities are not checked, whom the body names."""
    caller = caller_of(request)
    if caller.is_checked:
        if by is not None and by != caller.person:
            raise forbidden("Nobody acts for another: leave `by` out, or give the caller's own id.")
        return caller.person
    if by is None:
        errors = [{"pointer": "/by", "detail": "is needed where identities are not checked"}]
        raise ProblemError(422, "invalid-request", "The request is not valid", errors=errors)
    return by


def tag_of(revision: int) -> str:
    """The entity tag of a revision."""
    return f'"{revision}"'


def tagged_with(request: Request, content: Any, revision: int) -> Response:
    """JSON whose entity tag begins with the revision, so that `If-Match` may give it back; 304 where the caller has
    it already."""
    body = orjson.dumps(content, default=str)
    tag = f'"{revision}-{hashlib.sha256(body).hexdigest()[:32]}"'
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"etag": tag})
    return Response(body, headers={"etag": tag}, media_type="application/json")


def expect(request: Request, revision: int) -> None:
    """`If-Match` must name the present revision: nobody decides on what they have not seen. ProblemError 428, 412."""
    given = request.headers.get("if-match")
    if given is None:
        raise ProblemError(
            428, "precondition-required", "Say which revision you have seen", "Send `If-Match` with its entity tag."
        )
    found = _TAG.fullmatch(given.strip())
    if found is None or int(found[1]) != revision:
        raise ProblemError(
            412, "changed-meanwhile", "It is not as you have seen it", "Read it again and decide anew.",
            revision=revision,
        )  # fmt: skip


async def once(
    conn: Connection,
    request: Request,
    person: str,
    given: BaseModel | bytes,
    now: datetime,
    do: Callable[[], Awaitable[Done]],
) -> Response:
    """Do it, or answer as it was answered before under the same `Idempotency-Key` of this person. In the caller's
    transaction; of two at a time the second waits for the first. ProblemError 400, 409."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return _told(await do())
    if not _KEY.fullmatch(key):
        raise ProblemError(400, "bad-idempotency-key", "The Idempotency-Key is not 1 to 200 visible ASCII characters")
    body = given if isinstance(given, bytes) else given.model_dump_json().encode()
    asked = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + body).digest()
    if not await stepping_store.claim(conn, person, key, asked, now):
        row = await stepping_store.given(conn, person, key)
        if row is None or row["asked"] != asked:
            raise ProblemError(409, "idempotency-key-reused", "The Idempotency-Key was sent with another request")
        return _told_again(row["status"], row["tag"], row["says"])
    done = await do()
    told = _told(done)
    await stepping_store.keep(conn, person, key, done.status, told.headers.get("etag"), bytes(told.body).decode())
    return told


def _told(done: Done) -> Response:
    tag = {} if done.revision is None else {"etag": tag_of(done.revision)}
    return answer(done.content, done.status, **tag)


def _told_again(status: int, tag: str | None, says: str) -> Response:
    return Response(says, status, headers=None if tag is None else {"etag": tag}, media_type="application/json")


Take = Callable[[Connection, str, datetime], Awaitable[Done]]


class Steps:
    """Takes a step in a transaction of its own, once for each Idempotency-Key."""

    def __init__(self, pool: Pool, clock: Clock, committed: Callable[[], None]) -> None:
        self._pool = pool
        self._clock = clock
        self._committed = committed

    async def take(self, request: Request, given: BaseModel | bytes, by: str | None, do: Take) -> Response:
        person = actor(request, by)
        try:
            async with self._pool.acquire(timeout=10) as conn, conn.transaction():
                now = (await self._clock.moment(conn)).now
                response = await once(conn, request, person, given, now, lambda: do(conn, person, now))
        except PASSING as error:
            log.warning("step_not_stored", error=type(error).__name__)
            raise ProblemError(
                503, "unavailable", "The step could not be stored now", "Nothing was stored: send it again."
            ) from error
        self._committed()
        return response
