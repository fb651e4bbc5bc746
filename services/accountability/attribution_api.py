"""HTTP of attribution: a person confirms who is responsible, and decides on what is proposed to change since (R25).

The system proposes: nobody is found responsible until somebody has said so who is not named themselves.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, assert_never

from fastapi import APIRouter, Query, Request, Response

from services.accountability import attribution_store, ledger, store
from services.accountability.asked import Word, id_of, position_of, unknown
from services.accountability.attribution_publish import published as told_by_people
from services.accountability.case_row import named_text
from services.accountability.case_text import summary
from services.accountability.publish import published
from services.accountability.record.readings import note, on_record
from services.accountability.rules.case import accepted
from services.accountability.rules.model import Case
from services.accountability.rules.review import (
    AttributionConfirmed,
    Refusal,
    RevisionDecided,
    beside,
    confirm,
    decide,
)
from services.accountability.stepping import MOST_BYTES, Done, Steps, expect
from shared.clock import Clock
from shared.events.base import Model, PersonId
from shared.http import ProblemError, body_of, read_json, tagged, write_cursor
from shared.identity.guard import allow, caller_of
from shared.identity.roles import Role
from shared.postgres import Connection, Pool

READERS = Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR


class Confirmation(Model):
    """`by` is needed only where identities are not checked."""

    by: PersonId | None = None


class RevisionDecision(Model):
    """Whether the proposed revision is accepted."""

    accept: bool
    by: PersonId | None = None


Decide = Callable[[Connection, Case, str, datetime], Awaitable[Done]]


def routes(pool: Pool, clock: Clock, committed: Callable[[], None]) -> APIRouter:
    """The routes under /v1."""
    router = APIRouter(prefix="/v1")
    steps = Steps(pool, clock, committed)

    @router.post("/cases/{id}/attributions/{n}/confirmations", openapi_extra=body_of(Confirmation), status_code=201)
    @allow(Role.OFFICE)
    async def confirm_attribution(id: str, n: int, request: Request) -> Response:
        """The efficiency office confirms the attribution that stands. `If-Match` names the case's revision. What is
        learned afterwards no longer changes it by itself: it is proposed."""
        given = await read_json(request, Confirmation, MOST_BYTES)

        async def do(conn: Connection, case: Case, person: str, now: datetime) -> Done:
            done = confirm(case, n, person, now)
            if not isinstance(done, AttributionConfirmed):
                raise _refused(done)
            await ledger.append(conn, [done.case], [told_by_people(done)])
            await attribution_store.note(conn, done.case, person, now)
            return Done({"case_id": id, "n": n, "confirmed_by": person}, 201, done.case.revision)

        return await _take(request, id, given, do)

    @router.post("/cases/{id}/revisions/{no}/decisions", openapi_extra=body_of(RevisionDecision), status_code=201)
    @allow(Role.OFFICE)
    async def decide_revision(id: str, no: int, request: Request) -> Response:
        """The efficiency office accepts or rejects the revision that waits. An accepted one is confirmed by that."""
        given = await read_json(request, RevisionDecision, MOST_BYTES)

        async def do(conn: Connection, case: Case, person: str, now: datetime) -> Done:
            kept = beside(case)
            done = decide(case, no, person, now, accept=given.accept)
            if not isinstance(done, RevisionDecided):
                raise _refused(done)
            pairs, after = [told_by_people(done)], done.case
            if given.accept and kept.proposed is not None and kept.reason is not None:
                cause = await attribution_store.cause_of(conn, case, no)
                revised = accepted(done.case, kept.proposed, cause, kept.reason, now)
                pairs.append(published(revised))
                after = revised.case
            await ledger.append(conn, [after], pairs)
            if given.accept:
                await attribution_store.note(conn, after, person, now)
            content = {"case_id": id, "no": no, "accepted": given.accept, "decided_by": person}
            return Done(content, 201, after.revision)

        return await _take(request, id, given, do)

    async def _take(request: Request, id: str, given: Confirmation | RevisionDecision, do: Decide) -> Response:
        key = id_of(id)

        async def take(conn: Connection, person: str, now: datetime) -> Done:
            found = await store.lock_case(conn, key)
            if found is None:
                raise unknown()
            (case,) = await attribution_store.complete(conn, [found])
            expect(request, case.revision)
            return await do(conn, case, person, now)

        return await steps.take(request, given, given.by, take)

    @router.get("/revisions")
    @allow(*READERS)
    async def list_revisions(
        request: Request, cursor: Word = None, limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> Response:
        """The revisions that wait for a decision: what was confirmed, and what is known since."""
        after = None if cursor is None else position_of(cursor)
        async with on_record(pool) as conn:
            page = await attribution_store.waiting(conn, after, limit + 1)
            await note(conn, clock, caller_of(request).person, "list", [case.key for case in page[:limit]])
        content: dict[str, Any] = {"revisions": [_waiting(case) for case in page[:limit]]}
        if len(page) > limit:
            last = page[limit - 1]
            content["next"] = write_cursor(last.opened_at.isoformat(), str(last.key.case_id))
        return tagged(request, content)

    return router


def _waiting(case: Case) -> dict[str, Any]:
    kept = beside(case)
    return {
        **summary(case), "no": kept.revisions, "reason": kept.reason, "revision": case.revision,
        "responsible": [named_text(r) for r in case.proposal],
        "proposed": [named_text(r) for r in kept.proposed or ()],
    }  # fmt: skip


def _refused(why: Refusal) -> ProblemError:
    match why:
        case "withdrawn":
            return ProblemError(409, "case-withdrawn", "The case is withdrawn: nobody is responsible by it")
        case "named":
            return ProblemError(
                403, "named-in-the-case", "Nobody confirms a finding about themselves", rule="R25",
                missing=["a person whom the proposal does not name"],
            )  # fmt: skip
        case "not-the-last":
            return ProblemError(409, "not-the-last-attribution", "Another attribution stands", "Read the case again.")
        case "confirmed-before":
            return ProblemError(409, "confirmed-before", "This attribution is confirmed already")
        case "no-such-revision":
            return ProblemError(404, "no-such-revision", "No revision of this number waits for a decision")
    assert_never(why)
