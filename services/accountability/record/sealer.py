"""Seals what is committed, some seconds later: writers pay nothing for the chains but a column with a default.

One at a time, whoever has the lock of the row `sealing`: a lock ends with its transaction, so no lease can outlive its
holder or be believed by two. A transaction takes all rows of transactions that have ended (below the snapshot's xmin),
gives each the next place in its chain, and moves `sealed_below` up. Rows are read in pages, whatever a storm left.

Transactions are counted anew in another cluster, after a dump was restored there: `sealing.cluster` tells, and then all
rows that no seal names are sealed, whatever their xid. A seal names its row under a unique constraint: no way leads to
two seals of one row.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from services.accountability import metrics
from services.accountability.record import heads, store
from services.accountability.record.chain import follow
from services.accountability.record.heads import Signer
from services.accountability.record.row_store import CASE_EVENT, Row, unsealed
from services.accountability.record.store import Seal
from shared import failpoints
from shared.clock import Clock
from shared.postgres import PASSING, Connection, Pool

SPAN = 2048
"""Transactions in one pass, at first: a long backlog is sealed in several."""
ENOUGH, TOO_MANY = 2_000, 50_000
"""Rows of a pass: with fewer the next one spans more transactions, with more fewer."""
QUIET_S, LONGEST_WAIT_S = 0.5, 10.0
Changed = Callable[[Connection, Mapping[UUID, int]], Awaitable[None]]
"""Told of cases and the number of their last sealed event, in the transaction that seals it."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one pass did; `more`: there are transactions left that have ended."""

    rows: Mapping[str, int]
    head: bool
    more: bool


class Sealer:
    """Seals every `every_s`, and makes a head every `head_s` where there is a key. While a storm is consumed it waits
    for a gap, for some seconds at most."""

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        *,
        signer: Signer | None,
        changed: Changed,
        committed: Callable[[], None],
        every_s: float,
        head_s: float,
    ) -> None:
        self._pool, self._clock, self._signer, self._changed, self._committed = pool, clock, signer, changed, committed
        self._every_s, self._head_every = every_s, timedelta(seconds=head_s)
        self._now = asyncio.get_running_loop().time
        self._span = SPAN
        self._heard_at = float("-inf")
        self.alive_at = self._now()

    def hear(self) -> None:
        """A batch was committed: others are at work. Passed on to whom the sealer tells of its own commits."""
        self._heard_at = self._now()
        self._committed()

    async def run_once(self) -> Sealed | None:
        """One pass in one transaction; None where somebody else is at it."""
        async with self._pool.acquire() as conn, conn.transaction():
            at = await store.lock_sealing(conn)
            if at is None:
                return None
            ended, cluster = await store.horizon(conn)
            below, bounds = ended, None
            if at["cluster"] == cluster:
                bounds = at["sealed_below"], min(below, at["sealed_below"] + self._span)
                below = max(bounds)
                await store.plan_for_sealing(conn)
            elif at["cluster"]:
                log.warning("record_in_another_cluster", before=at["cluster"], now=cluster)
            counts = await self._seal(conn, bounds)
            more = below < ended
            await store.move_sealing(conn, below, cluster, reached=not more)
            made = False
            if self._signer is not None:
                moment = await self._clock.moment(conn)
                made = await heads.make(conn, self._signer, self._head_every, moment.now)
            failpoints.reach("record.sealed")
        self._adapt(sum(counts.values()))
        if sum(counts.values()) > ENOUGH:
            await self._summarise()
        for kind, count in counts.items():
            metrics.SEALED.labels(kind).inc(count)
        if counts or made:
            self._committed()
        return Sealed(counts, made, more)

    async def _seal(self, conn: Connection, bounds: tuple[int, int] | None) -> Counter[str]:
        ends = await store.ends(conn)
        before = dict(ends)
        counts: Counter[str] = Counter()
        cases: dict[UUID, int] = {}
        async for page in unsealed(conn, bounds):
            await store.add_seals(conn, [self._next(ends, row) for row in page])
            counts.update(row.kind.name for row in page)
            for row in page:
                if row.kind is CASE_EVENT:
                    cases[row.row_id] = max(row.row_n, cases.get(row.row_id, 0))
            self.alive_at = self._now()
        await store.move_chains(conn, {chain: end for chain, end in ends.items() if before[chain] != end})
        await self._changed(conn, cases)
        return counts

    async def _summarise(self) -> None:
        """A vacuum that is at the table has its lock, and does the same."""
        try:
            async with self._pool.acquire() as conn:
                await store.summarise(conn)
        except PASSING as error:
            log.info("record_not_summarised", error=type(error).__name__)

    @staticmethod
    def _next(ends: dict[int, tuple[int, bytes]], row: Row) -> Seal:
        n, hash = ends[row.chain]
        n, hash = ends[row.chain] = n + 1, follow(hash, row.spelled)
        return row.chain, n, row.kind.name, row.row_id, row.row_n, hash

    def _adapt(self, rows: int) -> None:
        if rows < ENOUGH:
            self._span = min(self._span * 2, 2**31)
        elif rows > TOO_MANY:
            self._span = max(self._span // 2, 1)

    async def run(self, stopping: asyncio.Event) -> None:
        """Seal until stopped. A passing fault of the database is waited out."""
        while not stopping.is_set():
            self.alive_at = self._now()
            try:
                done = await self.run_once()
                if done is not None and done.more:
                    continue
            except PASSING as error:
                log.warning("sealer_retrying", error=type(error).__name__)
            await self._wait(stopping, self._every_s)
            until = self._now() + LONGEST_WAIT_S
            while (busy_s := self._heard_at + QUIET_S - self._now()) > 0 and self._now() < until:
                if await self._wait(stopping, busy_s):
                    break

    @staticmethod
    async def _wait(stopping: asyncio.Event, s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(s):
                await stopping.wait()
        return stopping.is_set()
