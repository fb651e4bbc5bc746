"""HTTP of the deadline service: deadlines, what each rests on, and what-if calculations. Reads only."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import StringConstraints, TypeAdapter, ValidationError

from services.deadline import fact_store, in_force, store
from services.deadline.calculation import Calculation, calculated, texts_of
from services.deadline.calendars import UnknownCalendar
from services.deadline.in_force import CalendarOf
from services.deadline.reading import fact_of
from services.deadline.rules.clock import Clock as FoldedClock
from services.deadline.rules.errors import DeadlineError
from services.deadline.rules.fold import fold
from services.deadline.rules.statement import fact_text, holding_text
from services.deadline.rules.stored import Stored
from services.deadline.rules.whatif import explained
from services.deadline.store import Key
from services.deadline.watermark_store import feeds
from shared.clock import Clock
from shared.events.base import PLAIN, Instant, Name, aggregate_key
from shared.http import ProblemError, answer, body_of, read_cursor, read_json, tagged, write_cursor
from shared.identity.guard import allow, caller_of
from shared.identity.roles import Principal, Role
from shared.postgres import Connection, Pool

STATES = Literal["not_started", "running", "paused", "warned", "met", "missed", "missed_done", "void"]
Plain = Annotated[str, StringConstraints(max_length=1000, pattern=PLAIN)]
Position = tuple[Instant, Plain, Plain, Plain, Plain]
_POSITION: TypeAdapter[Position] = TypeAdapter(Position)


MOST_BYTES = 65_536
READERS = Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR, Role.SERVICE
OF_THEIR_AUTHORITIES = Role.PUBLISHER, Role.CLERK, Role.OFFICIAL
SEE_HIDDEN = frozenset({Role.OFFICE, Role.SUPERVISOR})


def routes(pool: Pool, clock: Clock) -> APIRouter:
    """The routes under /v1."""
    router = APIRouter(prefix="/v1")

    @router.get("/deadlines")
    @allow(*READERS)
    async def list_deadlines(
        request: Request,
        state: STATES | None = None,
        unit: Name | None = None,
        due_before: Instant | None = None,
        unconfirmed: bool = False,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """Clocks with a due, earliest first. `due_before` is an instant with its offset; `unconfirmed`: only those that
        are late, but of which nobody is named while their source is silent (D8)."""
        after = _position(cursor) if cursor else None
        shown: list[tuple[Key, Stored]] = []
        async with pool.acquire() as conn:
            while len(shown) <= limit:
                page = await store.page_of_deadlines(
                    conn,
                    state=state,
                    unit=unit,
                    due_before=due_before,
                    unconfirmed=unconfirmed,
                    after=after,
                    limit=limit + 1,
                )
                unseen = await unseen_by(conn, caller_of(request), {key for key, _ in page})
                shown += [(key, row) for key, row in page if key not in unseen]
                if len(page) <= limit:
                    break
                after = _place(*page[-1])
        content: dict[str, Any] = {"deadlines": [_told(key, row) for key, row in shown[:limit]]}
        if len(shown) > limit:
            at, *place = _place(*shown[limit - 1])
            content["next"] = write_cursor(at.isoformat(), *place)
        return tagged(request, content)

    @router.get("/matters/{id:path}/deadlines/{name}/explanation")
    @allow(*READERS, *OF_THEIR_AUTHORITIES)
    async def explain(id: Plain, name: Plain, request: Request, subject: Plain = "") -> Response:
        """Why a clock is due when it is: for machines, and in words in English and 简体中文."""
        async with pool.acquire() as conn, conn.transaction():
            key = await key_of(conn, id, caller_of(request))
            rows = (await fact_store.select_facts(conn, [(key, None)])).get((key, None), [])
            moment = await clock.moment(conn)
            calendar_of = in_force.lookup(await in_force.peek(conn))
            heard = (await feeds(conn, {key[0]})).of(key)
        folded = fold([fact_of(row) for row in rows], calendar_of, moment.now, moment.confirmed, heard)
        found = next((c for c in folded.clocks if (c.name, c.subject) == (name, subject)), None)
        if found is None:
            raise ProblemError(404, "no-such-clock", "The matter has no clock of that name")
        return tagged(request, {"matter": aggregate_key(*key), **_explained(found, calendar_of)})

    @router.get("/matters/{id:path}/deadlines")
    @allow(*READERS, *OF_THEIR_AUTHORITIES)
    async def deadlines_of(id: Plain, request: Request) -> Response:
        """All clocks of a matter, those of its cases included. `id` is authority/matter, or the bare id if unique."""
        async with pool.acquire() as conn:
            key = await key_of(conn, id, caller_of(request))
            rows = (await store.select_clocks(conn, [(key, None)])).get((key, None), [])
        told = [_told(key, row) for row in sorted(rows, key=lambda row: (row.subject, row.name)) if row.applies]
        return tagged(request, {"matter": aggregate_key(*key), "deadlines": told})

    @router.post("/calculations", openapi_extra=body_of(Calculation))
    @allow(*Role)
    async def calculate(request: Request) -> Response:
        """What a limit would come to."""
        wanted = await read_json(request, Calculation, MOST_BYTES)
        async with pool.acquire() as conn:
            calendar_of = in_force.lookup(await in_force.peek(conn))
        try:
            return answer(calculated(wanted, calendar_of))
        except (UnknownCalendar, DeadlineError, ValueError) as error:
            raise ProblemError(422, "cannot-be-counted", "The limit cannot be counted", str(error)) from None

    return router


def _place(key: Key, row: Stored) -> Position:
    """Where a row stands in the list, which has no clocks without a due."""
    assert row.late_from is not None  # noqa: S101 - the query leaves them out
    return row.late_from, *key, row.name, row.subject


def _position(cursor: str) -> Position:
    try:
        return _POSITION.validate_python(tuple(read_cursor(cursor, 5)))
    except ValidationError:
        raise ProblemError(400, "bad-cursor", "The cursor is not one that this list gave out") from None


async def key_of(conn: Connection, id: str, caller: Principal) -> Key:
    """(authority, matter) of an id in a path: in full, or bare where only one authority has it (D1). A path comes
    decoded, so a slash may separate the two or belong to either. What the caller may not see is not there.
    """
    parts = id.split("/")
    there = await fact_store.matters_named(conn, ["/".join(parts[n:]) for n in range(len(parts))])
    unseen = await unseen_by(conn, caller, there)
    named = [key for key in there if caller.sees(key[0]) and key not in unseen]
    found = [key for key in named if "/".join(key) == id] or [key for key in named if key[1] == id]
    if not found:
        raise ProblemError(404, "no-such-matter", "No authority has sent a fact of that matter")
    if len(found) > 1:
        candidates = [aggregate_key(*key) for key in found]
        raise ProblemError(
            409, "ambiguous-matter", "Several authorities have a matter of that id", candidates=candidates
        )
    return found[0]


async def unseen_by(conn: Connection, caller: Principal, keys: Collection[Key]) -> set[Key]:
    """明察暗访: which of these matters the caller must not learn of: inspections, until they are published."""
    return set() if caller.roles & SEE_HIDDEN else await fact_store.unpublished(conn, keys)


def _told(key: Key, row: Stored) -> dict[str, Any]:
    says = row.says.get("counted", {})
    stop = row.says.get("stop", {})
    return {
        "matter": aggregate_key(*key),
        "clock": row.name,
        "subject": row.subject,
        "state": row.state,
        "item": row.item,
        "unit": row.unit,
        "due": says.get("due"),
        "late_from": says.get("late_from"),
        "problem": row.problem,
        "provisional": says.get("provisional", False),
        "limit": says.get("limit"),
        "calendar": says.get("calendar"),
        "done_at": stop.get("done_at"),
        "warned": row.warned,
        "unconfirmed": row.unconfirmed,
        "pause": _without_facts(row.says.get("pause")),
        "findings": [{"code": each["code"], "detail": each["detail"]} for each in row.says.get("findings", ())],
        "next_alarm_at": row.alarms[0][0].isoformat() if row.alarms else None,
        "revision": row.revision,
    }


def _without_facts(says: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if says is None else {name: value for name, value in says.items() if name != "facts"}


def _explained(clock: FoldedClock, calendar_of: CalendarOf) -> dict[str, Any]:
    told: dict[str, Any] = {
        "clock": clock.name,
        "subject": clock.subject,
        "state": clock.state,
        "problem": clock.problem,
        "facts": [fact_text(fact) for fact in (*clock.facts, *((clock.stop.fact,) if clock.stop else ()))],
        "holdings": [holding_text(holding) for holding in clock.holdings],
    }
    if clock.problem is not None:
        return {**told, "explanation": None, "text": _uncountable(clock.problem)}
    if clock.start is None or clock.course is None:
        return {**told, "explanation": None, "text": {"en": "The clock has not started.", "zh": "时限尚未起算。"}}
    if clock.due is None:
        return {**told, "explanation": None, "text": {"en": "The clock stands still.", "zh": "时限暂停计算。"}}
    ids = [" ".join(fact.identity) for fact in clock.facts]
    why = explained(clock.limit, clock.start, clock.course, calendar_of(clock.limit.calendar), ids)
    return {**told, "explanation": why, "text": texts_of(why)}


def _uncountable(problem: str) -> dict[str, str]:
    """The problem is in our own words, but in English only."""
    return {"en": f"The limit cannot be counted: {problem}.", "zh": f"时限无法计算：{problem}。"}
