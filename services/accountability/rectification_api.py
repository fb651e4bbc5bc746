"""HTTP of rectification 整改: ordered and judged by those who oversee, reported by those who must rectify."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from services.accountability import evidence_store, rectification_store, rectify, store
from services.accountability.asked import Word, id_of, position_of, unknown
from services.accountability.record import texts
from services.accountability.record.readings import note, on_record
from services.accountability.rectification_text import shown, summary
from services.accountability.rectify import Order
from services.accountability.rules.ladder import Rulebook
from services.accountability.rules.model import Case
from services.accountability.rules.rectification import Rectification, Refused
from services.accountability.stepping import MOST_BYTES, Done, Steps, expect, tagged_with
from shared.clock import Clock
from shared.events.base import Model, Name, PersonId, Span, Text
from shared.http import ProblemError, body_of, read_json, tagged, write_cursor
from shared.identity.guard import allow, caller_of, forbidden
from shared.identity.roles import Role
from shared.postgres import Connection, Pool

READERS = Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR
OVERSEERS = Role.OFFICE, Role.SUPERVISOR
_OF_PERSON = frozenset({"not-concerned", "same-person", "named"})
_OF_CONTENT = frozenset({"limit-too-long", "evidence-missing"})


class OrderText(Model):
    """What is to be put right, by which unit, and whom by name. Without `within` the rulebook's limit."""

    by: PersonId | None = None
    unit: Name
    person: PersonId | None = None
    demand: Text
    within: Span | None = None


class OrderAloneText(OrderText):
    """The same for a matter, without a case."""

    authority: Name
    matter: Name


class ReportText(Model):
    """That it is done, with the ids of what shows it."""

    by: PersonId | None = None
    report: Text
    evidence: tuple[UUID, ...] = Field(default=(), max_length=50, strict=False)


class FindingText(Model):
    """What another person has seen."""

    by: PersonId | None = None
    finding: Text


class RejectionText(Model):
    """Why it is sent back, and the limit of the next round."""

    by: PersonId | None = None
    reason: Text
    within: Span | None = None


