"""HTTP of the deadline service about calendars: what counts, what a version would move, what was said before."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.deadline import calendar_store, fact_store, history_store, in_force, store
from services.deadline.api import OF_THEIR_AUTHORITIES, READERS, Plain, key_of, unseen_by
from services.deadline.calendar_files import edition_of
from services.deadline.calendars import Calendars, UnknownCalendar
from services.deadline.history_store import Superseded
from services.deadline.preview import preview
from services.deadline.rules.calendar import Calendar
from services.deadline.rules.errors import BadCalendar, DeadlineError, YearNotCovered
from services.deadline.rules.stored import Stored
from services.deadline.store import Key
from services.deadline.wall_calendar import year_of
from shared.clock import Clock
from shared.events.base import Instant, Model, Name, aggregate_key, split_key
from shared.events.calendars import CalendarVersion
from shared.http import ProblemError, answer, body_of, read_json, tagged
from shared.identity.guard import allow, caller_of
from shared.identity.roles import Role
from shared.postgres import Connection, Pool

MOST_BYTES = 1_048_576
LAST = 20
"""Recalculations that are listed."""
DRAFT = "/duban/preview", "draft"


class Draft(Model):
    """A version that is not published: as `calendar.published` would say it."""

    authority: Name
    code: Name
    effective: Instant
    calendar: CalendarVersion


def calendar_routes(pool: Pool, clock: Clock) -> APIRouter:
    """The routes under /v1."""
    router = APIRouter(prefix="/v1")

    @router.get("/calendars")
    @allow(*Role)
    async def list_calendars(request: Request) -> Response:
        """The calendars in force, their notices, and what is being recalculated."""
        async with pool.acquire() as conn, conn.transaction():
            moment = await clock.moment(conn)
            known = Calendars(await calendar_store.select_editions(conn))
            counted_by = await in_force.peek(conn)
            jobs = await calendar_store.select_recalculations(conn, LAST)
        told = [_calendar(code, counted_by.get(code), known, moment.now) for code in known.codes()]
        return tagged(request, {"calendars": told, "recalculations": [_job(job) for job in jobs]})

    @router.get("/calendars/{code}/{year}")
    @allow(*Role)
    async def calendar_year(code: Plain, year: int, request: Request) -> Response:
        """Each day of a year: whether it is worked, why not, and its hours."""
        async with pool.acquire() as conn:
            calendar_of = in_force.lookup(await in_force.peek(conn))
        try:
            return tagged(request, year_of(calendar_of(code), year))
        except UnknownCalendar as error:
            raise ProblemError(404, "no-such-calendar", "There is no calendar of that code", str(error)) from None
        except YearNotCovered as error:
            raise ProblemError(404, "no-such-year", "The calendar does not cover the year", str(error)) from None

    @router.post("/recalculations/preview", openapi_extra=body_of(Draft))
    @allow(Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN, Role.SERVICE)
    async def preview_recalculation(request: Request, limit: Annotated[int, Query(ge=0, le=10_000)] = 1000) -> Response:
        """What a calendar version would move; nothing is written."""
        draft = await read_json(request, Draft, MOST_BYTES)
        edition = edition_of(draft.authority, draft.code, draft.effective, DRAFT, draft.calendar)
        caller = caller_of(request)
        async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            moment = await clock.moment(conn)
            try:
                found = await preview(conn, edition, moment, limit)
            except (BadCalendar, DeadlineError) as error:
                raise ProblemError(422, "no-calendar", "The version makes no calendar", str(error)) from None
            unseen = await unseen_by(conn, caller, {split_key(line["matter"]) for line in found.listed})
        listed = [line for line in found.listed if split_key(line["matter"]) not in unseen]
        if caller.roles == {Role.ADMIN}:
            listed = []  # an operator sees numbers, no matters
        return answer({
            "examined": found.examined, "complete": found.complete, "totals": dict(sorted(found.totals.items())),
            "calendars": found.versions, "clocks": listed,
        })  # fmt: skip

    @router.get("/matters/{id:path}/deadlines/{name}/history")
    @allow(*READERS, *OF_THEIR_AUTHORITIES)
    async def history(
        id: Plain, name: Plain, request: Request, subject: Plain = "", at: Instant | None = None
    ) -> Response:
        """What was said of a clock, and from when until when; with `at`, what was said then."""
        async with pool.acquire() as conn, conn.transaction():
            key = await key_of(conn, id, caller_of(request))
            told = await _history(conn, key, name, subject)
        if at is not None:
            told = [each for each in told if _said_at(each, at)][-1:]
        return tagged(request, {"matter": aggregate_key(*key), "clock": name, "subject": subject, "statements": told})

    return router


async def _history(conn: Connection, key: Key, name: str, subject: str) -> list[dict[str, Any]]:
    rows = (await store.select_clocks(conn, [(key, None)])).get((key, None), [])
    current = next((row for row in rows if (row.name, row.subject) == (name, subject)), None)
    if current is None:
        raise ProblemError(404, "no-such-clock", "The matter has no clock of that name")
    former = await history_store.select(conn, key, name, subject)
    facts = (await fact_store.select_facts(conn, [(key, None)])).get((key, None), [])
    received = {row.event: row.received_at for row in facts}
    return list(_statements(former, current, received))


def _statements(former: list[Superseded], current: Stored, received: dict[str, datetime]) -> Any:
    """Each from when the one before it was replaced; the first from when the facts it rests on were received."""
    since: datetime | None = None
    for says, revision, until in (
        *((each.says, each.revision, each.until) for each in former),
        (current.says, current.revision, None if current.applies else current.known),
    ):
        if since is None:
            since = max((received[f["event"]] for f in says["facts"] if f["event"] in received), default=None)
        yield {
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
            "revision": revision,
            "statement": says,
        }
        since = until


def _said_at(told: dict[str, Any], at: datetime) -> bool:
    since, until = told["since"], told["until"]
    begun = since is None or datetime.fromisoformat(since) <= at
    return begun and (until is None or at < datetime.fromisoformat(until))


def _calendar(code: str, calendar: Calendar | None, known: Calendars, now: datetime) -> dict[str, Any]:
    told: dict[str, Any] = {
        "code": code,
        "version": calendar.version if calendar else None,
        "official": list(calendar.published) if calendar else None,
        "covers": list(calendar.covers) if calendar else None,
    }
    ignored = {edition.identity for edition in known.ignored(code)}
    told["notices"] = [
        {
            "authority": edition.authority,
            "effective": edition.effective.isoformat(),
            "kind": "notice" if edition.whole else "amendment",
            "years": list(edition.years),
            "source": edition.source,
            "counts": "never" if edition.identity in ignored else "yes" if edition.effective <= now else "later",
        }
        for edition in (*known.editions(code), *known.ignored(code))
    ]
    return told


def _job(job: calendar_store.Recalculation) -> dict[str, Any]:
    return {
        "calendar": job.code,
        "version": job.version,
        "former": job.former,
        "since": job.since.isoformat(),
        "finished": job.finished_at.isoformat() if job.finished_at else None,
        "folded": job.folded,
        "failed": job.failed,
    }
