"""The sweep: the only scheduler of the system. It claims alarms that have come and fires what the stored rows say, D12.

A replica sweeps only the partitions that it has read to their end: before that, the completion of what looks overdue
may stand unread, after an outage for instance, and somebody would be named for nothing. Any number of replicas sweep at
once: rows are claimed under the matters' locks, those held elsewhere are skipped. A fact that arrives meanwhile waits
for the lock and folds again: it finds what was fired, and takes it back if untrue.
"""

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import structlog

from services.deadline import fact_store, in_force, live_store, metrics, store
from services.deadline.handlers import CaughtUp, everywhere, refold
from services.deadline.publish import messages
from services.deadline.rules.change import fire
from services.deadline.rules.tally import tally
from services.deadline.watermark_store import feeds
from shared import failpoints, outbox
from shared.clock import Clock, moves
from shared.outbox import Relay
from shared.postgres import PASSING, Pool

PACE_S = 0.01
"""From the beginning of one batch to the next, while batches are not full: what comes meanwhile is fired together."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What one batch did, and when the next alarm is due."""

    fired: int
    folded: int
    now: datetime
    next_alarm: datetime | None


class Storm:
    """When more alarms have come than one batch fires. What can wait some seconds waits then, and afterwards for as
    long as it lasted: whoever acts on what was fired has about as much to do, perhaps on the same machine."""

    LONGEST_REST_S = 15.0

    def __init__(self) -> None:
        self._since: float | None = None
        self._rest_until = float("-inf")

    def goes_on(self, now: float) -> None:
        """A batch was full."""
        self._since = now if self._since is None else self._since

    def is_over(self, now: float) -> None:
        """A batch was not full, or could not be fired."""
        if self._since is not None:
            self._rest_until = now + min(now - self._since, self.LONGEST_REST_S)
            self._since = None

    def lasts(self, now: float) -> bool:
        """Whether what can wait should."""
        return self._since is not None or now < self._rest_until


class Sweep:
    """Batches of due alarms until there are none, then sleep until the next one or `poll_s`, whichever is sooner."""

    def __init__(
        self, pool: Pool, clock: Clock, relay: Relay, *, batch: int, poll_s: float, caught_up: CaughtUp = everywhere
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._relay = relay
        self._caught_up = caught_up
        self._batch = batch
        self._poll_s = poll_s
        self._woken = asyncio.Event()
        self.storm = Storm()
        self.alive_at = asyncio.get_running_loop().time()

    def wake(self) -> None:
        """Clocks have changed, or the time: look now instead of at the next poll."""
        self._woken.set()

    async def run_once(self) -> SweepResult:
        """One batch in one transaction."""
        begun = asyncio.get_running_loop().time()
        async with self._pool.acquire() as conn, conn.transaction():
            moment = await self._clock.moment(conn)
            read = self._caught_up()
            await in_force.calendars(
                conn, moment.now
            )  # what takes effect now holds its clocks back until they are folded
            keys = await fact_store.claim_matters_to_refold(conn, moment.now, self._batch)
            await refold(conn, [(key, None) for key in keys], moment, read)
            lanes = store.lanes(read.matters, read.cases)
            claimed = await store.claim_due_clocks(conn, lanes, moment.confirmed, moment.now, self._batch)
            if claimed:
                failpoints.reach("sweep.claimed")
            heard = await feeds(conn, {key[0] for key, _ in claimed})
            live = await live_store.live(conn, (row for _, row in claimed))
            saved, events, waited_for = [], [], []
            counts: Counter[str] = Counter()
            for key, row in claimed:
                fired, changes = fire(row, moment.confirmed, heard.of(key))
                saved.append((key, fired))
                tally(counts, row, fired)
                metrics.count(changes, fired, moment.now, "sweep")
                events += messages(key, fired, changes, moment, live)
                if fired.miss is not None and row.says.get("waited_for"):
                    waited_for.append((key, fired.part))
            await store.save_fired(conn, saved, moment.confirmed)
            await store.add_counts(conn, counts)
            await outbox.append(conn, events)
            await refold(conn, waited_for, moment, read)  # other clocks start with what these have become
            full = len(claimed) >= self._batch  # then there may be more that have come: nobody need look when
            upcoming = moment.confirmed if full else await store.next_alarm(conn)
            if claimed:
                failpoints.reach("sweep.fired")
        if claimed:
            failpoints.reach("sweep.committed")
        if claimed or keys:
            metrics.SWEEP_SECONDS.observe(asyncio.get_running_loop().time() - begun)
            metrics.SWEEP_CLOCKS.observe(len(claimed))
            metrics.FIRED.inc(len(claimed))
            self._relay.wake()
        return SweepResult(len(claimed), len(keys), moment.now, upcoming)

    async def run(self, stopping: asyncio.Event) -> None:
        """Sweep until stopped. A passing fault of the database is waited out; polling makes up for lost wake-ups."""
        while not stopping.is_set():
            try:
                async with self._pool.acquire() as conn, moves(conn, self.wake):
                    await self._sweep(stopping)
            except PASSING as error:
                self.storm.is_over(asyncio.get_running_loop().time())
                log.warning("sweep_retrying", error=type(error).__name__)
                self.alive_at = asyncio.get_running_loop().time()
                await asyncio.sleep(self._poll_s)

    async def _sweep(self, stopping: asyncio.Event) -> None:
        stopped = asyncio.create_task(stopping.wait())
        stopped.add_done_callback(lambda _: self.wake())
        try:
            while not stopping.is_set():
                self._woken.clear()
                self.alive_at = begun = asyncio.get_running_loop().time()
                result = await self.run_once()
                now = asyncio.get_running_loop().time()
                if result.fired >= self._batch:
                    self.storm.goes_on(now)
                else:
                    self.storm.is_over(now)
                if result.fired >= self._batch or result.folded:
                    continue
                await asyncio.sleep(max(PACE_S - (now - begun), 0))
                wait_s = self._poll_s
                # An alarm that has come and was not ours to fire is held elsewhere or not confirmed: no hurry.
                if result.next_alarm is not None and result.next_alarm > result.now:
                    wait_s = min(wait_s, (result.next_alarm - result.now).total_seconds())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(begun + wait_s):
                        await self._woken.wait()
        finally:
            stopped.cancel()
