"""HTTP: publish events, read a matter's facts, list the items. Bad input is answered with what is wrong, never with a
5xx; whatever is refused is kept and published as on Kafka.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import orjson
import structlog
from fastapi import FastAPI, Query, Request, Response
from starlette.requests import ClientDisconnect

from services.intake import store
from services.intake.answers import Reply, reply_to, reply_to_request
from services.intake.body import BATCH, BadRequest, Body, events_of, fingerprint, read_body
from services.intake.catalogue import terms_of
from services.intake.handlers import Intake
from services.intake.permission import CONFIRMING, grant_of
from services.intake.rules.catalogue import Item, ItemVersion
from services.intake.rules.hidden import HIDDEN
from services.intake.rules.order import business_order
from services.intake.rules.refusal import Reason
from services.intake.rules.silence import Heard, Patience, judge, silent_from
from shared import failpoints
from shared.events.base import aggregate_key, split_key
from shared.events.envelope import JSON, STRUCTURED
from shared.http import ProblemError, read_cursor, tagged, write_cursor
from shared.identity.guard import INSUFFICIENT, allow, caller_of
from shared.identity.roles import Principal, Role
from shared.postgres import PASSING, Connection, Pool

ATTEMPTS = 5
LONGEST_KEY = 200
SEE_HIDDEN = frozenset({Role.OFFICE, Role.SUPERVISOR})
MATTERS = "/v1/matters/"
log = structlog.get_logger()
_BODY = {"requestBody": {"required": True, "content": {kind: {} for kind in (STRUCTURED, BATCH, JSON)}}}


def add_routes(api: FastAPI, pool: Pool, intake: Intake, committed: Callable[[], None], patience: Patience) -> None:
    """Intake's routes on an API; `committed` is called after each transaction that may have appended events."""

    @api.post("/v1/events", openapi_extra=_BODY)
    @allow(Role.PUBLISHER, *CONFIRMING)
    async def publish(request: Request) -> Response:
        """Take events in: one, structured or binary, or a batch. Office and supervisor confirm misses and no more."""
        try:
            body = await read_body(request)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it, and nothing was taken in
        reply = await _until_done(pool, lambda conn: take_request(conn, intake, request, body))
        failpoints.reach("http.committed")
        committed()
        headers = {} if body.whole else {"connection": "close"}
        if reply.status == 403:
            headers["www-authenticate"] = INSUFFICIENT
        return Response(reply.content, reply.status, headers=headers, media_type=reply.media_type)

    @api.get(MATTERS + "{id:path}")
    @allow(Role.PUBLISHER, Role.CLERK, Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR, Role.SERVICE)
    async def matter(request: Request) -> Response:
        """The facts of a matter in business order and in order of receipt."""
        bare, key = matter_id(request.scope["raw_path"])
        async with pool.acquire(timeout=10) as conn:
            found = await _shown(conn, await store.find_matters(conn, bare, key), caller_of(request))
        if not found:
            raise ProblemError(404, "unknown-matter", "No matter has this id")
        if len(found) > 1:
            candidates = [aggregate_key(*key) for key in found]
            detail = "more than one authority has a matter of this id: use one of the candidates"
            raise ProblemError(409, "ambiguous-matter", "The id is not unique", detail, candidates=candidates)
        ((key, facts),) = found.items()
        return tagged(request, _matter(*key, [_fact(row) for row in facts]))

    items = sorted(intake.catalogue.items.values(), key=lambda item: item.code)

    @api.get("/v1/items")
    @allow(*Role)
    async def list_items(
        request: Request, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> Response:
        """The catalogue, in order of code."""
        after = read_cursor(cursor, 1)[0] if cursor is not None else ""
        rest = [item for item in items if item.code > after]
        page: dict[str, Any] = {"items": [_item(item) for item in rest[:limit]]}
        if len(rest) > limit:
            page["next"] = write_cursor(rest[limit - 1].code)
        return tagged(request, page)

    @api.get("/v1/sources")
    @allow(Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN)
    async def list_sources(
        request: Request,
        state: Literal["heard", "silent", "gone"] | None = None,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Response:
        """Who publishes, when something of it was last taken in, and whether it has fallen silent."""
        after = read_cursor(cursor, 1)[0] if cursor is not None else ""
        async with pool.acquire(timeout=10) as conn, conn.transaction():
            now = (await intake.clock.moment(conn)).now
            known = await store.read_sources(conn)
        judged = [(heard, judge(heard, now, patience)) for heard in known if heard.source > after]
        rest = [(heard, found) for heard, found in judged if state in (None, found)]
        page: dict[str, Any] = {"sources": [_source(heard, found, patience) for heard, found in rest[:limit]]}
        if len(rest) > limit:
            page["next"] = write_cursor(rest[limit - 1][0].source)
        return tagged(request, page)


async def take_request(conn: Connection, intake: Intake, request: Request, body: Body) -> Reply:
    """Answer a request in the transaction of `conn`. With an Idempotency-Key the answer is kept in that transaction,
    and a second request with the key gets it byte for byte (I3). Each caller has keys of its own."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return await _take(conn, intake, request, body)
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        detail = f"Idempotency-Key is 1 to {LONGEST_KEY} printable ASCII characters"
        return await _refuse(conn, intake, body, BadRequest(400, Reason("bad-idempotency-key", "", detail)))
    key = _of_caller(caller_of(request), key)
    print_ = fingerprint(body, request.headers.raw)
    stored = await store.claim_key(conn, key, print_)
    if stored is None:
        reply = await _take(conn, intake, request, body)
        await store.keep_answer(conn, key, reply.status, reply.media_type, reply.content)
        return reply
    if stored.fingerprint != print_:
        detail = "this Idempotency-Key was used for another request: a new request needs a new key"
        return await _refuse(conn, intake, body, BadRequest(422, Reason("idempotency-key-reused", "", detail)))
    return Reply(stored.status, stored.media_type, stored.answer)


async def _take(conn: Connection, intake: Intake, request: Request, body: Body) -> Reply:
    events = events_of(body, request.headers.raw)
    if isinstance(events, BadRequest):
        return await _refuse(conn, intake, body, events)
    permission = grant_of(caller_of(request))
    return reply_to(await intake.take_in(conn, events.raws, [permission] * len(events.raws)), batch=events.batch)


async def _shown(conn: Connection, there: Sequence[Any], caller: Principal) -> dict[tuple[str, str], Sequence[Any]]:
    """The facts of each of these matters that the caller may learn of at all."""
    found: dict[tuple[str, str], Sequence[Any]] = {}
    for row in there:
        authority, name = row["authority"], row["name"]
        if caller.sees(authority) and (caller.roles & SEE_HIDDEN or row["inspection"] != HIDDEN):
            found[authority, name] = await store.read_facts(conn, authority, name)
    return found


def _of_caller(caller: Principal, key: str) -> str:
    if not caller.is_checked:
        return key
    return f"{hashlib.sha256(caller.person.encode()).hexdigest()[:32]} {key}"


async def _refuse(conn: Connection, intake: Intake, body: Body, bad: BadRequest) -> Reply:
    await intake.refuse(conn, body.raw(), bad.reason)
    return reply_to_request(bad, body)


async def _until_done(pool: Pool, work: Callable[[Connection], Awaitable[Reply]]) -> Reply:
    """Run `work` in a transaction, again where only the moment was wrong; 503 where that lasts."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with pool.acquire(timeout=10) as conn, conn.transaction():
                return await work(conn)
        except PASSING as error:
            log.warning("request_retrying", error=type(error).__name__, attempt=attempt)
            await asyncio.sleep(0.02 * 2**attempt)
    raise ProblemError(503, "unavailable", "The events could not be stored now", "nothing was taken in: send it again")


def matter_id(raw_path: bytes) -> tuple[str, tuple[str, str] | None]:
    """What a path may mean: a bare matter id, and where it has one the full key. ProblemError 404 when nothing."""
    raw = raw_path.partition(b"?")[0].decode("latin-1").removeprefix(MATTERS)
    try:
        bare = unquote(raw, errors="strict")
        if "\0" in bare or not bare:
            raise ValueError("no matter has such an id")
        if "/" in raw:
            authority, _, name = raw.partition("/")
            return bare, (unquote(authority, errors="strict"), unquote(name, errors="strict"))
    except ValueError:
        raise ProblemError(404, "unknown-matter", "No matter has this id") from None
    try:
        return bare, split_key(bare)
    except ValueError:
        return bare, None


def _matter(authority: str, name: str, facts: list[tuple[Any, dict[str, Any]]]) -> dict[str, Any]:
    return {
        "authority": authority,
        "matter": name,
        "key": aggregate_key(authority, name),
        "business_order": [fact for _, fact in sorted(facts, key=lambda each: each[0])],
        "receipt_order": [{"source": fact["source"], "id": fact["id"]} for _, fact in facts],
    }


def _fact(row: Any) -> tuple[Any, dict[str, Any]]:
    """A fact as it is shown, with its place in business order."""
    submitted = orjson.loads(row["submission"])
    times = {name: _written(row[name]) for name in ("occurred_at", "issued_at", "received_at")}
    plain = {name: row[name] for name in ("source", "type", "version", "transport", "revision")}
    event = {"id": row["published_id"], "type": row["published_type"]}
    order = business_order(row["type"], row["occurred_at"], row["source"], row["event_id"])
    return order, {"id": row["event_id"], **plain, **times, "event": event, "data": submitted["data"]}


def _written(when: datetime) -> str:
    return when.isoformat()


def _source(heard: Heard, state: str, patience: Patience) -> dict[str, Any]:
    return {
        "source": heard.source,
        "state": state,
        "heard_at": _written(heard.at),
        "usual_gap_s": round(heard.usual_gap.total_seconds()),
        "silent_from": _written(silent_from(heard, patience)),
    }


def _item(item: Item) -> dict[str, Any]:
    versions = [_version(version) for version in item.versions]
    return {"code": item.code, "name": item.names, "zone": item.zone, "calendar": item.calendar, "versions": versions}


def _version(version: ItemVersion) -> dict[str, Any]:
    recorded: dict[str, Any] = {"required": version.recorded.required, "warnings": version.recorded.warnings}
    if version.recorded.on_expiry is not None:
        recorded |= {"on_expiry": asdict(version.recorded.on_expiry)}
    return {
        "name": version.name,
        "effective_from": version.effective_from.isoformat(),
        "limits": [terms_of(limit) for limit in version.limits],
        "recorded": recorded,
    }
