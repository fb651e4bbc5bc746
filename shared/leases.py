"""Which relay sends which buckets (D14): one lease for each, with expiry and epoch, fairly shared among the relays that
live. Time is the database's, so that relays need not agree on theirs.
"""

from datetime import timedelta
from uuid import uuid4

from shared.events.catalog import PARTITIONS
from shared.postgres import Connection

_ALIVE = """
with gone as (delete from outbox_relays where seen_at < clock_timestamp() - $2::interval and holder <> $1),
me as (
    insert into outbox_relays values ($1, clock_timestamp())
    on conflict (holder) do update set seen_at = excluded.seen_at returning holder
)
select (select count(*) from me) + (
    select count(*) from outbox_relays where holder <> $1 and seen_at >= clock_timestamp() - $2::interval
)
"""
_RENEW = """
update outbox_leases set expires_at = clock_timestamp() + $2
where holder = $1 and expires_at >= clock_timestamp() returning bucket
"""
_TAKE = """
insert into outbox_leases as l (bucket, holder, epoch, expires_at)
select b, $1, 1, clock_timestamp() + $2 from generate_series(0, $3 - 1) b
where not exists (select from outbox_leases where bucket = b and expires_at >= clock_timestamp())
order by b limit $4
on conflict (bucket) do update set holder = excluded.holder, expires_at = excluded.expires_at, epoch = l.epoch + 1
where l.expires_at < clock_timestamp()
returning bucket
"""
_GIVE = "update outbox_leases set expires_at = '-infinity' where holder = $1 and bucket = any($2::int[])"
_LEAVE = """
with gone as (delete from outbox_relays where holder = $1)
update outbox_leases set expires_at = '-infinity' where holder = $1
"""


class Leases:
    """Those of one relay."""

    def __init__(self, lease_s: float) -> None:
        self._time = timedelta(seconds=lease_s)
        self._holder = uuid4().hex

    async def renew(self, conn: Connection) -> list[int]:
        """Renew what is held, give up what exceeds the share of one relay, take what is free up to it. Called between
        sends only, so that nothing of a bucket that is given up is on its way."""
        alive = await conn.fetchval(_ALIVE, self._holder, self._time)
        share = -(-PARTITIONS // alive)
        held = sorted(r["bucket"] for r in await conn.fetch(_RENEW, self._holder, self._time))
        if len(held) > share:
            await conn.execute(_GIVE, self._holder, held[share:])
            return held[:share]
        taken = await conn.fetch(_TAKE, self._holder, self._time, PARTITIONS, share - len(held))
        return sorted(held + [r["bucket"] for r in taken])

    async def leave(self, conn: Connection) -> None:
        """Give up all; others take them at once."""
        await conn.execute(_LEAVE, self._holder)
