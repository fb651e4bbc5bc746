"""Which relay sends which buckets (D14): one lease for each, with expiry and epoch, fairly shared among the relays that
live. Time is the database's, so that relays need not agree on theirs.

That clock may be set back. What was written before is then ahead of it, and whoever died meanwhile would hold its
buckets for as long. Who lives writes anew within a moment: what is still further ahead a lease later is a dead one's.
"""

import asyncio
from datetime import timedelta
from uuid import uuid4

from shared.events.catalog import PARTITIONS
from shared.postgres import Connection

_ALIVE = """
with gone as (
    delete from outbox_relays where holder <> $1
    and not seen_at between clock_timestamp() - $2::interval and clock_timestamp() + $3::interval
),
me as (
    insert into outbox_relays values ($1, clock_timestamp())
    on conflict (holder) do update set seen_at = excluded.seen_at returning holder
)
select (select count(*) from me) + (
    select count(*) from outbox_relays where holder <> $1
    and seen_at between clock_timestamp() - $2::interval and clock_timestamp() + $3::interval
)
"""
_RENEW = """
update outbox_leases set expires_at = clock_timestamp() + $2
where holder = $1 and expires_at >= clock_timestamp() returning bucket
"""
_TAKE = """
insert into outbox_leases as l (bucket, holder, epoch, expires_at)
select b, $1, 1, clock_timestamp() + $2 from generate_series(0, $3 - 1) b
where not exists (
    select from outbox_leases where bucket = b and expires_at between clock_timestamp() and clock_timestamp() + $2 + $5
)
order by b limit $4
on conflict (bucket) do update set holder = excluded.holder, expires_at = excluded.expires_at, epoch = l.epoch + 1
where not l.expires_at between clock_timestamp() and clock_timestamp() + $2 + $5
returning bucket
"""
_GIVE = "update outbox_leases set expires_at = '-infinity' where holder = $1 and bucket = any($2::int[])"
_LEAVE = """
with gone as (delete from outbox_relays where holder = $1)
update outbox_leases set expires_at = '-infinity' where holder = $1
"""


_AHEAD = """
select exists (select from outbox_leases where expires_at > clock_timestamp() + $1 + $2)
or exists (select from outbox_relays where seen_at > clock_timestamp() + $2)
"""
SET_BACK, NEVER = timedelta(minutes=1), timedelta(days=36500)
"""So much further ahead than a lease of our own, for replicas with longer ones, is from before a clock was set back."""


class Leases:
    """Those of one relay."""

    def __init__(self, lease_s: float) -> None:
        self._time = timedelta(seconds=lease_s)
        self._holder = uuid4().hex
        self._ahead_since: float | None = None

    async def renew(self, conn: Connection) -> list[int]:
        """Renew what is held, give up what exceeds the share of one relay, take what is free up to it. Called between
        sends only, so that nothing of a bucket that is given up is on its way."""
        believed = await self._believed(conn)
        alive = await conn.fetchval(_ALIVE, self._holder, self._time, believed)
        share = -(-PARTITIONS // alive)
        held = sorted(r["bucket"] for r in await conn.fetch(_RENEW, self._holder, self._time))
        if len(held) > share:
            await conn.execute(_GIVE, self._holder, held[share:])
            return held[:share]
        taken = await conn.fetch(_TAKE, self._holder, self._time, PARTITIONS, share - len(held), believed)
        return sorted(held + [r["bucket"] for r in taken])

    async def _believed(self, conn: Connection) -> timedelta:
        """How far ahead of the clock a time may be and still count."""
        if not await conn.fetchval(_AHEAD, self._time, SET_BACK):
            self._ahead_since = None
            return NEVER
        now = asyncio.get_running_loop().time()
        self._ahead_since = now if self._ahead_since is None else self._ahead_since
        return SET_BACK if now - self._ahead_since >= self._time.total_seconds() else NEVER

    async def leave(self, conn: Connection) -> None:
        """Give up all; others take them at once."""
        await conn.execute(_LEAVE, self._holder)
