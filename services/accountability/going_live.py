"""A source goes live: its imported cases that stand still are given their limits, a chunk at a time, each chunk in a
transaction of its own. Whoever calls again goes on where a former call was broken off; a case goes live once, because
from then on it is imported history no more."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import orjson

from services.accountability import attribution_store, ledger, step_publish, store
from services.accountability.case_row import case_of
from services.accountability.publish import STOPS
from services.accountability.rules.going_live import WENT_LIVE, WentLive, go_live, lives, stands_still
from services.accountability.rules.identity import clock_of_rung
from services.accountability.rules.model import Case, CaseKey, Missed, Verdict
from shared.events.accountability import Addressee, CaseWentLive
from shared.events.limits import LimitTerms
from shared.postgres import Connection, Pool, Record, load_queries

Q = load_queries(Path(__file__).parent / "sql" / "going_live.sql")
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Call:
    """What an operator has called for: this source is live from then on."""

    source: str
    at: datetime
    called_at: datetime
    called_by: str
    finished_at: datetime | None
    cases: int


async def calls(conn: Connection, source: str) -> list[Call]:
    """When the source went live, the earliest first."""
    return [_call(row) for row in await conn.fetch(Q["select_going_live"], source)]


async def live_since(conn: Connection, sources: Collection[str]) -> dict[str, list[datetime]]:
    """When each of these sources went live."""
    found: dict[str, list[datetime]] = {}
    for row in await conn.fetch(Q["select_live_sources"], list(sources)):
        found.setdefault(row["source"], []).append(row["at"])
    return found


async def as_live(conn: Connection, said: Sequence[tuple[Verdict, bytes]]) -> Sequence[tuple[Verdict, bytes]]:
    """Of these verdicts, the misses of imported matters that fell due when their source was live are live. Nothing is
    asked where nothing was imported."""
    sources = {
        verdict.key: str(orjson.loads(body)["facts"][0]["source"])
        for verdict, body in said
        if isinstance(verdict, Missed) and verdict.origin == "import"
    }
    since = await live_since(conn, set(sources.values())) if sources else {}
    if not since:
        return said
    return [
        (replace(verdict, origin="live"), body)
        if isinstance(verdict, Missed) and lives(verdict.late_from, since.get(sources.get(verdict.key, ""), ()))
        else (verdict, body)
        for verdict, body in said
    ]


async def imported(conn: Connection, source: str) -> list[Case]:
    """All cases of the source's imported history. It looks at every imported case: for an operator, not for a batch."""
    return [case_of(row) for row in await conn.fetch(Q["select_imported"], source)]


async def begin(conn: Connection, source: str, at: datetime, by: str, now: datetime) -> None:
    """Keep the call; what is imported from now on and falls due from then on is live."""
    await conn.execute(Q["add_going_live"], source, at, now, by)


async def carry_out(pool: Pool, call: Call, now: datetime) -> None:
    """Give every case that stands still its limits."""
    async with pool.acquire(timeout=10) as conn, conn.transaction(readonly=True):
        keys = [case.key for case in await imported(conn, call.source) if stands_still(case)]
    for first in range(0, len(keys), CHUNK):
        async with pool.acquire(timeout=10) as conn, conn.transaction():
            await conn.execute(Q["lock_going_live"], call.source, call.at)
            await _chunk(conn, call, keys[first : first + CHUNK])
    async with pool.acquire(timeout=10) as conn, conn.transaction():
        await conn.execute(Q["finish_going_live"], call.source, call.at, now)


async def _chunk(conn: Connection, call: Call, keys: Sequence[CaseKey]) -> None:
    """Those that were answered, withdrawn or taken up meanwhile are left as they are."""
    ids = [key.case_id for key in keys]
    taken_up = {row["case_id"] for row in await conn.fetch(Q["select_in_proceedings"], ids)}
    locked = await attribution_store.complete(conn, await store.lock_cases(conn, keys))
    cases = [case for case in locked if stands_still(case)]
    live = [go_live(case, call.at) for case in cases if case.key.case_id not in taken_up]
    await conn.execute(Q["set_live"], [each.case.key.case_id for each in live])
    pairs = [
        step_publish.published(_event(each, call), each.case.key, each.case.revision, call.at, None) for each in live
    ]
    await ledger.append(conn, [each.case for each in live], pairs)
    await conn.execute(Q["count_live"], call.source, call.at, len(live))


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


def _call(row: Record) -> Call:
    return Call(row["source"], row["at"], row["called_at"], row["called_by"], row["finished_at"], row["cases"])


def told(call: Call) -> Mapping[str, object]:
    """A call as JSON."""
    return {
        "at": call.at.isoformat(),
        "called_at": call.called_at.isoformat(),
        "called_by": call.called_by,
        "finished_at": None if call.finished_at is None else call.finished_at.isoformat(),
        "cases": call.cases,
    }
