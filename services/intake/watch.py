"""Remembers when each source was last heard, and tells operators who has fallen silent. It refuses and decides nothing
about a submission.
"""

from collections.abc import Iterable
from datetime import datetime

import structlog

from services.intake import metrics, store
from services.intake.handlers import Hearing
from services.intake.rules.silence import Patience, hear, judge
from shared.clock import Clock
from shared.postgres import Connection
from shared.watch import Measure

log = structlog.get_logger()


def sources(clock: Clock, hearing: Hearing, patience: Patience) -> Measure:
    """Keeps what was heard since the last time, in one statement for all; then counts the silent."""
    silent: set[str] = set()

    async def measure(conn: Connection) -> None:
        await remember(conn, hearing.take())
        now = (await clock.moment(conn)).now
        found = await store.quiet_sources(conn, now - patience.at_least)
        names = {heard.source for heard in found if judge(heard, now, patience) == "silent"}
        _tell(names - silent, silent - names)
        silent.clear()
        silent.update(names)
        metrics.SILENT_SOURCES.set(len(silent))

    return measure


async def remember(conn: Connection, heard: dict[str, datetime]) -> None:
    """Sources in ascending order, so that two replicas never wait for each other."""
    if not heard:
        return
    known = {each.source: each for each in await store.lock_sources(conn, sorted(heard))}
    await store.save_sources(conn, [hear(known.get(name), name, heard[name]) for name in sorted(heard)])


def _tell(fallen: Iterable[str], risen: Iterable[str]) -> None:
    for name in sorted(fallen):
        log.warning("source_silent", source=name)
    for name in sorted(risen):
        log.info("source_not_silent", source=name)
