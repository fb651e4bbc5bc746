"""Sends webhook deliveries: claim, record the attempt, commit; call; record what came of it, commit.

The deliveries table is authoritative. A sender that dies between the call and the record leaves an attempt without an
outcome: when its lease runs out the attempt ends as `unknown` and the delivery is sent again under the same webhook-id,
by which the receiver knows it. Leases and delays are on the database's clock; business time only dates the event that
says how a delivery ended.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from services.notification import metrics, store
from services.notification.calling import Caller
from services.notification.channels.webhook import ended
from services.notification.publish import publish
from services.notification.rules.webhooks import GONE, Answer, Policy, delay, judge
from services.notification.store import Delivery, Result
from shared.clock import Clock
from shared.postgres import PASSING, Pool

EACH = 20
"""Deliveries of one subscription in a round: a slow receiver does not hold up the others for long."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    called: int
    ended: int


class Sender:
    """Any number of replicas; `run_once` is one round, `run` the loop around it."""

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        caller: Caller,
        policy: Policy,
        *,
        committed: Callable[[], None],
        batch: int,
        poll_s: float,
        lease: timedelta,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._caller = caller
        self._policy = policy
        self._committed = committed
        self._batch = batch
        self._poll_s = poll_s
        self._lease = lease
        self._jitter = jitter
        self._woken = asyncio.Event()
        self.alive_at = asyncio.get_running_loop().time()

    def wake(self) -> None:
        """Deliveries were committed: look now instead of at the next poll."""
        self._woken.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until stopped; a broken database is waited for. The round in hand is finished."""
        stopped = asyncio.ensure_future(stopping.wait())
        stopped.add_done_callback(lambda _: self.wake())
        try:
            async with self._caller:
                while not stopping.is_set():
                    self._woken.clear()
                    self.alive_at = asyncio.get_running_loop().time()
                    try:
                        if (await self.run_once()).called:
                            continue
                    except PASSING as error:
                        log.warning("sender_retrying", error=type(error).__name__)
                    await self._wait()
        finally:
            stopped.cancel()

    async def run_once(self) -> Round:
        """One round over what is due."""
        async with self._pool.acquire() as conn, conn.transaction():
            claimed = await store.claim_deliveries(conn, each=EACH, limit=self._batch, lease=self._lease)
        if not claimed:
            return Round(0, 0)
        answers = await asyncio.gather(
            *(self._caller.call(c.url, c.secret, c.id, c.started_at, c.body) for c in claimed)
        )
        results = [
            Result(c, answer, judge(answer, c.number, self._policy, self._jitter()))
            for c, answer in zip(claimed, answers, strict=True)
        ]
        return Round(len(claimed), len(await self._record(results)))

    async def _record(self, results: Sequence[Result]) -> Sequence[Delivery]:
        gone = sorted({r.claimed.subscription for r in results if r.answer.outcome == "gone"})
        async with self._pool.acquire() as conn, conn.transaction():
            now = (await self._clock.moment(conn)).now
            done = [d for d in await store.settle_deliveries(conn, results) if d.state != "pending"]
            await store.note_failures(conn, self._failures(results))
            if gone:
                await store.end_subscriptions(conn, gone, "disabled", now)
                done += await store.fail_pending_deliveries(conn, gone, GONE)
            await publish(conn, [ended(d) for d in done], now)
        for result in results:
            metrics.ATTEMPTS.labels(result.answer.outcome).inc()
        for delivery in done:
            metrics.count("webhook", delivery.kind, delivery.state)
        self._committed()
        return done

    def _failures(self, results: Sequence[Result]) -> Mapping[str, tuple[int, float]]:
        """A receiver of whom no call of the round succeeded is left alone for a while, but for a probe."""
        by: dict[str, list[Result]] = {}
        for result in results:
            by.setdefault(result.claimed.subscription, []).append(result)
        found = {}
        for subscription, members in by.items():
            failed = 0 if any(_alive(r.answer) for r in members) else members[0].claimed.failures + 1
            found[subscription] = failed, delay(failed, self._policy, self._jitter()) if failed else 0.0
        return found

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._poll_s):
                await self._woken.wait()
        except TimeoutError:
            return


def _alive(answer: Answer) -> bool:
    return answer.outcome in ("sent", "gone")
