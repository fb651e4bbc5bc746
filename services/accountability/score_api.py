"""HTTP of the monthly scores of units (R24), to read. They name no person: who is carded is told by `/v1/cards`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.accountability import directory_view_store, score_store
from services.accountability.asked import Word
from services.accountability.rules.ladder import Rulebook
from services.accountability.rules.scores import Counted, Line, Score, ScoreEdition, in_force, score
from shared.http import ProblemError, tagged
from shared.identity.guard import allow, caller_of, forbidden
from shared.identity.roles import Role
from shared.postgres import Connection, Pool

READERS = Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR
MOST_LIMITS = 1000
"""Told of one line; `count` is of all."""
Month = Annotated[str, Query(pattern=r"^(19|20)\d\d-(0[1-9]|1[0-2])$", description="Such as 2026-10.")]
Name = Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
_ZONES = timedelta(days=2)
"""A due of the month lies at most so far from the month in UTC."""


def routes(pool: Pool, rulebook: Rulebook) -> APIRouter:
    """The routes under /v1."""
    router = APIRouter(prefix="/v1")

    @router.get("/scores")
    @allow(*READERS, Role.OFFICIAL)
    async def read_score(request: Request, month: Month, unit: Name, authority: Word = None) -> Response:
        """A unit's score of a month by all that is known now, with each line that made it and the limits it counts.
        `points` is null where nothing of the unit was due. An official reads that of a unit in which they held a post
        then. `authority` where several have a unit of this id (409 names them)."""
        edition = in_force(rulebook.scores, month)
        if edition is None:
            raise ProblemError(404, "no-score-rules", "The rulebook has no rules of scores for that month")
        span = since, until = _span(month)
        async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            owner = authority or await _authority_of(conn, unit, month, since, until)
            if caller_of(request).is_narrow():
                await _refuse_strangers(conn, caller_of(request).person, owner, unit, since, until)
            ended = await score_store.ended_of(conn, owner, unit, month, *span)
            cards = await score_store.cards_of(conn, owner, unit, month, *span)
        found = score(edition, unit, month, ended, cards)
        return tagged(request, {"authority": owner, "unit": unit, "month": month, **score_text(found, edition)})

    return router


async def _authority_of(conn: Connection, unit: str, month: str, since: datetime, until: datetime) -> str:
    authorities = await score_store.authorities_of(conn, unit, month, since, until)
    if not authorities:
        raise ProblemError(404, "no-such-unit", "Nothing of a unit of this id was due in that month")
    if len(authorities) > 1:
        raise ProblemError(
            409, "ambiguous-unit", "Several authorities have a unit of this id", "Say which with `authority`.",
            candidates=authorities,
        )  # fmt: skip
    return authorities[0]


async def _refuse_strangers(
    conn: Connection, person: str, authority: str, unit: str, since: datetime, until: datetime
) -> None:
    for held in await directory_view_store.posts_of(conn, person, None):
        theirs = held.post.authority == authority and held.unit in (unit, None)
        if theirs and held.since < until and (held.until is None or held.until > since):
            return
    raise forbidden("An official reads the scores of units in which they held a post in that month.")


def _span(month: str) -> tuple[datetime, datetime]:
    first = datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC)
    return first - _ZONES, (first + timedelta(days=32)).replace(day=1) + _ZONES


def score_text(found: Score, edition: ScoreEdition) -> dict[str, Any]:
    """A score as JSON."""
    return {
        "rulebook": edition.name,
        "points": found.points,
        "begins_at": edition.begins_at,
        "least": edition.least,
        "most": edition.most,
        "sum": found.sum,
        "volume": found.volume,
        "lines": [_line_text(line) for line in found.lines],
    }


def _line_text(line: Line) -> dict[str, Any]:
    told = {
        "code": line.code,
        "points": line.points,
        "times": line.times,
        "count": len(line.counted),
        "limits": [_counted_text(each) for each in line.counted[:MOST_LIMITS]],
    }
    return told if line.of is None else told | {"of": line.of}


def _counted_text(each: Counted) -> dict[str, Any]:
    limit = each.limit
    told: dict[str, Any] = {"matter": limit.matter, "clock": limit.clock, "subject": limit.subject, "due": limit.due}
    if each.card is not None:
        told["card_id"] = each.card
    if each.missing:
        told["missing"] = list(each.missing)
    return told
