"""HTTP of due process: one route for those who run a case, one for those whom it is about. Each step names the revision
of the case that was seen (`If-Match`), may be sent again under an `Idempotency-Key`, and is refused with the rule that
forbids it and what is missing."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from services.accountability import process, store
from services.accountability.asked import id_of, unknown
from services.accountability.process_forms import FORMS, PLEAS, StepForm
from services.accountability.rules.case import concerns
from services.accountability.rules.ladder import Rulebook
from services.accountability.rules.process_model import Accepted, Forbidden, Step
from services.accountability.stepping import MOST_BYTES, Done, Steps, expect
from shared.clock import Clock
from shared.http import ProblemError, read_json
from shared.identity.guard import allow, caller_of
from shared.identity.roles import Role
from shared.postgres import Connection, Pool

_OF_PERSON = frozenset({"not-recused", "not-named", "is-a-party", "two-people", "one-vote-each"})
_OF_CONTENT = frozenset(
    {"dates-in-order", "written", "held-the-role", "recommends-only", "exemption-ground", "fit-to-act"}
)


def routes(pool: Pool, clock: Clock, rulebook: Rulebook, committed: Callable[[], None]) -> APIRouter:
    """The routes under /v1."""
    router = APIRouter(prefix="/v1")
    steps = Steps(pool, clock, committed)

    @router.post("/cases/{id}/steps/{step}", openapi_extra=_bodies(FORMS), status_code=201)
    @allow(Role.OFFICE, Role.SUPERVISOR)
    async def take_step(id: str, step: str, request: Request) -> Response:
        """A step of the efficiency office 效能办. 201: it was taken. 202: it is a sensitive one and waits for a second
        person to send the same."""
        return await _take(id, step, FORMS, request)

    @router.post("/cases/{id}/pleas/{step}", openapi_extra=_bodies(PLEAS), status_code=201)
    @allow(Role.OFFICIAL)
    async def plead(id: str, step: str, request: Request) -> Response:
        """A defence 申辩, a request for review 复核 or an appeal 申诉 of somebody who was given notice."""
        return await _take(id, step, PLEAS, request)

    async def _take(id: str, name: str, forms: Mapping[Step, type[StepForm]], request: Request) -> Response:
        step = next((known for known in forms if known == name), None)
        if step is None:
            raise ProblemError(404, "no-such-step", "There is no such step", steps=sorted(forms))
        given = await read_json(request, forms[step], MOST_BYTES)

        async def take(conn: Connection, by: str, now: datetime) -> Done:
            case = await store.lock_case(conn, id_of(id))
            caller = caller_of(request)
            if case is None or (caller.is_narrow() and caller.is_checked and not concerns(case, by)):
                raise unknown()
            expect(request, case.revision)
            command = given.command(step, by, now)
            return _told(await process.take(conn, case, command, given.written(), rulebook, now))

        return await steps.take(request, given, given.by, take)

    return router


def _told(decided: Accepted | Forbidden) -> Done:
    if isinstance(decided, Forbidden):
        status = 403 if decided.guard in _OF_PERSON else 422 if decided.guard in _OF_CONTENT else 409
        raise ProblemError(
            status, decided.guard, decided.why, rule=decided.rule,
            missing=list(decided.missing),
        )  # fmt: skip
    last = decided.done[-1]
    content = {
        "case_id": str(last.case.key.case_id),
        "state": last.proceeding.state,
        "proposed": decided.proposed,
        "happened": [each.kind for each in decided.done],
        "by": list(last.by),
        "at": last.at.isoformat(),
        "revision": last.case.revision,
        "rulebook": last.proceeding.rulebook,
    }
    return Done(content, 202 if decided.proposed else 201, last.case.revision)


def _bodies(forms: Mapping[Step, type[StepForm]]) -> dict[str, Any]:
    schemas = {model.__name__: model.model_json_schema() for model in forms.values()}
    content = {"application/json": {"schema": {"anyOf": list(schemas.values())}}}
    return {"requestBody": {"required": True, "content": content}}
