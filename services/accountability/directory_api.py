"""HTTP of the directory: who held which post when, and what was known of it when; where facts do not fit each other.

Persons are pseudonyms (D19); `names` stands beside them for who may see names.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter, ValidationError

from services.accountability import directory_store, directory_view_store, people_store
from services.accountability.asked import Word
from services.accountability.directory_text import conflict_of, held_text, place_text, post_text
from services.accountability.directory_view_store import Place
from services.accountability.record.readings import note, on_record
from services.accountability.rules.directory_facts import PostKey
from services.accountability.rules.model import ROLES
from shared.clock import Clock
from shared.events.base import Instant
from shared.http import ProblemError, read_cursor, tagged, write_cursor
from shared.identity.guard import allow, caller_of, forbidden
from shared.identity.roles import Role
from shared.postgres import Connection, Pool

OVERSEEING = Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR
READERS = *OVERSEEING, Role.OFFICIAL, Role.ADMIN, Role.SERVICE
MOST_UNKNOWN = 500
When = Annotated[str | None, Query(max_length=40, description="An instant with its offset: 2026-03-10T00:00:00+08:00.")]
_INSTANT = TypeAdapter[datetime](Instant)
_PLACE = TypeAdapter[tuple[str, str, str, Instant, str, str]](tuple[str, str, str, Instant, str, str])


def routes(pool: Pool, clock: Clock) -> APIRouter:
    """The routes under /v1."""
    router = APIRouter(prefix="/v1")

    @router.get("/posts/{id:path}/holders")
    @allow(*READERS)
    async def read_holders(
        id: str, request: Request, at: When = None, known_at: When = None, authority: Word = None
    ) -> Response:
        """Who held a post at an instant, now unless given, by what had been recorded at `known_at`, now unless given;
        and all its holders in order. `id` is unique or comes with its `authority` (409 names those that have it)."""
        asked, known = _instant(at, "at"), _instant(known_at, "known_at")
        async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            post = await _entry(conn, id, authority, "post")
            then = asked or (await clock.moment(conn)).now
            if known is None:
                held = await directory_view_store.holders(conn, post, then)
            else:
                held = await directory_view_store.holders_as_known(conn, post, then, known)
            whole = await directory_view_store.entry(conn, post, known)
            if not whole.holdings and not whole.terms and known is None:
                raise _unknown("post")
            content: dict[str, Any] = {
                "authority": post.authority,
                "post": post.post,
                "at": then.isoformat(),
                "known_at": None if known is None else known.isoformat(),
                "answers": directory_view_store.answering(held),
                "holders": [held_text(each) for each in held],
                "history": [held_text(directory_view_store.Held(h, None)) for h in whole.holdings],
                "established": [post_text(terms) for terms in whole.terms],
                "conflicts": [conflict_of(*c.entry, c.code, c.at, c.ref, c.detail) for c in whole.conflicts],
            }
            persons = [h.person for h in whole.holdings] + [e.leave.deputy for e in held if e.leave is not None]
            content |= await _names(conn, request, persons)
        return tagged(request, content)

    @router.get("/units/{id:path}")
    @allow(*READERS)
    async def read_unit(id: str, request: Request, at: When = None, authority: Word = None) -> Response:
        """Where a unit stood at an instant, now unless given: the units above it, the nearest first; and whom a miss of
        the unit would have named then by the posts."""
        asked = _instant(at, "at")
        async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            unit = await _entry(conn, id, authority, "unit")
            then = asked or (await clock.moment(conn)).now
            whole = await directory_view_store.entry(conn, unit)
            directory = await directory_store.directory_of(conn, {(unit.authority, unit.post)}, (then,))
            if not whole.places and not await directory_view_store.serves(conn, unit):
                raise _unknown("unit")
            now = directory_view_store.place_at(whole.places, then)
            found = {
                role: directory.holder(unit.authority, unit.post, role, then)
                or (None if role == "direct" else directory.holder(unit.authority, None, role, then))
                for role in ROLES
            }
            content: dict[str, Any] = {
                "authority": unit.authority,
                "unit": unit.post,
                "at": then.isoformat(),
                "parent": None if now is None else now.parent,
                "kind": None if now is None else now.kind,
                "exists": now is not None,
                "ancestors": directory.superiors(unit.authority, unit.post, then),
                "answers": {
                    role: None if h is None else held_text(directory_view_store.Held(h, h.leave))
                    for role, h in found.items()
                },
                "history": [place_text(place) for place in whole.places],
            }
            content |= await _names(conn, request, [h.person for h in found.values() if h is not None])
        return tagged(request, content)

    @router.get("/people/{person:path}/posts")
    @allow(*READERS)
    async def read_posts(person: str, request: Request, at: When = None) -> Response:
        """The posts that a person held at an instant; without one all of them, in order. An official asks for their
        own; who is told the person's name is on record."""
        if not caller_of(request).sees_person(person):
            raise forbidden("An official reads their own posts.")
        asked = _instant(at, "at")
        async with on_record(pool) as conn:
            found = await directory_view_store.posts_of(conn, person, asked)
            names = await _names(conn, request, [person])
            if names.get("names"):
                await note(conn, clock, caller_of(request).person, "person", about=person)
        posts = [held_text(directory_view_store.Held(holding, None)) for holding in found]
        return tagged(request, {"person": person, "at": at, "posts": posts, **names})

    @router.get("/directory/conflicts")
    @allow(*OVERSEEING, Role.ADMIN)
    async def list_conflicts(
        request: Request,
        authority: Word = None,
        cursor: Word = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """Facts that do not fit each other, and by which rule it was settled; on the first page also what is named and
        was never set up. Send the fact that corrects the wrong one."""
        after = None if cursor is None else _place(cursor)
        async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            rows = await directory_view_store.conflicts(conn, authority, after, limit + 1)
            named = [] if after else await directory_view_store.unknown(conn, authority, MOST_UNKNOWN)
        content: dict[str, Any] = {
            "conflicts": [
                conflict_of(r["authority"], r["entry"], r["code"], r["at"], (r["source"], r["event_id"]), r["detail"])
                for r in rows[:limit]
            ],
            "unknown": [dict(row) for row in named],
        }
        if len(rows) > limit:
            r = rows[limit - 1]
            content["next"] = write_cursor(
                r["authority"], r["entry"], r["code"], r["at"].isoformat(), r["source"], r["event_id"]
            )
        return tagged(request, content)

    return router


async def _names(conn: Connection, request: Request, persons: Sequence[str | None]) -> dict[str, Any]:
    if caller_of(request).roles.isdisjoint(OVERSEEING):
        return {}
    return {"names": await people_store.names_of(conn, persons)}


async def _entry(conn: Connection, id: str, authority: str | None, what: str) -> PostKey:
    if authority is not None:
        return PostKey(authority, id)
    authorities = await directory_view_store.authorities_of(conn, id)
    if not authorities:
        raise _unknown(what)
    if len(authorities) > 1:
        raise ProblemError(
            409, "ambiguous-entry", f"Several authorities have a {what} of this id", "Say which with `authority`.",
            candidates=authorities,
        )  # fmt: skip
    return PostKey(authorities[0], id)


def _instant(text: str | None, name: str) -> datetime | None:
    try:
        return None if text is None else _INSTANT.validate_python(text.replace(" ", "+"))
    except ValidationError:
        raise ProblemError(
            422, "invalid-request", "The request is not valid",
            errors=[{"pointer": f"/query/{name}", "detail": "is not an instant with its offset"}],
        ) from None  # fmt: skip


def _place(cursor: str) -> Place:
    try:
        return _PLACE.validate_python(tuple(read_cursor(cursor, 6)))
    except ValidationError:
        raise ProblemError(400, "bad-cursor", "The cursor is not one that this list gave out") from None


def _unknown(what: str) -> ProblemError:
    return ProblemError(404, f"no-such-{what}", f"The directory has no {what} of this id")
