"""HTTP of what is done on a case's ladder beside answering: acknowledgements, assignments, snoozes. Those whom a case
concerns act, each for themselves."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.accountability import case_store, ladder_store, ledger, store
from services.accountability.asked import id_of, unknown
from services.accountability.publish import STARTS, STOPS
from services.accountability.record import texts
from services.accountability.record.readings import note, on_record
from services.accountability.rules.case import concerns
from services.accountability.rules.identity import clock_of_rung
from services.accountability.rules.ladder import Rulebook
from services.accountability.rules.ladder_steps import LadderStep, Refused, acknowledge, assign, snooze
from services.accountability.rules.model import Case
from services.accountability.step_publish import due, local, published
from services.accountability.stepping import MOST_BYTES, Done, Steps, expect, tagged_with
from shared.clock import Clock
from shared.events.accountability import CaseEvent, CaseWentLive
from shared.events.base import Model, PersonId, Span, Text
from shared.events.limits import LimitTerms, PauseTerms
from shared.events.oversight import CaseAcknowledged, CaseAssigned, CaseSnoozed
from shared.http import ProblemError, body_of, read_json
from shared.identity.guard import allow, caller_of
from shared.identity.roles import Role
from shared.postgres import Connection, Pool

READERS = Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR
SNOOZE = PauseTerms(ground="snooze")


class AcknowledgementText(Model):
    """Received and read."""

    by: PersonId | None = None


class AssignmentText(Model):
    """Who must answer."""

    by: PersonId | None = None
    assignee: PersonId


class SnoozeText(Model):
    """How long the rungs wait, and why."""

    by: PersonId | None = None
    amount: Span
    reason: Text


Given = AcknowledgementText | AssignmentText | SnoozeText
Take = Callable[[Connection, Case, str, Any, datetime], Awaitable[Done]]


def routes(pool: Pool, clock: Clock, rulebook: Rulebook, committed: Callable[[], None]) -> APIRouter:
    """The routes under /v1."""
    router = APIRouter(prefix="/v1")
    steps = Steps(pool, clock, committed)

    @router.get("/cases/{id}/ladder")
    @allow(*READERS, Role.OFFICIAL)
    async def read_ladder(id: str, request: Request) -> Response:
        """The rungs of a case, those that have fired, and what was done on the ladder; with the reasons given."""
        async with on_record(pool) as conn:
            case = await case_store.select(conn, id_of(id))
            _shown_to(request, case)
            assert case is not None  # noqa: S101 - _shown_to has asked
            taken = await ladder_store.steps(conn, case.key)
            words = await texts.read(conn, [reason for _, reason in taken if reason is not None])
            await note(conn, clock, caller_of(request).person, "case", [case.key])
        content = {
            "case_id": str(case.key.case_id),
            "ladder": [{"rung": s.rung, "role": s.role, "after": s.after} for s in case.ladder],
            "fired": list(case.fired),
            "steps": [
                {
                    "n": step.n, "standing_no": step.standing_no, "kind": step.kind, "by": step.by,
                    "at": step.at.isoformat(), "assignee": step.assignee, "amount": step.amount,
                    "reason": None if reason is None else words.get(reason),
                }
                for step, reason in taken
            ],
        }  # fmt: skip
        return tagged_with(request, content, case.revision)

    @router.post("/cases/{id}/acknowledgements", openapi_extra=body_of(AcknowledgementText), status_code=201)
    @allow(Role.OFFICIAL)
    async def acknowledge_case(id: str, request: Request) -> Response:
        """The case was received and read. The first time 201; who has said so before is answered 200, and nothing
        changes. It stops the ladder only where the rulebook says so."""

        async def take(conn: Connection, case: Case, by: str, given: AcknowledgementText, now: datetime) -> Done:
            taken = [step for step, _ in await ladder_store.steps(conn, case.key)]
            for step in taken:
                if (step.kind, step.by, step.standing_no) == ("acknowledged", by, case.standing_no):
                    return Done(_told(case, step), 200, case.revision)
            after = _unless_refused(acknowledge(case, by))
            edition = rulebook.of(case)
            stops = edition is not None and edition.acknowledgement_stops and case.answered_at is None
            limits = _rungs(case, (CaseAcknowledged.TYPE,)) if stops else ()
            step = LadderStep(after.revision, case.standing_no, "acknowledged", by, now)
            event = CaseAcknowledged(**_common(after, step), acknowledged_by=by, limits=limits)
            return await _keep(conn, after, step, event)

        return await _take(id, request, AcknowledgementText, take, seen=False)

    @router.post("/cases/{id}/assignments", openapi_extra=body_of(AssignmentText), status_code=201)
    @allow(Role.OFFICIAL)
    async def assign_case(id: str, request: Request) -> Response:
        """Whoever the case was addressed to says who must answer it. The ladder goes on."""

        async def take(conn: Connection, case: Case, by: str, given: AssignmentText, now: datetime) -> Done:
            after = _unless_refused(assign(case, by, given.assignee))
            step = LadderStep(after.revision, case.standing_no, "assigned", by, now, assignee=given.assignee)
            event = CaseAssigned(
                **_common(after, step), assigned_by=by, assignee=given.assignee, unit=case.unit, item=case.item,
                due=due(case.due),
            )  # fmt: skip
            return await _keep(conn, after, step, event)

        return await _take(id, request, AssignmentText, take)

    @router.post("/cases/{id}/snoozes", openapi_extra=body_of(SnoozeText), status_code=201)
    @allow(Role.OFFICIAL)
    async def snooze_case(id: str, request: Request) -> Response:
        """The rungs that have not fired are put off, within the limits of the rulebook."""

        async def take(conn: Connection, case: Case, by: str, given: SnoozeText, now: datetime) -> Done:
            before = tuple(s for s, _ in await ladder_store.steps(conn, case.key) if s.standing_no == case.standing_no)
            edition = rulebook.of(case)
            after = _unless_refused(snooze(case, by, given.amount, before, edition))
            kept = await texts.keep(
                conn, authority=case.key.authority, matter=case.key.matter, case_id=case.key.case_id, kind="snooze",
                text=given.reason, at=now,
            )  # fmt: skip
            step = LadderStep(after.revision, case.standing_no, "snoozed", by, now, amount=given.amount)
            stops = (CaseAcknowledged.TYPE,) if edition is not None and edition.acknowledgement_stops else ()
            event = CaseSnoozed(
                **_common(after, step), snoozed_by=by, expected=given.amount, reason=kept.sha256,
                n=1 + sum(each.kind == "snoozed" for each in before), limits=_rungs(case, stops, (SNOOZE,)),
            )  # fmt: skip
            return await _keep(conn, after, step, event, kept.id)

        return await _take(id, request, SnoozeText, take)

    async def _take(id: str, request: Request, form: type[Given], take: Take, *, seen: bool = True) -> Response:
        given = await read_json(request, form, MOST_BYTES)

        async def do(conn: Connection, by: str, now: datetime) -> Done:
            case = await store.lock_case(conn, id_of(id))
            _shown_to(request, case)
            assert case is not None  # noqa: S101 - _shown_to has asked
            if seen:
                expect(request, case.revision)
            return await take(conn, case, by, given, now)

        return await steps.take(request, given, given.by, do)

    return router


async def _keep(conn: Connection, case: Case, step: LadderStep, event: CaseEvent, reason: UUID | None = None) -> Done:
    await ladder_store.add(conn, case.key, step, reason)
    await ledger.append(conn, [case], [published(event, case.key, case.revision, step.at, None)])
    return Done(_told(case, step), 201, case.revision)


def _rungs(case: Case, stops: tuple[str, ...], pauses: tuple[PauseTerms, ...] = ()) -> tuple[LimitTerms, ...]:
    """The limits of the rungs as they were stamped, and what else may stop or pause them."""
    return tuple(
        LimitTerms(
            clock=clock_of_rung(step.rung), amount=step.after, zone=case.zone, calendar=case.calendar,
            starts_on=(*STARTS, CaseWentLive.TYPE), stops_on=(*STOPS, *stops), pauses=pauses,
            source=f"rulebook {case.rulebook}, ladder, rung {step.rung}",
        )
        for step in case.ladder
        if step.after is not None
    )  # fmt: skip


def _common(case: Case, step: LadderStep) -> dict[str, Any]:
    return {
        "case_id": str(case.key.case_id), "authority": case.key.authority, "matter": case.key.matter,
        "occurred_at": local(step.at, case.zone), "origin": case.origin,
    }  # fmt: skip


def _told(case: Case, step: LadderStep) -> dict[str, Any]:
    return {
        "case_id": str(case.key.case_id), "kind": step.kind, "by": step.by, "at": step.at.isoformat(),
        "assignee": step.assignee, "amount": step.amount, "revision": step.n,
    }  # fmt: skip


def _unless_refused(decided: Case | Refused) -> Case:
    if isinstance(decided, Refused):
        raise ProblemError(403 if decided.person else 409, decided.code, decided.why)
    return decided


def _shown_to(request: Request, case: Case | None) -> None:
    caller = caller_of(request)
    if case is None or (caller.is_narrow() and caller.is_checked and not concerns(case, caller.person)):
        raise unknown()
