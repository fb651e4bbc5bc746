"""HTTP of the directory to write: names of people, and the check of a file before it is sent to intake.

Names stay in this service's table (D19): no event, log or metric carries one.
"""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints, ValidationError

from services.accountability import directory_view_store, people_store
from services.accountability.directory_lines import MOST_LINES, CheckText, proposals
from services.accountability.record.readings import note, on_record
from services.accountability.rules.directory_checks import findings
from shared.clock import Clock
from shared.events.base import Model, PersonId
from shared.http import ProblemError, answer, body_of, read_json
from shared.identity.guard import allow, caller_of, forbidden
from shared.identity.roles import Role
from shared.postgres import Pool

MOST_BYTES = 16_000_000
PersonName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class PersonText(Model):
    """A name."""

    name: PersonName


class NamedText(Model):
    """A pseudonym and what it stands for."""

    person: PersonId
    name: PersonName


class PeopleText(Model):
    """Many at once."""

    people: tuple[NamedText, ...] = Field(min_length=1, max_length=MOST_LINES)


def routes(pool: Pool, clock: Clock) -> APIRouter:
    """The routes under /v1."""
    router = APIRouter(prefix="/v1")

    @router.put("/people/{person}", openapi_extra=body_of(PersonText), status_code=204)
    @allow(Role.OFFICE, Role.ADMIN)
    async def write_person(person: str, request: Request) -> Response:
        """What a pseudonym stands for, from now on."""
        given = await read_json(request, PersonText, 4096)
        named = _named(person, given.name)
        await _write((named,), request)
        return Response(status_code=204)

    @router.post("/people", openapi_extra=body_of(PeopleText))
    @allow(Role.OFFICE, Role.ADMIN)
    async def write_people(request: Request) -> Response:
        """The same of many; all or, where one cannot be read, none."""
        given = await read_json(request, PeopleText, MOST_BYTES)
        await _write(given.people, request)
        return answer({"written": len({each.person for each in given.people})})

    @router.get("/people/{person}")
    @allow(Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN)
    async def read_person(person: str, request: Request) -> Response:
        """What a pseudonym stands for; who was told is on record."""
        async with on_record(pool) as conn:
            names = await people_store.names_of(conn, [person])
            if person not in names:
                raise _unknown()
            await note(conn, clock, caller_of(request).person, "person", about=person)
        return answer({"person": person, "name": names[person]})

    @router.delete("/people/{person}", status_code=204)
    @allow(Role.OFFICE, Role.ADMIN)
    async def forget_person(person: str) -> Response:
        """Forget what a pseudonym stands for. What it did stays on record, under the pseudonym."""
        async with pool.acquire() as conn:
            if not await people_store.forget(conn, person):
                raise _unknown()
        return Response(status_code=204)

    @router.post("/directory/checks", openapi_extra=body_of(CheckText))
    @allow(Role.PUBLISHER, Role.OFFICE, Role.ADMIN)
    async def check_facts(request: Request) -> Response:
        """What is wrong with a file of facts, line by line: with each other, and with what stands. Nothing is kept."""
        given = await read_json(request, CheckText, MOST_BYTES)
        if not caller_of(request).sees(given.authority):
            raise forbidden("A publisher checks facts of its own authorities.")
        async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            now = (await clock.moment(conn)).now
            proposed, found = proposals(given, now)
            standing = await directory_view_store.standing(conn, {each.fact.post for each in proposed})
        found += findings(proposed, standing)
        return answer({"lines": len(given.facts), "findings": [each._asdict() for each in sorted(found)]})

    async def _write(people: tuple[NamedText, ...], request: Request) -> None:
        async with pool.acquire() as conn, conn.transaction():
            now = (await clock.moment(conn)).now
            names = [(each.person, each.name) for each in people]
            await people_store.write(conn, names, now, caller_of(request).person)

    return router


def _named(person: str, name: str) -> NamedText:
    try:
        return NamedText(person=person, name=name)
    except ValidationError:
        raise ProblemError(422, "invalid-request", "The request is not valid", "The pseudonym is not one.") from None


def _unknown() -> ProblemError:
    return ProblemError(404, "no-such-person", "No name is kept of this person")
