"""Issues cards after the cases. A batch of `deadline-events` only leaves what was said (told_words); this loop folds it
into cards, in transactions of its own, so that a case does not wait for the cards of its limit.

Exactly once: the transaction that writes cards takes the words away. One at a time: an advisory lock that ends with the
transaction. The order in which words are worked off makes no difference (rules/cards.py). While a storm is consumed it
rests, for a minute at most. What cannot be folded is set aside alone, as a dead letter would be; everything else goes
on.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import structlog

from services.accountability import cards, ledger, metrics, store, told_store
from services.accountability.rules.cards import Word
from shared import failpoints
from shared.clock import Clock
from shared.errors import without_values
from shared.postgres import PASSING, Connection, Pool, is_environmental

MANY = 1000
"""Words of one transaction, about."""
BUSY = 100
"""Words of one batch: where so many come at once there are more behind them."""
LULL_S, LONGEST_REST_S = 2.0, 60.0
PACE_S = 0.25
"""From one transaction to the next, where few words come: those of meanwhile are folded together."""
POLL_S = 1.0
ATTEMPTS = 5
log = structlog.get_logger()


async def work_off(conn: Connection, editions: cards.Editions, clock: Clock, most: int = MANY) -> list[Word]:
    """Make cards of the oldest words, in the caller's transaction; those words. None where nothing waits, or somebody
    else is at it."""
    if not await told_store.lock(conn):
        return []
    words = await told_store.take(conn, most)
    if words:
        failpoints.reach("cards.taken")
        now = (await clock.moment(conn)).now
        await store.ask_by_index(conn)
        changes = await cards.of_limits(conn, words, editions, now)
        await ledger.record_cards(conn, changes)
        await cards.of_persons(conn, changes, editions, now)
        failpoints.reach("cards.issued")
    return words


class Issuer:
    """`hurry`: rests at no storm and keeps no pace, for a simulated clock."""

    def __init__(
        self, pool: Pool, clock: Clock, editions: cards.Editions, *, committed: Callable[[], None], hurry: bool
    ) -> None:
        self._pool, self._clock, self._editions, self._committed, self._hurry = pool, clock, editions, committed, hurry
        self._now = asyncio.get_running_loop().time
        self._woken = asyncio.Event()
        self._rests_since: float | None = None
        self._busy_at = float("-inf")
        self._many = False
        self._most, self._failures = MANY, 0
        self.alive_at = self._now()

    def heard(self, words: int) -> None:
        """A batch with so many words is being consumed."""
        self._many = words >= BUSY
        if self._many:
            self._busy_at = self._now()

    def hear(self) -> None:
        """A batch was committed. Passed on to whom the issuer tells of its own commits."""
        if self._many:
            self._busy_at = self._now()
        self._woken.set()
        self._committed()

    def rests(self) -> bool:
        """Whether a storm is consumed."""
        now = self._now()
        if self._hurry or now - self._busy_at > LULL_S:
            self._rests_since = None
            return False
        self._rests_since = now if self._rests_since is None else self._rests_since
        return now - self._rests_since < LONGEST_REST_S

    async def run_once(self) -> int:
        """One transaction; how many words it was about."""
        try:
            async with self._pool.acquire() as conn, conn.transaction():
                words = await work_off(conn, self._editions, self._clock, self._most)
        except PASSING:
            raise
        except Exception as error:
            if is_environmental(error):
                raise
            return await self._one_by_one(error)
        self._failures = 0
        if words:
            self._committed()
        else:
            self._most = MANY
        return len(words)

    async def _one_by_one(self, error: Exception) -> int:
        """From now on a row at a time; a row that still fails is taken apart, one limit that still fails set aside."""
        self._failures += 1
        log.error("cards_failed", attempt=self._failures, **without_values(error))
        if self._most > 1 or self._failures < ATTEMPTS:
            self._most = 1
            return 1
        self._failures = 0
        async with self._pool.acquire() as conn, conn.transaction():
            words = await told_store.take(conn, 1) if await told_store.lock(conn) else []
            limits = _by_limit(words)
            for said in limits:
                if len(limits) > 1:
                    await told_store.leave(conn, said)
                else:
                    await told_store.set_aside(conn, said, type(error).__name__)
                    log.error("words_set_aside", limit=str(said[0].limit.id), reason=type(error).__name__)
        return len(words)

    async def run(self, stopping: asyncio.Event) -> None:
        """Work off until stopped. A passing fault of the database is waited out; polling makes up for lost wake-ups."""
        stopped = asyncio.create_task(stopping.wait())
        stopped.add_done_callback(lambda _: self._woken.set())
        try:
            while not stopping.is_set():
                self._woken.clear()
                self.alive_at = self._now()
                done = 0
                try:
                    done = 0 if self.rests() else await self.run_once()
                except PASSING as error:
                    log.warning("issuer_retrying", error=type(error).__name__)
                if self._failures:
                    await asyncio.sleep(0.05 * 2**self._failures)
                elif done == 0:
                    await self._wait()
                elif done < MANY and not self._hurry:
                    await asyncio.sleep(PACE_S)
        finally:
            stopped.cancel()

    async def _wait(self) -> None:
        """Until words are there, as far as we know; of a storm a batch is no reason to look."""
        if self._rests_since is not None:
            await asyncio.sleep(PACE_S)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await self._woken.wait()


async def waiting(conn: Connection) -> None:
    """Shows operators what is in no card yet."""
    age_s, aside = await told_store.waiting(conn)
    metrics.WORDS_AGE.set(age_s)
    metrics.WORDS_ASIDE.set(aside)


def _by_limit(words: Sequence[Word]) -> list[list[Word]]:
    found: dict[object, list[Word]] = {}
    for word in words:
        found.setdefault(word.limit.id, []).append(word)
    return list(found.values())
