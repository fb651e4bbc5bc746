"""Folds again what a change of calendars may have moved, beside all that goes on.

    in_force.move ──► a row of `recalculations`: code, version, the days that changed
                           │ batches in the order of the clocks' ends, each in lanes at once, a transaction each: lock,
                           │ count plain clocks again from their rows, publish; then fold the others, note how far
                           ▼
                      finished: a pass finds no clock that another version counted over those days, and all
                      transactions that could still count so have ended (`settled`)

What is left to do is in the clocks themselves, each of which says by which version it was counted: so a crash, a second
replica or a batch that ran before are taken up where they stand, and a clock is moved once. Until its fold nothing is
fired that rests on the days in question: the sweep leaves those clocks alone, and they come first here.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import structlog

from services.deadline import calendar_store, fact_store, in_force, metrics
from services.deadline.calendar_store import After, Recalculation
from services.deadline.handlers import CaughtUp, everywhere, refold
from services.deadline.recalculation_batch import recount
from services.deadline.store import Key
from shared import failpoints
from shared.clock import Clock, Moment
from shared.outbox import Relay
from shared.postgres import PASSING, Connection, Pool

log = structlog.get_logger()
MOST_PASSES = 8
"""After the first pass a second one finds what was counted meanwhile. What stays after so many is an error of ours."""


class Recalculating:
    """Batches until there is nothing to fold again, then a look every `poll_s`. After each batch it rests for a share
    of the time that the batch took, longer while a storm of alarms lasts: decisions of the day go first."""

    LANES = 3
    """While one counts, the database writes for another, and the third one's commit is synced."""
    CHUNK = 500
    """In one transaction: so long nobody else folds or fires its matters, nor does anything else in this process."""
    REST = 0.1
    REST_IN_A_STORM = 3.0

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        relay: Relay,
        *,
        batch: int,
        poll_s: float,
        caught_up: CaughtUp = everywhere,
        storm: Callable[[], bool] = lambda: False,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._relay = relay
        self._batch = batch
        self._poll_s = poll_s
        self._caught_up = caught_up
        self._storm = storm
        self._started = False
        self._ahead: tuple[Recalculation, tuple[list[Key], After]] | None = None
        self.alive_at = asyncio.get_running_loop().time()

    async def start(self) -> None:
        """This build's calendars come into force, where they are others than the former build's."""
        async with self._pool.acquire() as conn, conn.transaction():
            moment = await self._clock.moment(conn)
            await in_force.move(conn, moment.now, new_build=True)
        self._started = True

    async def run_once(self) -> bool:
        """One batch; False where there is nothing to do."""
        async with self._pool.acquire() as conn, conn.transaction():
            moment = await self._clock.moment(conn)
            await in_force.calendars(conn, moment.now)
        return await self._batch_of(self._batch)

    async def _batch_of(self, n: int) -> bool:
        try:
            async with self._pool.acquire() as conn, conn.transaction():
                moment = await self._clock.moment(conn)
                job = await calendar_store.claim_recalculation(conn)
                if job is None:
                    return False
                done = await self._step(conn, job, moment, n)
                await calendar_store.save_recalculation(conn, done)
                failpoints.reach("recalculated")
        except PASSING:
            raise
        except Exception:
            if n > 1:
                return await self._batch_of(1)
            log.exception("recalculation_failed")
            return await self._skip()
        metrics.RECALCULATED.inc(done.folded - job.folded)
        self._relay.wake()
        if done.finished_at is not None:
            log.info("recalculated", code=done.code, version=done.version, folded=done.folded, failed=done.failed)
        return done != job

    async def _step(self, conn: Connection, job: Recalculation, moment: Moment, n: int) -> Recalculation:
        """Fold the next clocks; where there are none begin anew, or end."""
        keys, after = await self._keys(conn, job, n)
        if keys:
            done = replace(
                job, after=after, folded=job.folded + len(keys), folded_in_pass=job.folded_in_pass + len(keys)
            )
            counting = asyncio.create_task(self._count(sorted(set(keys)), moment))
            try:
                self._ahead = done, await _next(conn, done, n)
            finally:
                await counting
            return done
        again = replace(job, pass_=job.pass_ + 1, after=(None, "", ""), folded_in_pass=0)
        if job.folded_in_pass > job.failed and job.pass_ < MOST_PASSES:
            return again
        if not job.settled:
            return replace(again, pass_=job.pass_)
        if job.folded_in_pass > job.failed:
            log.error("recalculation_left", code=job.code, version=job.version, clocks=job.folded_in_pass)
        return replace(job, finished_at=max(moment.now, job.since))

    async def _keys(self, conn: Connection, job: Recalculation, n: int) -> tuple[list[Key], After]:
        """The next clocks: those that were looked up while the last ones were counted, if nothing else was done to the
        job. What has changed about them since is found under their locks; that there are none is never taken from
        then."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[1][0] and replace(ahead[0], settled=job.settled) == job and n > 1:
            return ahead[1]
        return await _next(conn, job, n)

    async def _count(self, keys: Sequence[Key], moment: Moment) -> None:
        """Count these matters again, several lanes at once, each chunk in transactions of its own: while one counts,
        the database writes another's. The job stays locked meanwhile, so no lane waits for anything but its own
        matters; what a lane has committed is found done after a crash."""
        size = max(min(self.CHUNK, -(-len(keys) // self.LANES)), 1)
        chunks = iter([keys[i : i + size] for i in range(0, len(keys), size)])
        tasks = [asyncio.create_task(self._lane(chunks, moment)) for _ in range(self.LANES)]
        try:
            await asyncio.gather(*tasks)
        finally:  # where one has failed the others end before the job is let go
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _lane(self, chunks: Iterator[Sequence[Key]], moment: Moment) -> None:
        """Plain clocks from their rows, then the matters that must be folded. All by the instant of the step, for which
        the calendars were looked up: a lane that moved those would wait for the job."""
        async with self._pool.acquire() as conn:
            for keys in chunks:
                async with conn.transaction():
                    left = await recount(conn, keys, moment, self._caught_up())
                if left:
                    async with conn.transaction():
                        await fact_store.lock_matters(conn, left)
                        await refold(conn, [(key, None) for key in left], moment, self._caught_up())

    async def _skip(self) -> bool:
        """Leave out one matter that cannot be folded: the others go on."""
        async with self._pool.acquire() as conn, conn.transaction():
            job = await calendar_store.claim_recalculation(conn)
            if job is None:
                return False
            keys, after = await _next(conn, job, 1)
            metrics.RECALCULATION_FAILURES.inc(len(keys))
            await calendar_store.save_recalculation(
                conn, replace(job, after=after, failed=job.failed + len(keys), folded_in_pass=job.folded_in_pass + 1)
            )
            return bool(keys)

    async def run(self, stopping: asyncio.Event) -> None:
        """Recalculate until stopped. A passing fault of the database is waited out."""
        loop = asyncio.get_running_loop()
        while not stopping.is_set():
            self.alive_at = begun = loop.time()
            try:
                if not self._started:
                    await self.start()
                busy = await self.run_once()
            except PASSING as error:
                log.warning("recalculation_retrying", error=type(error).__name__)
                busy = False
            rest = self.REST_IN_A_STORM if self._storm() else self.REST
            wait_s = min((loop.time() - begun) * rest, 5.0) if busy else self._poll_s
            stopped = asyncio.create_task(stopping.wait())
            await asyncio.wait({stopped}, timeout=wait_s)
            stopped.cancel()


async def _next(conn: Connection, job: Recalculation, n: int) -> tuple[list[Key], After]:
    """The next matters, one for each clock, and how far that comes: first those with an end, then, once and where there
    are more years than before, those that could not be counted."""
    late_from, authority, matter = job.after
    if late_from is not None or not authority:
        found = await calendar_store.select_clocks_to_recalculate(conn, job.code, job.version, job, job.after, n)
        if found:
            last, at = found[-1]
            return [key for key, _ in found], (at, *last)
        authority = matter = ""
    if not job.wider or job.pass_ > 1:
        return [], job.after
    keys = await calendar_store.select_uncountable(conn, (authority, matter), n)
    return keys, (None, *keys[-1]) if keys else job.after
