"""What is done with the record itself: legal holds, and the erasure of texts. Each act is kept and sealed; no job of
ours ever erases anything by itself."""

from collections.abc import Sequence
from typing import Any, Literal, assert_never
from uuid import UUID, uuid4

import structlog

from services.accountability.record import store
from services.accountability.rules.retention import (
    Erase,
    Ground,
    Propose,
    Refused,
    on_erasure,
)
from shared.clock import Clock
from shared.events.base import aggregate_key
from shared.http import ProblemError
from shared.postgres import PASSING, Connection, Pool

_REFUSALS = {
    "erased-already": "Some of these texts are erased already",
    "legal-hold": "The matter of these texts is under a legal hold",
    "retention": "These texts are to be kept for longer, unless there is a legal ground",
    "same-person": "It is proposed already: another person has to say the same",
}
log = structlog.get_logger()


async def hold(
    pool: Pool, clock: Clock, authority: str, matter: str, act: Literal["hold", "release"], by: str, basis: str
) -> bool:
    """Hold a matter's texts, or release them; False where it is so already."""
    async with pool.acquire() as conn, conn.transaction():
        await store.lock_holds(conn, aggregate_key(authority, matter))
        if await store.is_held(conn, authority, matter) == (act == "hold"):
            return False
        await _add(conn, clock, authority, matter, act, (), by, None, basis, None)
    return True


async def erase(
    pool: Pool, clock: Clock, ids: Sequence[UUID], by: str, basis: str, ground: Ground | None, years: int
) -> dict[str, Any]:
    """Propose to erase these texts, or erase them where another person has proposed the same. ProblemError where that
    may not be."""
    wanted = sorted(set(ids))
    try:
        async with pool.acquire(timeout=10) as conn, conn.transaction():
            texts, matters = await store.lock_texts(conn, wanted)
            if len(texts) != len(wanted):
                raise ProblemError(404, "no-such-id", "Some of these texts do not exist")
            if len(matters) != 1:
                raise ProblemError(422, "several-matters", "The texts are of several matters: ask for each by itself")
            authority, matter = matters.pop()
            await store.lock_holds(conn, aggregate_key(authority, matter))
            return await _erase(conn, clock, authority, matter, wanted, by, basis, ground, years)
    except PASSING as error:
        log.warning("erasure_not_stored", error=type(error).__name__)
        raise ProblemError(
            503, "unavailable", "It could not be stored now", "Nothing changed: send it again."
        ) from None


async def _erase(
    conn: Connection,
    clock: Clock,
    authority: str,
    matter: str,
    ids: list[UUID],
    by: str,
    basis: str,
    ground: Ground | None,
    years: int,
) -> dict[str, Any]:
    texts, _ = await store.lock_texts(conn, ids)  # again, behind the lock: a hold may have been ordered meanwhile
    open_ones = await store.open_proposals(conn, authority, matter, ids)
    now = (await clock.moment(conn)).now
    match on_erasure(texts, by, basis, ground, open_ones, years, now):
        case Refused() as refused:
            until = {} if refused.until is None else {"until": refused.until.isoformat()}
            raise ProblemError(
                409, refused.why, _REFUSALS[refused.why], rule="R31", texts=[str(id) for id in refused.texts], **until
            )
        case Propose():
            id = await _add(conn, clock, authority, matter, "erasure-proposed", ids, by, None, basis, ground)
            return {"act_id": str(id), "erased": []}
        case Erase(confirms):
            id = await _add(conn, clock, authority, matter, "erasure", ids, by, confirms, basis, ground)
            await store.erase(conn, ids, now)
            log.info("texts_erased", count=len(ids))
            return {"act_id": str(id), "erased": [str(id) for id in ids]}
        case other:
            assert_never(other)


async def _add(
    conn: Connection,
    clock: Clock,
    authority: str,
    matter: str,
    act: str,
    texts: Sequence[UUID],
    by: str,
    confirms: UUID | None,
    basis: str,
    ground: str | None,
) -> UUID:
    id, now = uuid4(), (await clock.moment(conn)).now
    await store.add_act(conn, id, authority, matter, act, list(texts), by, confirms, basis, ground, now)
    return id
