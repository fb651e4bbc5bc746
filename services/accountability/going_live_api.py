"""HTTP of going live (D9): what would have been sent of a source's imported history, and from when on it is live."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response

from services.accountability import going_live, going_live_store
from services.accountability.rules.going_live import Refusal, refusal, report, stands_still
from services.accountability.stepping import actor
from shared.clock import Clock
from shared.events.base import Instant, Model, PersonId
from shared.http import ProblemError, answer, body_of, read_json, tagged
from shared.identity.guard import allow
from shared.identity.roles import Role
from shared.postgres import PASSING, Connection, Pool

MOST_BYTES = 4096
PATH = "/v1/sources/{source:path}/going-live"
log = structlog.get_logger()
_WHY: dict[Refusal, tuple[str, str]] = {
    "ahead": ("The instant is still ahead", "Call when it has come."),
    "too-far-back": ("The instant lies more than a day back", "The first rung would fire at once: give a later one."),
    "before-the-last": ("The source went live later than that", "Give the instant of the last call, or a later one."),
}


class GoLiveText(Model):
    """From when on a source is live; absent: as it was said before, else from now on."""

    at: Instant | None = None
    by: PersonId | None = None


def routes(pool: Pool, clock: Clock, committed: Callable[[], None]) -> APIRouter:
    """The routes under /v1."""
    router = APIRouter()

    @router.get(PATH)
    @allow(Role.ADMIN, Role.OFFICE, Role.SUPERVISOR, Role.AUDITOR)
    async def read_going_live(source: str, request: Request) -> Response:
        """What would have been sent of the source's imported cases: how many cases, rungs and notices, of which kind
        and to whom; the cards of these matters by level; how many stand still now, and when the source went live."""
        async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            return tagged(request, await _content(conn, source))

    @router.post(PATH, openapi_extra=body_of(GoLiveText), status_code=200)
    @allow(Role.ADMIN)
    async def go_live(source: str, request: Request) -> Response:
        """The source is live from `at` on: the ladders of its imported cases that stand still count from then. The
        same call again changes nothing, or goes on where one was broken off."""
        given = await read_json(request, GoLiveText, MOST_BYTES)
        by = actor(request, given.by)
        try:
            async with pool.acquire(timeout=10) as conn, conn.transaction():
                now = (await clock.moment(conn)).now
                call = await _begun(conn, source, given.at, by, now)
            if call.finished_at is None:
                await going_live.carry_out(pool, call, now)
                committed()
            async with pool.acquire(timeout=10) as conn, conn.transaction():
                done = next(each for each in await going_live_store.calls(conn, source) if each.at == call.at)
        except PASSING as error:
            log.warning("going_live_broken_off", error=type(error).__name__)
            raise ProblemError(
                503, "unavailable", "Not all cases are live yet", "Send the same call again: it goes on from here."
            ) from error
        log.info("source_went_live", cases=done.cases)
        return answer({"source": source, **going_live.told(done)}, 200)

    return router


async def _begun(conn: Connection, source: str, at: datetime | None, by: str, now: datetime) -> going_live_store.Call:
    """The call as it is kept; one that was made before counts as it was made, and so does the last one where no instant
    is given."""
    before = await going_live_store.calls(conn, source)
    at = at or (before[-1].at if before else now)
    for n, same in enumerate(before):
        if same.at == at:
            await going_live.tell(conn, same, n)
            return same
    if (why := refusal(at, now, [call.at for call in before])) is not None:
        title, detail = _WHY[why]
        raise ProblemError(409 if why == "before-the-last" else 422, f"go-live-{why}", title, detail)
    await going_live_store.begin(conn, source, at, by, now)
    call = going_live_store.Call(source, at, now, by, None, 0)
    await going_live.tell(conn, call, len(before))
    return call


async def _content(conn: Connection, source: str) -> dict[str, Any]:
    cases = await going_live_store.imported(conn, source)
    return {
        "source": source,
        "standing_still": sum(map(stands_still, cases)),
        "would_have_been_sent": report(cases),
        "cards": await going_live_store.cards_of(conn, cases),
        "went_live": [going_live.told(call) for call in await going_live_store.calls(conn, source)],
    }
