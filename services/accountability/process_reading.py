"""Reads a proceeding with all that is kept of it, for those who read its case."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from services.accountability import process_store
from services.accountability.process import edition_of
from services.accountability.process_text import proceeding_of
from services.accountability.record import texts
from services.accountability.rules.ladder import Rulebook
from services.accountability.rules.model import Case
from services.accountability.rules.process_clocks import day_of, months_before
from shared.postgres import Connection


async def told(conn: Connection, case: Case, rulebook: Rulebook, now: datetime, reader: str | None) -> dict[str, Any]:
    """The proceeding of a case as JSON. `reader` is an official, who sees less; None: sees all."""
    proceeding = (await process_store.proceedings_of(conn, [case.key])).get(case.key)
    edition = edition_of(rulebook, proceeding, case, now)
    steps = await process_store.steps_of(conn, case.key)
    written = await texts.read(conn, {id for row in steps for id in row["texts"]})
    earlier: dict[str, int] = {}
    if edition is not None and (proceeding is None or proceeding.noticed_at is None):
        people = {named.person for named in case.proposal if named.person is not None}
        first = months_before(day_of(now, case.zone), edition.repetition_months)
        since = datetime.combine(first, time(), ZoneInfo(case.zone))
        earlier = await process_store.earlier_measures(conn, case.key, people, since, now)
    return proceeding_of(proceeding, case, edition, steps, written, earlier, reader)
