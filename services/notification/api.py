"""HTTP of notification: what a person was told, what was told to nobody, webhook subscriptions and their deliveries.

An inbox is read by its person and by those who read all; subscriptions are the operators'.
"""

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field, StringConstraints, TypeAdapter

from services.notification import metrics, store
from services.notification.channels.webhook import ended
from services.notification.publish import publish
from services.notification.rules.webhooks import DELETED, takes, wrong_with_url
from services.notification.showing import FIRST, NONE, Digest, digests_of, texts_of, texts_of_digest
from services.notification.store import Place
from services.notification.texts import DIGEST
from services.notification.texts.words import LANGUAGES, Language
from shared.clock import Clock
from shared.events.base import Instant, Model
from shared.events.catalog import EVENTS
from shared.http import ProblemError, answer, body_of, read_cursor, read_json, tagged, write_cursor
from shared.identity.guard import allow, caller_of, forbidden
from shared.identity.roles import Role
from shared.postgres import Pool, Record

BODY_BYTES = 65_536
SECRET_BYTES = range(24, 65)
"""Of a webhook secret, as Standard Webhooks recommends."""
TYPES = tuple(model.TYPE for topic in ("deadline-events", "case-events") for model in EVENTS[topic])
LAST = datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1)
_PLACE: TypeAdapter[Place] = TypeAdapter(tuple[Instant, UUID])
Line = Annotated[str, Path(min_length=1, max_length=600, pattern=r"^[^\x00-\x1f\x7f]+$")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(max_length=400)]


class NewSubscription(Model):
    """A webhook: where to, and which events: a type such as `case.opened`, or all of a kind, such as `case.*`."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[!-~]+$")]
    types: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]+\.([a-z_]+|\*)$")], ...] = Field(
        min_length=1, max_length=50
    )
    secret: Annotated[str, StringConstraints(max_length=200, pattern=r"^whsec_[A-Za-z0-9+/]+={0,2}$")] | None = None


@dataclass(frozen=True, slots=True)
class Api:
    """What the routes work with. `committed` wakes the relay."""

    pool: Pool
    clock: Clock
    allow_private: bool
    committed: Callable[[], None]


def routes(api: Api) -> APIRouter:
    """The routes under /v1."""
    router = APIRouter(prefix="/v1")

    @router.get("/people/{person:path}/inbox")
    @allow(Role.CLERK, Role.OFFICIAL, Role.SUPERVISOR, Role.AUDITOR)
    async def inbox(
        request: Request,
        person: Line,
        lang: Language | None = None,
        digest: UUID | None = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Response:
        """What a person was told, newest first: in `lang`, else in the language that Accept-Language prefers, else in
        both. A digest tells of further notices; `digest` lists those."""
        if not caller_of(request).sees_person(person):
            raise forbidden("An inbox is its person's own.")
        language = lang or _preferred(request.headers.get("accept-language", ""))
        async with api.pool.acquire() as conn:
            if digest is not None:
                rows = await store.select_gathered(conn, person, digest, _place(cursor), limit + 1)
            else:
                rows = await store.select_inbox(conn, person, _place(cursor), limit + 1)
            ids = [row["id"] for row in rows[:limit] if row["kind"] == DIGEST]
            digests = digests_of(await store.select_digests(conn, ids, FIRST)) if ids else {}
        chosen = (language,) if language else LANGUAGES
        page = _page("notices", rows, limit, lambda row: _told(row, digests, chosen))
        response = tagged(request, page)
        response.headers["vary"] = "accept-language"
        return response

    @router.get("/notices")
    @allow(Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR)
    async def notices(
        request: Request,
        matter: Annotated[str | None, Query(max_length=1300, pattern=r"^[!-~]+$")] = None,
        state: Literal["sent", "suppressed", "failed"] | None = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Response:
        """Everything decided about a matter (its key), or all that is suppressed or failed; newest first (D9)."""
        async with api.pool.acquire() as conn:
            if matter is not None:
                rows = await store.select_notices_of_matter(conn, matter, state, _place(cursor), limit + 1)
            elif state in ("suppressed", "failed"):
                rows = await store.select_notices_not_sent(conn, state, _place(cursor), limit + 1)
            else:
                raise ProblemError(
                    400, "no-filter", "Say which notices", "Give `matter`, or a `state` of suppressed or failed."
                )
        names = ("recipient", "channel", "state", "reason")
        page = _page("notices", rows, limit, lambda row: {**_notice(row), **{name: row[name] for name in names}})
        return tagged(request, page)

    @router.post("/subscriptions", openapi_extra=body_of(NewSubscription))
    @allow(Role.ADMIN)
    async def subscribe(request: Request) -> Response:
        """Start a subscription. The answer is the only one that shows its secret."""
        wanted = await read_json(request, NewSubscription, BODY_BYTES)
        if wrong := wrong_with_url(wanted.url, allow_private=api.allow_private):
            raise _invalid("/url", wrong)
        for number, pattern in enumerate(wanted.types):
            if not any(takes((pattern,), type_) for type_ in TYPES):
                raise _invalid(f"/types/{number}", "matches no event of deadline-events or case-events")
        if wanted.secret is not None and not _is_secret(wanted.secret):
            raise _invalid("/secret", "is not whsec_ and base64 of 24 to 64 bytes")
        secret = wanted.secret or f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
        id = uuid4()
        types = sorted(set(wanted.types))
        async with api.pool.acquire() as conn, conn.transaction():
            now = (await api.clock.moment(conn)).now
            await store.insert_subscription(conn, id, wanted.url, types, secret, now)
        made = {
            "id": str(id), "url": wanted.url, "types": types, "state": "active", "created_at": now.isoformat(),
            "ended_at": None, "secret": secret,
        }  # fmt: skip
        return answer(made, 201, location=f"/v1/subscriptions/{id}")

    @router.get("/subscriptions")
    @allow(Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR)
    async def subscriptions(request: Request, cursor: Cursor = None, limit: Limit = 100) -> Response:
        """Subscriptions, newest first; `disabled`: the receiver answered 410."""
        async with api.pool.acquire() as conn:
            rows = await store.select_subscriptions(conn, _place(cursor), limit + 1)
        return tagged(request, _page("subscriptions", rows, limit, _members))

    @router.delete("/subscriptions/{id}")
    @allow(Role.ADMIN)
    async def unsubscribe(id: UUID) -> Response:
        """End a subscription; what is pending for it fails."""
        async with api.pool.acquire() as conn, conn.transaction():
            now = (await api.clock.moment(conn)).now
            if not await store.end_subscriptions(conn, [str(id)], "deleted", now):
                raise ProblemError(404, "no-such-subscription", "There is no such subscription")
            done = await store.fail_pending_deliveries(conn, [str(id)], DELETED)
            await publish(conn, [ended(delivery) for delivery in done], now)
        for delivery in done:
            metrics.count("webhook", delivery.kind, delivery.state)
        api.committed()
        return Response(status_code=204)

    @router.get("/deliveries")
    @allow(Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR)
    async def deliveries(
        request: Request,
        state: Literal["pending", "sent", "failed", "suppressed"] | None = None,
        subscription: UUID | None = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Response:
        """Deliveries with each of their attempts, newest first."""
        async with api.pool.acquire() as conn:
            rows = await store.select_deliveries(conn, state, subscription, _place(cursor), limit + 1)
            made: dict[UUID, list[dict[str, Any]]] = {row["id"]: [] for row in rows[:limit]}
            for delivery, *attempt in await store.select_attempts(conn, list(made)):
                names = ("number", "started_at", "ended_at", "outcome", "status")
                made[delivery].append(dict(zip(names, attempt, strict=True)))
        page = _page("deliveries", rows, limit, lambda row: {**_about(row), "attempts": made[row["id"]]})
        return tagged(request, page)

    return router


def _page(name: str, rows: Sequence[Record], limit: int, shape: Callable[[Record], dict[str, Any]]) -> dict[str, Any]:
    """A page and the cursor of the next one; `rows` holds one more than the page where there is one."""
    page: dict[str, Any] = {name: [shape(row) for row in rows[:limit]]}
    if len(rows) > limit:
        last = rows[limit - 1]
        page["next"] = write_cursor(last["created_at"].isoformat(), str(last["id"]))
    return page


def _place(cursor: str | None) -> Place:
    if cursor is None:
        return LAST
    at, id = read_cursor(cursor, 2)
    try:
        return _PLACE.validate_python((at, UUID(id)))
    except ValueError:
        raise ProblemError(400, "bad-cursor", "The cursor is not one that this list gave out") from None


def _members(row: Record) -> dict[str, Any]:
    """A row as JSON has it: the driver's ids are no plain UUIDs."""
    return {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}