def routes(pool: Pool, clock: Clock, rulebook: Rulebook, committed: Callable[[], None]) -> APIRouter:
    """The routes under /v1."""
    router = APIRouter(prefix="/v1")
    steps = Steps(pool, clock, committed)

    @router.post("/cases/{id}/rectifications", openapi_extra=body_of(OrderText), status_code=201)
    @allow(*OVERSEERS)
    async def order_for_case(id: str, request: Request) -> Response:
        """Order a rectification for a case. `If-Match` names the revision of the case that was seen."""
        given = await read_json(request, OrderText, MOST_BYTES)

        async def take(conn: Connection, by: str, now: datetime) -> Done:
            case = await store.lock_case(conn, id_of(id, "rectification"))
            if case is None:
                raise ProblemError(404, "no-such-case", "There is no case of this id")
            expect(request, case.revision)
            key = case.key
            asked = Order(key.authority, key.matter, case, given.unit, given.person, given.demand, given.within)
            return await _ordered(conn, asked, by, now)

        return await steps.take(request, given, given.by, take)

    @router.post("/rectifications", openapi_extra=body_of(OrderAloneText), status_code=201)
    @allow(*OVERSEERS)
    async def order_alone(request: Request) -> Response:
        """Order a rectification for a matter that has no case."""
        given = await read_json(request, OrderAloneText, MOST_BYTES)

        async def take(conn: Connection, by: str, now: datetime) -> Done:
            asked = Order(
                given.authority, given.matter, None, given.unit, given.person, given.demand, given.within
            )  # fmt: skip
            return await _ordered(conn, asked, by, now)

        return await steps.take(request, given, given.by, take)

    async def _ordered(conn: Connection, asked: Order, by: str, now: datetime) -> Done:
        ordered = await rectify.order(conn, asked, rulebook, by, now)
        if isinstance(ordered, Refused):
            raise _problem(ordered)
        return Done(summary(ordered[0]), 201, ordered[0].revision)

    @router.post("/rectifications/{id}/reports", openapi_extra=body_of(ReportText), status_code=201)
    @allow(Role.OFFICIAL)
    async def report(id: str, request: Request) -> Response:
        """Who must rectify says that it is done, and names the evidence that was handed in before."""
        given = await read_json(request, ReportText, MOST_BYTES)

        async def take(conn: Connection, by: str, now: datetime) -> Done:
            held, case = await _locked(conn, request, id)
            await _must(conn, held, by, now)
            there = {piece.id: piece for piece in await evidence_store.of(conn, held.id)}
            if missing := sorted(str(each) for each in given.evidence if each not in there):
                raise ProblemError(422, "no-such-evidence", "This was not handed in for it", missing=missing)
            pieces = [there[each] for each in dict.fromkeys(given.evidence)]
            return _done(await rectify.report(conn, held, case, by, given.report, pieces, rulebook, now))

        return await steps.take(request, given, given.by, take)

    @router.post("/rectifications/{id}/verifications", openapi_extra=body_of(FindingText), status_code=201)
    @allow(*OVERSEERS)
    async def verify(id: str, request: Request) -> Response:
        """Somebody other than who reported has seen that it is done (I20)."""
        given = await read_json(request, FindingText, MOST_BYTES)

        async def take(conn: Connection, by: str, now: datetime) -> Done:
            held, case = await _locked(conn, request, id)
            return _done(await rectify.verify(conn, held, case, by, given.finding, now))

        return await steps.take(request, given, given.by, take)

    @router.post("/rectifications/{id}/rejections", openapi_extra=body_of(RejectionText), status_code=201)
    @allow(*OVERSEERS)
    async def reject(id: str, request: Request) -> Response:
        """Sent back: the next round begins, with a limit of its own."""
        given = await read_json(request, RejectionText, MOST_BYTES)

        async def take(conn: Connection, by: str, now: datetime) -> Done:
            held, case = await _locked(conn, request, id)
            return _done(await rectify.reject(conn, held, case, by, given.reason, given.within, rulebook, now))

        return await steps.take(request, given, given.by, take)

    @router.get("/rectifications")
    @allow(*READERS, Role.OFFICIAL)
    async def list_rectifications(
        request: Request,
        case: UUID | None = None,
        unit: Word = None,
        person: Word = None,
        state: Literal["issued", "overdue", "reported", "verified"] | None = None,
        cursor: Word = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """In order of their orders. `overdue`: the limit of the round has passed without a report."""
        if caller_of(request).is_narrow() and not (person and caller_of(request).is_person(person)):
            raise forbidden("An official lists what names them: give their own id as `person`.")
        after = None if cursor is None else position_of(cursor)
        async with on_record(pool) as conn:
            page = await rectification_store.page(
                conn, after=after, case=case, unit=unit, person=person, state=state, limit=limit + 1
            )
            await note(conn, clock, caller_of(request).person, "list", [each.key for each in page[:limit]])
        content: dict[str, Any] = {"rectifications": [summary(each) for each in page[:limit]]}
        if len(page) > limit:
            content["next"] = write_cursor(page[limit - 1].ordered_at.isoformat(), str(page[limit - 1].id))
        return tagged(request, content)

    @router.get("/rectifications/{id}")
    @allow(*READERS, Role.OFFICIAL)
    async def read_rectification(id: str, request: Request) -> Response:
        """One, with every step, what was written at it, and the evidence."""
        async with on_record(pool) as conn:
            held = await rectification_store.select(conn, id_of(id, "rectification"))
            if held is None or not await rectify.may_see(conn, request, held, (await clock.moment(conn)).now):
                raise unknown("rectification")
            taken = await rectification_store.steps(conn, held.id)
            words = await texts.read(conn, [row["words"] for row in taken if row["words"] is not None])
            pieces = await evidence_store.of(conn, held.id)
            await note(conn, clock, caller_of(request).person, "case", [held.key])
        return tagged_with(request, shown(held, taken, words, pieces), held.revision)

    return router


async def _locked(conn: Connection, request: Request, id: str) -> tuple[Rectification, Case | None]:
    """With its case, which is locked first; as the caller has seen it."""
    found = await rectification_store.select(conn, id_of(id, "rectification"))
    if found is None:
        raise unknown("rectification")
    case = None if found.case_id is None else await store.lock_case(conn, found.case_id)
    held = (await rectification_store.lock(conn, [found.id]))[found.id]
    expect(request, held.revision)
    if case is not None and case.state == "withdrawn":
        raise ProblemError(409, "case-withdrawn", "The case is withdrawn: nothing is to be rectified for it")
    return held, case


async def _must(conn: Connection, held: Rectification, by: str, now: datetime) -> None:
    if held.person is None and not rectify.concerned(
        held, await rectify.holders(conn, held.authority, held.unit, now), by
    ):
        raise ProblemError(403, "not-concerned", "Who holds a post of the unit that must rectify reports")


def _done(after: Rectification | Refused) -> Done:
    if isinstance(after, Refused):
        raise _problem(after)
    return Done(summary(after), 201, after.revision)


def _problem(refused: Refused) -> ProblemError:
    status = 403 if refused.code in _OF_PERSON else 422 if refused.code in _OF_CONTENT else 409
    return ProblemError(status, refused.code, refused.why)
