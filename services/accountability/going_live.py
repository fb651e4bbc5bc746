"""A source goes live: its imported cases that stand still are given their limits, a chunk at a time, each chunk in a
transaction of its own. Whoever calls again goes on where a former call was broken off; a case goes live once, because
from then on it is imported history no more."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import orjson

from services.accountability import attribution_store, going_live_store, ledger, step_publish, store
from services.accountability.going_live_store import Call
from services.accountability.publish import STOPS
from services.accountability.rules.going_live import OF_SOURCES, WENT_LIVE, WentLive, go_live, lives, stands_still
from services.accountability.rules.identity import clock_of_rung, source_id
from services.accountability.rules.model import Case, CaseKey, Missed, Verdict
from shared.events.accountability import Addressee, CaseWentLive, SourceWentLive
from shared.events.limits import LimitTerms
from shared.postgres import Connection, Pool

CHUNK = 1000


async def as_live(conn: Connection, said: Sequence[tuple[Verdict, bytes]]) -> Sequence[tuple[Verdict, bytes]]:
    """Of these verdicts, the misses of imported matters that fell due when their source was live are live. Nothing is
    asked where nothing was imported."""
    sources = {
        verdict.key: str(orjson.loads(body)["facts"][0]["source"])
        for verdict, body in said
        if isinstance(verdict, Missed) and verdict.origin == "import"
    }
    since = await going_live_store.live_since(conn, set(sources.values())) if sources else {}
    if not since:
        return said
    return [
        (replace(verdict, origin="live"), body)
        if isinstance(verdict, Missed) and lives(verdict.late_from, since.get(sources.get(verdict.key, ""), ()))
        else (verdict, body)
        for verdict, body in said
    ]


async def tell(conn: Connection, call: Call, before: int) -> None:
    """Publish that the source is live, and keep it on record who called for it; `before`: how often it went live then.
    A call of a build that did not tell is told when it is sent again."""
    key = CaseKey(OF_SOURCES, call.source, source_id(call.source))
    if await going_live_store.is_told(conn, key, before + 1):
        return
    event = SourceWentLive(source=call.source, occurred_at=call.at, called_by=call.called_by)
    await ledger.append(conn, (), [step_publish.published(event, key, before + 1, call.called_at, None)])


async def carry_out(pool: Pool, call: Call, now: datetime) -> None:
    """Give every case that stands still its limits."""
    async with pool.acquire(timeout=10) as conn, conn.transaction(readonly=True):
        keys = [case.key for case in await going_live_store.imported(conn, call.source) if stands_still(case)]
    for first in range(0, len(keys), CHUNK):
        async with pool.acquire(timeout=10) as conn, conn.transaction():
            await going_live_store.lock(conn, call)
            await _chunk(conn, call, keys[first : first + CHUNK])
    async with pool.acquire(timeout=10) as conn, conn.transaction():
        await going_live_store.finish(conn, call, now)


async def _chunk(conn: Connection, call: Call, keys: Sequence[CaseKey]) -> None:
    """Those that were answered, withdrawn or taken up meanwhile are left as they are."""
    ids = [key.case_id for key in keys]
    taken_up = await going_live_store.in_proceedings(conn, ids)
    locked = await attribution_store.complete(conn, await store.lock_cases(conn, keys))
    cases = [case for case in locked if stands_still(case)]
    live = [go_live(case, call.at) for case in cases if case.key.case_id not in taken_up]
    await going_live_store.set_live(conn, [each.case.key.case_id for each in live])
    pairs = [
        step_publish.published(_event(each, call), each.case.key, each.case.revision, call.at, None) for each in live
    ]
    await ledger.append(conn, [each.case for each in live], pairs)
    await going_live_store.count(conn, call, len(live))


def _event(went: WentLive, call: Call) -> CaseWentLive:
    case, to = went.case, went.addressee
    return CaseWentLive(
        case_id=str(case.key.case_id), authority=case.key.authority, matter=case.key.matter,
        occurred_at=step_publish.local(call.at, case.zone), origin=case.origin, source=call.source,
        called_by=call.called_by, limits=_limits(case), due=step_publish.due(case.due), unit=case.unit, item=case.item,
        addressee=Addressee(role=to.role, person=to.person, skipped=to.skipped),
    )  # fmt: skip


def _limits(case: Case) -> tuple[LimitTerms, ...]:
    """The limits of its rungs as they were stamped, from the go-live instant."""
    return tuple(
        LimitTerms(
            clock=clock_of_rung(step.rung), amount=step.after, zone=case.zone, calendar=case.calendar,
            starts_on=(WENT_LIVE,), stops_on=STOPS, source=f"rulebook {case.rulebook}, ladder, rung {step.rung}",
        )
        for step in case.ladder
        if step.after is not None
    )  # fmt: skip


def told(call: Call) -> Mapping[str, object]:
    """A call as JSON."""
    return {
        "at": call.at.isoformat(),
        "called_at": call.called_at.isoformat(),
        "called_by": call.called_by,
        "finished_at": None if call.finished_at is None else call.finished_at.isoformat(),
        "cases": call.cases,
    }