def _about(row: Record) -> dict[str, Any]:
    """A row with the event it is about as one member and its matter's key under its public name."""
    rest = {
        name: value for name, value in _members(row).items() if name not in ("about_source", "about_id", "matter_key")
    }
    return {**rest, "about": {"source": row["about_source"], "id": row["about_id"]}, "matter": row["matter_key"]}


def _notice(row: Record) -> dict[str, Any]:
    names = ("id", "kind", "role", "created_at", "about", "matter")
    return {name: value for name, value in _about(row).items() if name in names} | {"case": row["case_id"]}


def _told(row: Record, digests: Mapping[UUID, Digest], languages: Sequence[Language]) -> dict[str, Any]:
    """A notice, or a digest with where to read what it gathers."""
    if row["kind"] != DIGEST:
        return {**_notice(row), **texts_of(row, languages)}
    where = f"/v1/people/{quote(row['recipient'], safe='')}/inbox?digest={row['id']}"
    digest = digests.get(row["id"], NONE)
    return {
        "id": str(row["id"]), "kind": DIGEST, "created_at": row["created_at"], "since": row["since"],
        "gathered": digest.gathered, "notices": where, "case": None, "matter": None,
        **texts_of_digest(digest, row["since"], where, languages),
    }  # fmt: skip


def _preferred(header: str) -> Language | None:
    """The language of ours that an Accept-Language header ranks first; None where it names none of them."""
    ranked: list[tuple[float, int, Language]] = []
    for number, part in enumerate(header.split(",")[:20]):
        tag, _, parameter = part.strip().partition(";")
        quality = parameter.strip().removeprefix("q=") or "1"
        code = tag.partition("-")[0].lower()
        for language in LANGUAGES:
            if code == language and quality.replace(".", "", 1).isascii() and quality.replace(".", "", 1).isdigit():
                ranked.append((-float(quality), number, language))
    best = min(ranked, default=None)
    return best[2] if best is not None and best[0] < 0 else None


def _is_secret(secret: str) -> bool:
    try:
        return len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) in SECRET_BYTES
    except binascii.Error:
        return False


def _invalid(pointer: str, detail: str) -> ProblemError:
    return ProblemError(
        422, "invalid-request", "The request is not valid", errors=[{"pointer": pointer, "detail": detail}]
    )
