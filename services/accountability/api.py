"""HTTP of the accountability service: cases to read, and the one thing that an official can do: answer.

An official sees the cases that name or addressed them, and answers for themselves; `person` is believed as it is
written only where identities are not checked.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from fastapi import APIRouter, Query, Request, Response

from services.accountability import attribution_store, case_store, ledger, people_store, process_reading, store
from services.accountability.asked import Word, id_of, position_of, unknown
from services.accountability.case_text import persons_of, shown, summary
from services.accountability.record import texts
from services.accountability.record.readings import note, on_record
from services.accountability.rules.case import concerns, on_answer, refusal_of_answer
from services.accountability.rules.ladder import NO_RULEBOOK, Rulebook
from services.accountability.stepping import tagged_with
from shared.clock import Clock
from shared.events.base import Instant, Model, PersonId, Text
from shared.http import ProblemError, answer, body_of, read_json, tagged, write_cursor
from shared.identity.guard import allow, caller_of, forbidden
from shared.identity.roles import Role
from shared.postgres import PASSING, Connection, Pool

MOST_BYTES = 65_536
READERS = Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR
log = structlog.get_logger()

Position = tuple[Instant, UUID]


class AnswerText(Model):
    """The first answer to a case."""

    person: PersonId
    text: Text


def routes(pool: Pool, clock: Clock, committed: Callable[[], None], rulebook: Rulebook = NO_RULEBOOK) -> APIRouter:
    """The routes under /v1. By the rulebook a case says what may be done next."""
    router = APIRouter(prefix="/v1")

    @router.get("/cases")
    @allow(*READERS, Role.OFFICIAL)
    async def list_cases(
        request: Request,
        state: Literal["standing", "withdrawn"] | None = None,
        unit: Word = None,
        person: Word = None,
        matter: Word = None,
        authority: Word = None,
        at_last_rung: bool | None = None,
        cursor: Word = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """Cases in order of opening. `person` is one whom the current proposal names; `matter` is an id, with its
        `authority` where several have it (409 names them); `at_last_rung`: standing, unanswered, nobody left to go to.
        """
        if caller_of(request).is_narrow() and not (person and caller_of(request).is_person(person)):
            raise forbidden("An official lists the cases that name them: give their own id as `person`.")
        after = None if cursor is None else position_of(cursor)
        async with on_record(pool) as conn:
            if matter is not None and authority is None:
                await _refuse_ambiguous(conn, matter)
            page = await case_store.page(
                conn, after=after, state=state, unit=unit, person=person, matter=matter, authority=authority,
                at_last_rung=at_last_rung, limit=limit + 1,
            )  # fmt: skip
            await note(conn, clock, caller_of(request).person, "list", [case.key for case in page[:limit]])
        content: dict[str, Any] = {"cases": [summary(case) for case in page[:limit]]}
        if len(page) > limit:
            last = page[limit - 1]
            content["next"] = write_cursor(last.opened_at.isoformat(), str(last.key.case_id))
        return tagged(request, content)

    @router.get("/cases/{id}")
    @allow(*READERS, Role.OFFICIAL)
    async def read_case(id: str, request: Request) -> Response:
        """One case: who is responsible and why, what was decided when, the proceeding with what may be done next, and
        the chain of causes down to the submissions it rests on; `names` are those that the directory has of the persons
        (D19). The entity tag begins with the case's revision."""
        async with on_record(pool) as conn:
            case = await case_store.select(conn, id_of(id))
            caller = caller_of(request)
            if case is None or (caller.is_narrow() and not concerns(case, caller.person)):
                raise unknown()
            (case,) = await attribution_store.complete(conn, [case])
            record = await case_store.record_of(conn, case)
            reader = caller.person if caller.is_narrow() else None
            now = (await clock.moment(conn)).now
            proceeding = await process_reading.told(conn, case, rulebook, now, reader)
            await note(conn, clock, caller.person, "case", [case.key])
            names = await people_store.names_of(conn, persons_of(case, record))
        content = shown(case, record) | {"revision": case.revision, "proceeding": proceeding, "names": names}
        return tagged_with(request, content, case.revision)

    @router.post("/cases/{id}/answers", openapi_extra=body_of(AnswerText), status_code=201)
    @allow(Role.OFFICIAL)
    async def answer_case(id: str, request: Request) -> Response:
        """The first answer, by somebody who is named or was addressed; it stops the case's limits. The same answer
        again is answered alike; 201 the first time, then 200."""
        given, case_id = await read_json(request, AnswerText, MOST_BYTES), id_of(id)
        if not caller_of(request).is_person(given.person):
            raise forbidden("Nobody answers for another: `person` is the caller's own id.")
        try:
            async with pool.acquire(timeout=10) as conn, conn.transaction():
                at, fresh = await _accept(conn, case_id, given)
        except PASSING as error:
            log.warning("answer_not_stored", case=str(case_id), error=type(error).__name__)
            raise ProblemError(
                503, "unavailable", "The answer could not be stored now", "Nothing was stored: send it again."
            ) from error
        committed()
        content = {"case_id": str(case_id), "person": given.person, "answered_at": at.isoformat()}
        return answer(content, 201 if fresh else 200)

    async def _accept(conn: Connection, id: UUID, given: AnswerText) -> tuple[datetime, bool]:
        """When the case was answered with these words, and whether that is now."""
        case = await store.lock_case(conn, id)
        if case is None:
            raise unknown()
        stored = await store.answer_of(conn, case)
        if stored is not None:
            if stored[:2] != (given.person, given.text):
                raise ProblemError(409, "already-answered", "The case has its first answer already")
            return stored[2], False
        match refusal_of_answer(case, given.person):
            case "withdrawn":
                raise ProblemError(409, "case-withdrawn", "The case is withdrawn: there is nothing to answer")
            case "not-concerned":
                raise ProblemError(
                    403, "not-concerned", "Only who is named responsible or was addressed may answer the case"
                )
        now = (await clock.moment(conn)).now
        answered = on_answer(case, given.person, now, rulebook.take_up(case))
        authority, matter, _ = case.key
        words = await texts.keep(
            conn, authority=authority, matter=matter, kind="answer", text=given.text, at=now, case_id=id
        )
        await store.add_answer(conn, case, given.person, words.id, now)
        await ledger.record(conn, [answered.case], [answered])
        return now, True

    return router


async def _refuse_ambiguous(conn: Connection, matter: str) -> None:
    authorities = await case_store.authorities_of(conn, matter)
    if len(authorities) > 1:
        raise ProblemError(
            409, "ambiguous-matter", "Several authorities have a matter of this id",
            "Say which with `authority`.", candidates=authorities,
        )  # fmt: skip
