"""A replay into services that run already: imported unless told otherwise, refusals counted, and harmless again."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from services.cli.config import Settings
from services.cli.migrate import migrate_all
from services.cli.providers import Infrastructure
from services.cli.replay.items import catalogue_files
from services.cli.replay.run import Wanted, replay
from services.cli.replay.target import CannotReplay, refuse_impossible_time
from services.cli.stack import start_stack
from services.cli.story.expected import requests
from tests.acceptance.test_replay_doj import Silent

DEMO = Path(__file__).resolve().parents[2] / "deploy" / "demo"
LOG, MAPPING = DEMO / "doj_foia.jsonl", DEMO / "doj_foia.yaml"
COUNT = 17
AS_OF = datetime.fromisoformat("2013-12-19T00:00:00-05:00")
UNKNOWN_ITEM = "item: {first_of: [item, {constant: foia-request}]}"


@pytest.fixture
async def running(infrastructure: Infrastructure, database: str, tmp_path: Path) -> AsyncIterator[Settings]:
    """Services of somebody else's, on a simulated clock."""
    prefix = f"{urlsplit(database).path[1:]}-"
    own = replace(infrastructure, postgres=database)
    catalogues = catalogue_files(MAPPING, tmp_path)
    async with start_stack(own, clock="simulated", prefix=prefix, start=AS_OF, catalogues=catalogues):
        yield Settings(kafka=infrastructure.kafka, postgres=database, topic_prefix=prefix)


async def test_a_replay_into_running_services(running: Settings, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in LOG.read_text().splitlines()[:COUNT]]
    log = tmp_path / "log.jsonl"
    log.write_text("\n".join(map(json.dumps, [{**lines[0], "item": "nothing we know"}, *lines[1:]])))
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING.read_text().replace("item: {constant: foia-request}", UNKNOWN_ITEM))
    wanted = Wanted([log], mapping, AS_OF, tmp_path / "report.csv")
    first = await replay(wanted, running, Silent())
    assert (first.refused.total, list(first.refused.reasons)) == (1, ["unknown-item"])
    assert first.refused.first[0].startswith("DOJ-2012-000023/received: /data/item: ")
    assert first.after_as_of == COUNT, "all were closed in 2017"
    overdue = sum(request.due < AS_OF.date() for request in requests(LOG)[1:COUNT])
    assert first.totals.outcomes == {"overdue": overdue, "open": COUNT - 1 - overdue}
    assert (first.totals.cases, first.standing) == (overdue, overdue)
    report = wanted.report.read_bytes()
    conn = await asyncpg.connect(running.postgres)
    assert await conn.fetchval("select array_agg(distinct origin) from accountability.cases") == ["import"]
    assert await conn.fetchval("select count(*) from notification.notices where state = 'sent'") == 0
    await conn.close()
    again = await replay(replace(wanted, shuffle=3), running, Silent())
    assert wanted.report.read_bytes() == report
    assert again.refused.total == 1, "refused again, as it should be"
    with pytest.raises(CannotReplay, match="after --as-of; it never goes back"):
        await replay(replace(wanted, as_of=AS_OF - timedelta(days=1)), running, Silent())


async def test_the_wall_clock_cannot_be_moved(database: str) -> None:
    await migrate_all(database)
    conn = await asyncpg.connect(database)
    now: datetime = await conn.fetchval("select clock_timestamp()")
    await refuse_impossible_time(conn, now, follow=False)
    with pytest.raises(CannotReplay, match="wall clock"):
        await refuse_impossible_time(conn, now, follow=True)
    with pytest.raises(CannotReplay, match="--as-of lies ahead"):
        await refuse_impossible_time(conn, now + timedelta(days=1), follow=False)
    await conn.close()
