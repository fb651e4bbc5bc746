"""HTTP of cards, to read. An official lists those that name them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from services.accountability import card_store
from services.accountability.asked import Word, position_of
from services.accountability.record.readings import note, on_record
from services.accountability.rules.card_rules import Level, quarter_of
from services.accountability.rules.cards import Card
from services.accountability.rules.model import CaseKey
from shared.clock import Clock
from shared.http import ProblemError, tagged, write_cursor
from shared.identity.guard import allow, caller_of, forbidden
from shared.identity.roles import Role
from shared.postgres import Pool

READERS = Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR


def routes(pool: Pool, clock: Clock) -> APIRouter:
    """The routes under /v1."""
    router = APIRouter(prefix="/v1")

    @router.get("/cards")
    @allow(*READERS, Role.OFFICIAL)
    async def list_cards(
        request: Request,
        person: Word = None,
        unit: Word = None,
        level: Level | None = None,
        matter: Word = None,
        authority: Word = None,
        state: Literal["standing", "revoked"] | None = None,
        cursor: Word = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """Cards in order of their first issue, revoked ones too. `person` is whom a card names; `matter` is an id, with
        its `authority` where several have it (409 names them)."""
        if caller_of(request).is_narrow() and not (person and caller_of(request).is_person(person)):
            raise forbidden("An official lists the cards that name them: give their own id as `person`.")
        after = None if cursor is None else position_of(cursor)
        async with on_record(pool) as conn:
            if matter is not None and authority is None:
                authorities = await card_store.authorities_of(conn, matter)
                if len(authorities) > 1:
                    raise ProblemError(
                        409, "ambiguous-matter", "Several authorities have a matter of this id",
                        "Say which with `authority`.", candidates=authorities,
                    )  # fmt: skip
            page = await card_store.page(
                conn, after=after, person=person, unit=unit, level=level, matter=matter, authority=authority,
                standing=None if state is None else state == "standing", limit=limit + 1,
            )  # fmt: skip
            shown_ones = [CaseKey(card.limit.authority, card.limit.matter, card.id) for card in page[:limit]]
            await note(conn, clock, caller_of(request).person, "list", shown_ones)
        content: dict[str, Any] = {"cards": [shown(card) for card in page[:limit]]}
        if len(page) > limit:
            last = page[limit - 1]
            content["next"] = write_cursor(last.issued_at.isoformat(), str(last.id))
        return tagged(request, content)

    return router


def shown(card: Card) -> dict[str, Any]:
    """A card as JSON. Persons are pseudonyms here as everywhere (D19)."""
    limit, said = card.limit, card.said
    return {
        "card_id": str(card.id),
        "authority": limit.authority,
        "matter": limit.matter,
        "clock": limit.clock,
        "subject": limit.subject,
        "rule": card.rule,
        "level": card.level,
        "state": "standing" if card.standing else "revoked",
        "grounds": list(said.grounds),
        "counted": list(said.counted),
        "person": said.person,
        "unit": said.unit,
        "item": said.item,
        "urgent": said.urgent,
        "origin": said.origin,
        "due": said.due,
        "quarter": quarter_of(said.due),
        "late_from": said.late_from.isoformat(),
        "rulebook": card.rulebook,
        "issued_at": card.issued_at.isoformat(),
        "revoked_at": None if card.revoked_at is None else card.revoked_at.isoformat(),
        "revoked_because": card.revoked_because,
        "cause": {"source": card.cause.source, "id": card.cause.id},
    }
