"""What batches of misses ask of the directory, kept from one to the next while it stays as it is.

Postgres is authoritative. Each fact about an authority's directory gives it another version in the fact's own
transaction, and whoever asks here holds the authority's lock: what was loaded under the version that they read is what
stands. A version that was rolled back is never given again. Kept is a span of time around what was asked for; what is
asked of another time is asked of Postgres.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from services.accountability import directory_store
from services.accountability.rules.directory import Directory, Unit
from shared.postgres import Connection

MARGIN = timedelta(days=31)
"""Kept around the instants asked for: the dues of the next batches lie there."""
MOST_ROWS = 60_000
"""About 25 MB; beyond it all is loaded anew."""
MOST_SAID = 20_000
"""Of what was said of units at their dues."""


@dataclass(frozen=True, slots=True)
class _Known:
    """Of one authority: its version (None: no fact yet), the span that was loaded, and of which units."""

    version: UUID | None
    since: datetime
    until: datetime
    units: set[Unit] = field(default_factory=set)


@dataclass(slots=True)
class _Kept:
    """A directory, and what it knows."""

    directory: Directory = field(default_factory=lambda: Directory(()))
    known: dict[str, _Known] = field(default_factory=dict)
    rows: int = 0


class Directories:
    """`of` answers for a batch whose transaction holds the locks of its authorities."""

    def __init__(self) -> None:
        self._kept = _Kept()

    async def of(self, conn: Connection, units: Iterable[Unit], at: Collection[datetime]) -> Directory:
        """As directory_store.directory_of; what is kept is not asked again."""
        wanted = set(units)
        if not wanted:
            return Directory(())
        authorities = {authority for authority, _ in wanted}
        versions = await directory_store.versions_of(conn, authorities)
        first, last = min(at), max(at)
        known = [(self._kept.known[a], versions.get(a)) for a in authorities if a in self._kept.known]
        if any(k.version != version or k.until < last for k, version in known) or self._kept.rows > MOST_ROWS:
            self._kept = _Kept()  # a batch that was given the former has it still
        elif any(first < k.since for k, _ in known):
            return await directory_store.directory_of(conn, wanted, at)
        kept = self._kept
        fresh = {a: _Known(versions.get(a), first - MARGIN, last + MARGIN) for a in authorities - kept.known.keys()}
        missing = {unit for unit in wanted if unit[0] in fresh or unit not in kept.known[unit[0]].units}
        if missing:
            spans = [fresh.get(a) or kept.known[a] for a in authorities]
            since, until = min(k.since for k in spans), max(k.until for k in spans)
            kept.rows += await directory_store.load(conn, kept.directory, missing, fresh, since, until)
            kept.known = fresh | kept.known
            for unit in missing:
                kept.known[unit[0]].units.add(unit)
        kept.directory.forget_said(MOST_SAID)
        return kept.directory
