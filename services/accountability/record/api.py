"""HTTP of the record: its state, its export, who has read a case, legal holds, the erasure of texts by two people."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from services.accountability.asked import position_of
from services.accountability.record import acts, readings, store
from services.accountability.record.export import exported
from services.accountability.rules.model import CaseKey
from services.accountability.rules.retention import Ground
from shared.clock import Clock
from shared.events.base import Instant, Model, Name, PersonId
from shared.http import ProblemError, answer, body_of, read_json, write_cursor
from shared.identity.guard import allow, caller_of, forbidden
from shared.identity.roles import Role
from shared.postgres import Connection, Pool

MOST_BYTES = 65_536
READERS = Role.SUPERVISOR, Role.AUDITOR
Basis = Annotated[str, Field(min_length=3, max_length=400, pattern=r"^[^\x00]+$")]
Position = tuple[Instant, UUID]
Select = Callable[[Connection, UUID], Awaitable[CaseKey | None]]


class HoldOrder(Model):
    """A matter's texts may not be erased, or may again. `by` is believed only where identities are not checked."""

    act: Literal["hold", "release"]
    authority: Name
    matter: Name
    legal_basis: Basis
    by: PersonId


class ErasureOrder(Model):
    """Texts of one matter to erase: who says so first proposes it, another who says the same does it."""

    texts: Annotated[tuple[Name, ...], Field(min_length=1, max_length=100)]
    legal_basis: Basis
    ground: Ground | None = None
    by: PersonId


def routes(pool: Pool, clock: Clock, *, select: Select, retention_years: int) -> APIRouter:
    """The routes under /v1. `select` finds a case's key."""
    router = APIRouter(prefix="/v1")

    @router.get("/record")
    @allow(*READERS, Role.OFFICE, Role.ADMIN)
    async def read_record() -> Response:
        """How far the record is sealed and signed, and by which keys. Nobody is named in it."""
        async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            state, keys = await store.state(conn), await store.keys(conn)
        return answer(
            {
                "sealed_rows": state["rows"],
                "reached_at": state["reached_at"].isoformat(),
                "last_head": None if state["n"] is None else {"n": state["n"], "hash": state["hash"].hex()},
                "keys": keys,
            }
        )

    @router.get("/record/export")
    @allow(*READERS)
    async def export_record(request: Request, texts: bool = True, all_heads: bool = False) -> Response:
        """The whole record as JSON lines, from one snapshot, for `duban verify`. Without `texts` the words of texts are
        left out. Heads are those of about a day, and the last of each day before, unless `all_heads`."""
        async with readings.on_record(pool) as conn:
            await readings.note(conn, clock, caller_of(request).person, "export", ())

        async def lines() -> AsyncIterator[bytes]:
            async for page in exported(pool, clock, texts=texts, all_heads=all_heads):
                yield page

        return StreamingResponse(lines(), media_type="application/jsonl")

    @router.get("/cases/{id}/readings")
    @allow(*READERS)
    async def read_readings(
        id: str,
        request: Request,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """Who was shown a case, the last first; asking is on record, too."""
        async with readings.on_record(pool) as conn:
            case = await select(conn, _id(id))
            if case is None:
                raise _unknown()
            page = await store.readings_of(
                conn, case.case_id, None if cursor is None else position_of(cursor), limit + 1
            )
            await readings.note(conn, clock, caller_of(request).person, "readings", [case])
        content: dict[str, Any] = {
            "readings": [
                {name: row[name] for name in ("person", "what", "about") if row[name] is not None}
                | {"read_at": row["read_at"].isoformat()}
                for row in page[:limit]
            ]
        }
        if len(page) > limit:
            content["next"] = write_cursor(page[limit - 1]["read_at"].isoformat(), str(page[limit - 1]["reading_id"]))
        return answer(content)

    @router.post("/record/holds", openapi_extra=body_of(HoldOrder), status_code=201)
    @allow(Role.SUPERVISOR)
    async def hold(request: Request) -> Response:
        """Hold the texts of a matter for a court or an inquiry, or release them. 200 where it is so already."""
        given = await read_json(request, HoldOrder, MOST_BYTES)
        _refuse_another(request, given.by)
        fresh = await acts.hold(pool, clock, given.authority, given.matter, given.act, given.by, given.legal_basis)
        return answer({"authority": given.authority, "matter": given.matter, "act": given.act}, 201 if fresh else 200)

    @router.post("/record/erasures", openapi_extra=body_of(ErasureOrder), status_code=202)
    @allow(Role.OFFICE, Role.SUPERVISOR)
    async def erase(request: Request) -> Response:
        """202: proposed, nothing is erased; 200: another person had proposed the same, the texts are erased. 409 under
        a legal hold or before their time without a ground."""
        given = await read_json(request, ErasureOrder, MOST_BYTES)
        _refuse_another(request, given.by)
        done = await acts.erase(
            pool, clock, [_id(text) for text in given.texts], given.by, given.legal_basis, given.ground, retention_years
        )
        return answer(done, 200 if done["erased"] else 202)

    return router


def _refuse_another(request: Request, by: str) -> None:
    if not caller_of(request).is_person(by):
        raise forbidden("Nobody acts for another: `by` is the caller's own id.")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _unknown() from None


def _unknown() -> ProblemError:
    return ProblemError(404, "no-such-id", "There is no case or text of this id")
